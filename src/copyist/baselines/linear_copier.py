"""The linear baseline: a projection on principal axes, as many as a code has units or as it takes to copy as well."""

__all__ = ["LinearCopier", "linear_copier", "moments_matched", "most_examples", "principal_copier"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.baselines.principal_axes import principal_axes
from copyist.data.parts import evenly_spaced
from copyist.metrics.distortion import psnr
from copyist.tensors import Examples, Images

MOST_VALUES = 50_000_000
"""Of the examples that axes are fitted to, so that they take less than a gigabyte."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LinearCopier:
    """x̂ = μ + P(x − μ), fitted on clean images alone: like a copier, it never saw a noisy one."""

    mean: Tensor
    """μ, of the shape of one example."""

    axes: Tensor
    """(K, C·H·W) or (K, D), orthonormal rows; P is the projection on them."""

    def __call__(self, x: Examples) -> Examples:
        rows = (x - self.mean).flatten(1)
        return ((rows @ self.axes.T) @ self.axes).view_as(x) + self.mean


def most_examples(num_values: int) -> int:
    """How many examples of so many values each axes are fitted to, at most."""
    return max(2, MOST_VALUES // num_values)


def principal_copier(train: Examples, *, num_axes: int) -> LinearCopier:
    """Fit principal axes on training examples: of all linear codes of that size the one that copies them best.

    Args:
        train: clean examples (N, ...) of any range; where they are more than `most_examples`, so many are taken,
            spread evenly over all.
        num_axes: K; fewer are kept where the examples span no more.

    Returns:
        The projection on the K axes along which the examples vary most, in the examples' shape and units.

    Source:
        Baldi & Hornik (1989): at its best a linear autoencoder spans these axes.
    """
    rows = torch.from_numpy(evenly_spaced(len(train), most_examples(train[0].numel()))).to(train.device)
    found = principal_axes(train[rows])
    return LinearCopier(mean=found.mean.to(train).view(train.shape[1:]), axes=found.spanned[:num_axes].to(train))


def linear_copier(train: Images, x: Images, *, clean_psnr: float) -> LinearCopier:
    """Fit principal axes on training images, and keep the fewest that copy `x` with at most the given error.

    Args:
        train: clean images (N, C, H, W).
        x: clean images (B, C, H, W) on which the quality is compared.
        clean_psnr: in decibels; where no number of axes reaches it, all are kept.
    """
    mean, axes = train.mean(0), principal_axes(train).spanned.to(train)
    low, high = 1, len(axes)
    while low < high:
        middle = (low + high) // 2
        copier = LinearCopier(mean=mean, axes=axes[:middle])
        if float(psnr(copier(x), x).mean()) >= clean_psnr:
            high = middle
        else:
            low = middle + 1
    return LinearCopier(mean=mean, axes=axes[:low].clone())


def moments_matched(x_hat: Images, like: Images) -> Images:
    """Copies whose mean and spread per channel, over the batch, are set to those of other images."""
    kept = torch.clamp(x_hat.std((0, 2, 3), correction=0), min=1e-3)[:, None, None]
    mean, std = (like.mean((0, 2, 3))[:, None, None], like.std((0, 2, 3), correction=0)[:, None, None])
    return (x_hat - x_hat.mean((0, 2, 3))[:, None, None]) / kept * std + mean
