"""Rows of tables before a detector: read, judged, and each with the columns that make it strange."""

__all__ = ["JudgedRows", "judge_rows"]

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, final

import torch
from torch import Tensor

from copyist.data import open_table, parse_source
from copyist.data.labels import ClassLabels
from copyist.data.table_sets import class_labels
from copyist.detection import Detector, Findings
from copyist.errors import ArgumentError
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.report_parts import ColumnShare
from copyist.tensors import PerImage, Rows

_LONG = 9
"""Letters of a cell that are shown in any case."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedRows:
    """The rows of all tables, in their order."""

    findings: Findings
    """Of B rows; a row is named by its file and its number in it, from 0: `days.csv#17`."""

    columns: tuple[str, ...]
    """C, those of the table that count."""

    shares: Tensor | None
    """(B, C), the share of each column in its row's anomaly, which add up to 1; None where the measure cannot tell."""

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
            ColumnShare(name=self.columns[place], share=share, value=_short(self.cell(row, place)))
            for share, place in zip(largest.values.tolist(), largest.indices.tolist(), strict=True)
        )


def judge_rows(
    detector: Detector,
    inputs: Sequence[str],
    *,
    batch_size: int | None = None,
    others: SimpleDetectors | None = None,
    ignore_extra: bool = False,
    say: Callable[[str], None],
) -> JudgedRows:
    """Judge every row of tables.

    Args:
        detector: of tables.
        inputs: files; `?label=` names the column of labels.
        batch_size: rows at once; None takes the model's own.
        others: simple detectors that judge the same rows.
        ignore_extra: whether columns that the detector was not fitted on are left out; they are refused otherwise.
        say: takes notices, each one sentence.

    Raises:
        DataError, UnknownNameError, ArgumentError: as `TableEncoding.encode`, or two tables have one name.
        ShapeError: a table has not the columns of the training.
    """
    tables = [_open(detector, text, ignore_extra=ignore_extra, say=say) for text in inputs]
    twice = next((name for name, count in Counter(table.name for table in tables).items() if count > 1), None)
    if twice is not None:
        raise ArgumentError(f"tables must have names of their own, got {twice} twice; rename one")
    names = [f"{table.name}#{row}" for table in tables for row in range(len(table.x))]
    x = torch.cat([table.x for table in tables]).to(next(detector.model.parameters()).device)
    size = batch_size or detector.model.batch_size
    findings = detector(x, names=names, parts=True, batch_size=batch_size)
    found = [table.departures for table in tables if table.departures is not None]
    departures = torch.cat(found) if found else None
    if departures is not None:
        findings = detector.with_departures(findings, departures)
    return JudgedRows(
        findings=findings,
        columns=detector.columns,
        shares=None if findings.parts is None else _shares(findings.parts),
        kinds=tuple(kind for table in tables for kind in table.kinds),
        cell=_cells(tables),
        others={} if others is None else others.anomalies(x, departures, batch_size=size),
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _OpenedTable:
    """One table, as the detector takes it."""

    name: str
    x: Rows
    kinds: Sequence[str]
    cell: Callable[[int, int], str]
    departures: Tensor | None = None


def _open(detector: Detector, text: str, *, ignore_extra: bool, say: Callable[[str], None]) -> _OpenedTable:
    if detector.encoding is not None:
        encoded = detector.encoding.encode(text, ignore_extra=ignore_extra, say=say)
        columns = encoded.columns
        return _OpenedTable(
            name=PurePath(parse_source(text).place).name,
            x=encoded.rows,
            departures=encoded.departures,
            kinds=_kinds(encoded.labels, len(encoded.rows)),
            cell=lambda row, place: columns[place].cell(row),
        )
    table = open_table(text, columns=detector.model.trained_on.columns, say=say)
    detector.model.check_batch(table.x)
    detector.model.check_columns(table.columns)
    return _OpenedTable(
        name=table.name,
        x=table.x,
        kinds=_kinds(class_labels(table.stored, parse_source(text)), len(table.x)),
        cell=lambda row, place: _text(table.stored.columns[table.columns[place]][row]),
    )


def _shares(parts: Tensor) -> Tensor:
    whole = parts.double().nan_to_num(posinf=torch.finfo(torch.float32).max)
    return whole / whole.sum(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)


def _kinds(labels: ClassLabels | None, count: int) -> Sequence[str]:
    """The labels of a table's rows, empty where there are none."""
    return [""] * count if labels is None else [labels.names[number] for number in labels.numbers.tolist()]


def _cells(tables: Sequence[_OpenedTable]) -> Callable[[int, int], str]:
    starts = [0]
    for table in tables:
        starts.append(starts[-1] + len(table.x))

    def cell(row: int, place: int) -> str:
        which = max(index for index, start in enumerate(starts[:-1]) if start <= row)
        return tables[which].cell(row - starts[which], place)

    return cell


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _short(cell: str) -> str:
    """A cell in a few letters: of a long number six digits."""
    if len(cell) <= _LONG:
        return cell
    try:
        return f"{float(cell):.6g}"
    except ValueError:
        return cell if len(cell) <= 4 * _LONG else f"{cell[: 4 * _LONG]}…"
