"""What a detector says of examples."""

__all__ = ["Findings"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from copyist.tensors import PerImage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Anomalies of examples, and how rare each would be among normal ones."""

    names: tuple[str, ...]
    """One per example."""

    anomaly: PerImage
    """(B,), larger is stranger."""

    p_value: PerImage
    """(B,), the conformal p-value: of normal examples at most a share α has one of at most α."""

    flagged: Tensor
    """(B,), bool: whether the p-value is at most the rate of false alarms."""

    parts: Tensor | None = None
    """Where the anomaly lies: (B, D), of each column; (B, H, W), of each pixel; None where that is not known."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """As `anomalies.csv` holds them: name, anomaly, p-value and 1 or 0, in the order of the examples."""
        columns = (self.anomaly.tolist(), self.p_value.tolist(), self.flagged.int().tolist())
        return list(zip(self.names, *columns, strict=True))
