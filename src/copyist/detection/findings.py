"""What a detector says of examples."""

__all__ = ["Findings"]

from dataclasses import dataclass
from typing import final

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
