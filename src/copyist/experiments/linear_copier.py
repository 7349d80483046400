"""The dullest copier: a projection on principal axes, with as many of them as it takes to copy as well as a model."""

__all__ = ["LinearCopier", "linear_copier", "moments_matched"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.metrics.distortion import psnr
from copyist.procedures.wiener import PrincipalBasis
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LinearCopier:
    """x̂ = μ + P(x − μ), fitted on clean images alone: like a copier, it never saw a noisy one."""

    mean: Tensor
    """μ (C, H, W)."""

    axes: Tensor
    """(K, C·H·W), orthonormal rows; P is the projection on them."""

    def __call__(self, x: Images) -> Images:
        rows = (x - self.mean).flatten(1)
        return ((rows @ self.axes.T) @ self.axes).view_as(x) + self.mean


def linear_copier(train: Images, x: Images, *, clean_psnr: float) -> LinearCopier:
    """Fit principal axes on training images, and keep as few as copy `x` at least as well as asked.

    Args:
        train: clean images (N, C, H, W).
        x: clean images (B, C, H, W) on which the quality is compared.
        clean_psnr: in decibels; where no number of axes reaches it, all are kept.
    """
    mean, axes = train.mean(0), PrincipalBasis.fitted(train).axes
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
