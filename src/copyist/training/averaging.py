"""An exponential average of the weights along the way."""

__all__ = ["update_average"]

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, *, decay: float, step: int) -> None:
    """average ← d·average + (1 − d)·model for every weight, with d = min(decay, (1 + step) / (10 + step)).

    The rising d lets the average forget where it started. Running statistics of a normalization are copied.

    Source:
        Polyak & Juditsky (1992) for averaging; the rising decay is that of TensorFlow's ExponentialMovingAverage.
    """
    rate = 1 - min(decay, (1 + step) / (10 + step))
    for kept, weight in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(weight, rate)
    for kept, buffer in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(buffer)
