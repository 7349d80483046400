"""The linear baseline: a projection on principal axes, as many as a code has units or as it takes to copy as well."""

__all__ = [
    "LinearCopier",
    "PrincipalResidual",
    "linear_copier",
    "moments_matched",
    "most_examples",
    "principal_copier",
]

from dataclasses import dataclass
from typing import Self, final

import torch
from torch import Tensor

from copyist.baselines.flat_rows import FlatRows
from copyist.baselines.principal_axes import principal_axes
from copyist.checks import check_examples
from copyist.data.parts import evenly_spaced
from copyist.metrics.distortion import psnr
from copyist.tensors import Examples, Images, PerImage

MOST_VALUES = 50_000_000
"""Of the examples that axes are fitted to, so that they take less than a gigabyte."""

_VARIANCE = 0.9
"""The share that principal axes hold where no number of them is asked for."""


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


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PrincipalResidual:
    """The detector of the linear copier: how far an example is from its projection on the principal axes."""

    units: FlatRows | None
    """Of the columns of a table; None of images, which are copied at their own size in pixel values."""

    copier: LinearCopier
    """Fitted on the normal examples."""

    @classmethod
    def fit(cls, train: Examples, *, num_axes: int | None) -> Self:
        """Find the axes.

        Args:
            train: normal examples, at least 2: images (N, C, H, W) or rows (N, D).
            num_axes: K, fewer than the values of an example and than the axes that the examples span, so that some
                direction is left to tell by; more count as that many less one. None takes the fewest that hold nine
                tenths of the variance.

        Raises:
            ShapeError: there are no examples.
            ArgumentError: there are fewer than 2 examples.

        Source:
            Hotelling (1933); the residual is the Q statistic of Jackson & Mudholkar (1979).
        """
        check_examples(train)
        units = FlatRows.fit(train) if train.ndim == 2 else None
        rows = torch.from_numpy(evenly_spaced(len(train), most_examples(train[0].numel()))).to(train.device)
        x = train[rows] if units is None else units(train[rows])
        found = principal_axes(x)
        if num_axes is None:
            shares = found.variances.cumsum(0) / found.variances.sum().clamp_min(torch.finfo(torch.float64).tiny)
            num_axes = int((shares < _VARIANCE).sum()) + 1
        axes = found.spanned[: min(num_axes, max(len(found.spanned) - 1, 0))]
        return cls(units=units, copier=LinearCopier(mean=found.mean.to(x).view(x.shape[1:]), axes=axes.to(x)))

    def anomaly(self, x: Examples) -> PerImage:
        """The mean squared residual (B,), larger is stranger; of rows in units of the columns' variances."""
        return self.parts(x).flatten(1).mean(1)

    def parts(self, x: Examples) -> Examples:
        """The squared residual of each value, in the shape of `x`."""
        x = x if self.units is None else self.units(x)
        return (self.copier(x) - x).square()


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
