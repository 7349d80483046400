"""Where a run stands: steps, losses and times, and whether it is to stop early."""

__all__ = ["Counters"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, final

from copyist.training.history import HistoryRow


@final
@dataclass(kw_only=True)
class Counters:
    """Counters of a run. Random draws need no state: each is derived from the seed and the step."""

    step: int = 0
    """Steps taken."""

    rate_scale: float = 1.0
    """Factor on the learning rate; lowered once when a loss is not finite."""

    fell_at: int | None = None
    """The step whose loss was not finite, if that has happened."""

    best: float | None = None
    """Lowest held-out loss."""

    waited: int = 0
    """Looks at held-out images since then."""

    stopped: bool = False
    """Whether the run stopped early."""

    seconds: float = 0.0
    """Time in training."""

    rows: list[HistoryRow] = field(default_factory=list[HistoryRow])

    pending_loss: float = 0.0
    """Sum of the losses of the steps since the last row, of a run that was interrupted between two rows."""

    pending_steps: int = 0
    """How many they are."""

    best_psnr: float | None = None
    """Highest PSNR of copies, where snapshots are kept by it."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Those that `asdict` wrote."""
        counters = dict(document)
        rows = [HistoryRow(**row) for row in counters.pop("rows")]
        return cls(rows=rows, **counters)

    def judge(self, loss: float, *, patience: int, steps: int) -> bool:
        """Count a look at held-out images, and stop when the loss has not fallen for long enough.

        Args:
            loss: of those images.
            patience: looks without a lower loss after which the run stops; 0 for never.
            steps: of the whole run, after which there is nothing to stop.

        Returns:
            Whether it is the lowest so far.
        """
        is_best = self.best is None or loss < self.best
        if is_best:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        self.stopped = 0 < patience <= self.waited and self.step < steps
        return is_best
