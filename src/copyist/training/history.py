"""The record of a run: rows on disk as CSV, and as TensorBoard events where TensorBoard is installed."""

__all__ = ["HistoryRow", "read_history", "write_history"]

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from copyist.errors import DataError
from copyist.outputs import write_text


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """What happened since the row before."""

    step: int
    """Steps taken."""

    loss: float
    """Mean training loss over the steps since the row before."""

    validation_loss: float | None
    """Loss on held-out images, where it was looked at."""

    learning_rate: float
    """Of the last of these steps."""

    seconds: float
    """Time in training so far, resumed parts together."""

    measures: dict[str, float] = field(default_factory=dict[str, float])
    """What else the objective measured on held-out images, by name, where they were looked at."""


_COLUMNS = tuple(each.name for each in fields(HistoryRow) if each.name != "measures")


def write_history(path: Path, rows: Sequence[HistoryRow]) -> None:
    """Write all rows as CSV, whole or not at all: a column per field, and one per measure.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    text = io.StringIO()
    measured = list(dict.fromkeys(name for row in rows for name in row.measures))
    writer = csv.DictWriter(text, [*_COLUMNS, *measured], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: getattr(row, name) for name in _COLUMNS} | row.measures)
    write_text(path, text.getvalue())


def read_history(path: Path) -> list[HistoryRow]:
    """Read what `write_history` wrote.

    Raises:
        DataError: the file is missing or no history.
    """
    try:
        with path.open(newline="") as file:
            return [
                HistoryRow(
                    step=int(row["step"]),
                    loss=float(row["loss"]),
                    validation_loss=float(row["validation_loss"]) if row["validation_loss"] else None,
                    learning_rate=float(row["learning_rate"]),
                    seconds=float(row["seconds"]),
                    measures={name: float(value) for name, value in row.items() if name not in _COLUMNS and value},
                )
                for row in csv.DictReader(file)
            ]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no training history ({error}); train again with --force") from error
