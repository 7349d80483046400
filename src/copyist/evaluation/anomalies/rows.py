"""Rows of tables before a detector: read, judged, and each with the columns that make it strange."""

__all__ = ["JudgedRows", "judge_rows"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import final

import torch
from torch import Tensor

from copyist.baselines.rivals import Rival
from copyist.data import open_table, parse_source
from copyist.data.labels import ClassLabels
from copyist.data.learned_columns import find_name
from copyist.detection import Detector, Findings
from copyist.evaluation.anomalies.report import ColumnShare
from copyist.files.table_files import TableFile
from copyist.tensors import PerImage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedRows:
    """The rows of all tables, in their order."""

    findings: Findings
    """Of B rows; a row is named by its file and its number in it, from 0: `days.csv#17`."""

    columns: tuple[str, ...]
    """D, those that the detector sees."""

    shares: Tensor | None
    """(B, D), the share of each column in its row's anomaly, which add up to 1; None where the measure cannot tell."""

    kinds: tuple[str, ...]
    """The label of each row, by `?label=` or from beside the table; empty where there is none."""

    cell: Callable[[int, int], str]
    """What stands in a row and a column."""

    others: dict[str, PerImage]
    """(B,) of each simple detector beside it."""

    def strangest_columns(self, row: int, *, most: int) -> tuple[ColumnShare, ...]:
        """The columns with the largest shares in a row, the largest first."""
        if self.shares is None:
            return ()
        largest = self.shares[row].topk(min(most, len(self.columns)))
        return tuple(
            ColumnShare(name=self.columns[place], share=share, value=self.cell(row, place))
            for share, place in zip(largest.values.tolist(), largest.indices.tolist(), strict=True)
        )


def judge_rows(
    detector: Detector,
    inputs: Sequence[str],
    *,
    batch_size: int | None = None,
    others: Mapping[str, Rival] | None = None,
    say: Callable[[str], None],
) -> JudgedRows:
    """Judge every row of tables.

    Args:
        detector: of tables.
        inputs: files; `?label=` names the column of labels.
        batch_size: rows at once; None takes the model's own.
        others: simple detectors that judge the same rows.
        say: takes notices, each one sentence.

    Raises:
        DataError, UnknownNameError, ArgumentError: as `open_table`.
        ShapeError: a table has not the columns of the training.
    """
    model = detector.model
    tables = [open_table(text, columns=model.trained_on.columns, say=say) for text in inputs]
    for table in tables:
        model.check_batch(table.x)
        model.check_columns(table.columns)
    names = [f"{table.name}#{row}" for table in tables for row in range(len(table.x))]
    x = torch.cat([table.x for table in tables]).to(next(model.parameters()).device)
    findings = detector(x, names=names, parts=True, batch_size=batch_size)
    return JudgedRows(
        findings=findings,
        columns=tables[0].columns,
        shares=None if findings.parts is None else _shares(findings.parts),
        kinds=tuple(kind for text, table in zip(inputs, tables, strict=True) for kind in _kinds(text, table)),
        cell=_cells(tables),
        others={name: rival.anomaly(x).float().cpu() for name, rival in (others or {}).items()},
    )


def _shares(parts: Tensor) -> Tensor:
    whole = parts.double().nan_to_num(posinf=torch.finfo(torch.float32).max)
    return whole / whole.sum(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)


def _kinds(text: str, table: TableFile) -> Sequence[str]:
    """The labels of a table's rows."""
    source, stored = parse_source(text), table.stored
    if source.label is not None:
        column = stored.columns[find_name(source.label, stored, f"label= of {source.place}")]
    elif stored.labels is not None:
        column = stored.labels
    else:
        return [""] * len(table.x)
    labels = ClassLabels.of(column, what=f"labels of {PurePath(source.place).name}")
    return [labels.names[number] for number in labels.numbers.tolist()]


def _cells(tables: Sequence[TableFile]) -> Callable[[int, int], str]:
    starts = [0]
    for table in tables:
        starts.append(starts[-1] + len(table.x))

    def cell(row: int, place: int) -> str:
        which = max(index for index, start in enumerate(starts[:-1]) if start <= row)
        table = tables[which]
        value = table.stored.columns[table.columns[place]][row - starts[which]]
        return f"{value:.6g}" if isinstance(value, float) else str(value)

    return cell
