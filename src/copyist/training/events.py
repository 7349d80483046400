"""TensorBoard events, where TensorBoard is installed."""

__all__ = ["Events"]

from pathlib import Path
from typing import Any

from copyist.training.history import HistoryRow


class Events:
    """Writes rows of the history as scalars; without TensorBoard it writes nothing and says so."""

    def __init__(self, folder: Path, *, after: int) -> None:
        """Go on after step `after`: events of later steps, left by a run that was killed, no longer count."""
        self._writer: Any = None
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder), purge_step=after + 1)

    @property
    def written(self) -> bool:
        """Whether there is a writer."""
        return self._writer is not None

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
