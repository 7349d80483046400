"""Alignment of successive layers, by the overlap of their singular spaces, and the spread of weights."""

__all__ = ["LayerAlignment", "WeightSpread", "layer_alignment", "weight_spread"]

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError


@dataclass(frozen=True, kw_only=True)
class LayerAlignment:
    """The overlap of two layers' leading spaces, beside its value for independent layers."""

    overlap: float
    """In [0, 1]: 1 if the second layer reads just what the first one writes, 0 if it reads none of it."""

    chance: float
    """The mean overlap of independent, uniformly random spaces, k/m."""

    chance_std: float
    """The standard deviation of that overlap."""

    @property
    def z_score(self) -> float:
        """How many standard deviations the overlap lies above chance."""
        return (self.overlap - self.chance) / self.chance_std


@dataclass(frozen=True, kw_only=True)
class WeightSpread:
    """How unequal the weights of one layer are; the limit theorems want them alike."""

    variation: float
    """Standard deviation of |w| over its mean: 0 for weights of equal size, 0.577 for uniform, 0.756 for normal."""

    kurtosis: float
    """Excess kurtosis of w: −1.2 for uniform weights, 0 for normal ones, large where few weights dominate."""


@torch.no_grad()
def layer_alignment(first: Tensor, second: Tensor, *, k: int) -> LayerAlignment:
    """Measure how far the strongest inputs of one layer are the strongest outputs of the layer before it.

        ‖U₁ᵀV₂‖²_F / k, the k leading left singular vectors of W₁ against the k leading right ones of W₂

    Convolutions are taken by channel: W₁ as (out, in·kh·kw), W₂ as (out·kh·kw, in). What stands between the layers,
    such as an activation or a norm, is not looked at. Where the k-th and the next singular values are equal, as after
    an orthogonal initialization, the spaces are not determined and neither is the overlap.

    Args:
        first: weight (m, ...) of the earlier layer, outputs first; swap the axes of a transposed convolution.
        second: weight (l, m, ...) of the later one, whose inputs are the earlier one's outputs.
        k: how many singular vectors, fewer than m.

    Returns:
        The overlap and that of chance, whose variance is 2(m − k)² / (m²(m − 1)(m + 2)).

    Raises:
        ShapeError: a weight has fewer than two axes, or `second` does not take as many inputs as `first` has outputs.
        ArgumentError: `k` is not from 1 to m − 1, or more than either layer has singular vectors.
    """
    _check_weight(first)
    _check_weight(second)
    units = first.shape[0]
    if second.shape[1] != units:
        raise ShapeError(
            f"the second layer must take the first one's {units} outputs, got {second.shape[1]} inputs; "
            "swap the axes of transposed convolutions"
        )
    written = first.detach().double().flatten(1)  # (m, n)
    read = second.detach().double().movedim(1, -1).flatten(0, -2)  # (l·kh·kw, m)
    most = min(units - 1, written.shape[1], read.shape[0])
    if not 1 <= k <= most:
        raise ArgumentError(f"k must lie in [1, {most}] for these layers, got {k}")
    left = torch.linalg.svd(written, full_matrices=False)[0][:, :k]
    right = torch.linalg.svd(read, full_matrices=False)[2][:k]
    return LayerAlignment(
        overlap=min(1.0, float((right @ left).square().sum() / k)),
        chance=k / units,
        chance_std=math.sqrt(2 / ((units - 1) * (units + 2))) * (units - k) / units,
    )


@torch.no_grad()
def weight_spread(weight: Tensor) -> WeightSpread:
    """Measure how unequal the weights of a layer are.

    Args:
        weight: (m, ...), of any layer.

    Returns:
        The spread; not a number if all weights are 0, and a kurtosis that is not a number if all are equal.

    Raises:
        ShapeError: `weight` has fewer than two axes.
    """
    _check_weight(weight)
    values = weight.detach().double().flatten()
    sizes = values.abs()
    deviations = values - values.mean()
    varies = bool(values.amin() < values.amax())
    fourth = deviations.pow(4).mean() / deviations.square().mean().square()
    return WeightSpread(
        variation=float(sizes.std(correction=0) / sizes.mean()),
        kurtosis=float(fourth - 3) if varies else math.nan,
    )


def _check_weight(weight: Tensor) -> None:
    if weight.ndim < 2 or 0 in weight.shape:
        raise ShapeError(f"weights must have shape (outputs, inputs, ...), got {tuple(weight.shape)}")
    if not weight.is_floating_point():
        raise ShapeError(f"weights must be floats, got {weight.dtype}")
