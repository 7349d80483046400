"""The record of a run: rows as CSV, TensorBoard events where that is installed, and the observers of a run."""

__all__ = ["Events", "HistoryRow", "NullObserver", "Observer", "kept_row", "read_history", "write_history"]

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, final

from copyist.errors import DataError
from copyist.outputs import write_text


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One row of the history: the steps since the row before."""

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


def kept_row(rows: Sequence[HistoryRow], *, best: bool) -> HistoryRow | None:
    """The row of the weights that a run keeps: the first with the lowest held-out loss, or else the last row.

    Args:
        rows: of the run.
        best: whether it keeps the best weights.

    Returns:
        None where there is no such row yet.
    """
    looked_at = [(row.validation_loss, row) for row in rows if row.validation_loss is not None]
    if best:
        return min(looked_at, key=lambda each: each[0])[1] if looked_at else None
    return rows[-1] if rows else None


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


@final
class Events:
    """Rows of the history as TensorBoard scalars, where TensorBoard is installed."""

    def __init__(self, folder: Path | None, *, after: int) -> None:
        """Go on after step `after`: events of later steps, left by a run that was killed, no longer count.

        Without a folder nothing is written.
        """
        self._writer: Any = None
        self.missing = False
        """Whether nothing is written because TensorBoard is not installed."""
        if folder is None:
            return
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError:
            self.missing = True
            return
        self._writer = SummaryWriter(str(folder), purge_step=after + 1)

    def add(self, row: HistoryRow) -> None:
        """Write one row."""
        if self._writer is None:
            return
        self._writer.add_scalar("loss/training", row.loss, row.step)
        self._writer.add_scalar("learning_rate", row.learning_rate, row.step)
        if row.validation_loss is not None:
            self._writer.add_scalar("loss/validation", row.validation_loss, row.step)
        for name, value in row.measures.items():
            self._writer.add_scalar(f"measures/{name}", value, row.step)

    def close(self) -> None:
        """Flush to disk."""
        if self._writer is not None:
            self._writer.close()


class Observer(Protocol):
    """Follows a run: each method is called when what it names happens, and does nothing unless it is written."""

    def report_reading(self, done: int, total: int) -> None:
        """So many of all files of the source are decoded."""

    def begin_phase(self, name: str) -> None:
        """What is trained next, of a run that trains its layers one by one and then together."""

    def begin_steps(self, *, step: int, steps: int) -> None:
        """The run begins, or goes on, after `step` of `steps` steps."""

    def finish_step(self, *, step: int, loss: float | None) -> None:
        """`step` steps are taken; the loss is the last one recorded."""

    def notify(self, sentence: str) -> None:
        """Something happened that the user should know."""


@final
class NullObserver(Observer):
    """Does nothing."""
