"""The autoencoder of pyod, beside which our detector of tables is measured; the rest of copyist has no use for it."""

__all__ = ["PyodAutoencoder", "has_pyod"]

import importlib
from importlib.util import find_spec
from typing import Any, Self, final

import torch
from torch import Tensor

from copyist.tensors import PerImage


def has_pyod() -> bool:
    """Whether pyod is installed."""
    return find_spec("pyod") is not None


@final
class PyodAutoencoder:
    """`pyod.models.auto_encoder.AutoEncoder` with its own settings."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector

    @classmethod
    def fit(cls, train: Tensor, *, seed: int = 0) -> Self:
        """Fit it on rows (N, D)."""
        module: Any = importlib.import_module("pyod.models.auto_encoder")
        detector = module.AutoEncoder(random_state=seed, verbose=0)
        detector.fit(train.numpy())
        return cls(detector)

    def anomaly(self, x: Tensor) -> PerImage:
        """(B,), larger is stranger, of rows (B, D)."""
        return torch.from_numpy(self._detector.decision_function(x.numpy()))
