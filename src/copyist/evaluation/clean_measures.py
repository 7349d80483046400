"""Measures of clean images: how well a model copies, how near it is to the identity, what its codes look like."""

__all__ = ["Apply", "Function", "beside_principal_axes", "clean_copies", "code_statistics"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from copyist.baselines.linear_copier import LinearCopier, most_examples, principal_copier
from copyist.evaluation.clean_copies import LESS, CleanCopies, CodeStatistics, PrincipalCopies
from copyist.metrics.distortion import mse, psnr, ssim
from copyist.metrics.identity import projected_gain
from copyist.metrics.intervals import mean_interval
from copyist.metrics.sparsity import active_units, effective_share
from copyist.randomness import generator
from copyist.tensors import Codes, Images, PerImage

Function: TypeAlias = Callable[[Images], Images]
"""A model, or a part of one."""

GAIN_SIGMA = 0.1
"""Standard deviation of the noise that measures the projected gain."""

QUIET = 0.01
"""A unit is quiet when its spread is at most this share of the largest unit's."""


class Apply(Protocol):
    """How a function of a batch is applied to many images: the rule that fills the batches, in the images' order."""

    def __call__(self, function: Callable[[Images], Tensor], x: Images, *, batch_size: int) -> Tensor:
        """The answers for `x`, in its order."""
        ...


@torch.no_grad()
def clean_copies(
    name: str,
    model: Function,
    *,
    x: Images,
    apply: Apply,
    batch_size: int,
    seed: int,
    encode: Callable[[Images], Codes] | None = None,
) -> tuple[CleanCopies, PerImage]:
    """Copy clean images and measure the copies, the projected gain at σ = 0.1, and the codes.

    Args:
        name: what to call the model.
        model: from images to images of the same shape.
        x: clean images (B, C, H, W).
        apply: how images are put into batches.
        batch_size: images in one batch.
        seed: from which the noise of the gain is derived; the same for every model.
        encode: from images to codes, where the model has a code.

    Returns:
        What was measured, and the squared error of every copy, (B,), mean over its values.

    Raises:
        ShapeError: the model changes the shape.
    """

    def copies(images: Images) -> Images:
        return apply(model, images, batch_size=batch_size).to(images)

    x_hat = copies(x)
    gain = projected_gain(copies, x, sigma=GAIN_SIGMA, generator=generator(seed, "gain"))
    row = CleanCopies(
        model=name,
        psnr=float(psnr(x_hat, x).mean()),
        ssim=float(ssim(x_hat, x).mean()),
        gain=mean_interval(gain),
        error=float(mse(x_hat, x).mean().sqrt()),
        code=None if encode is None else code_statistics(apply(encode, x, batch_size=batch_size)),
    )
    return row, mse(x_hat, x)


@torch.no_grad()
def beside_principal_axes(
    rows: Sequence[CleanCopies], *, errors: Mapping[str, PerImage], train: Images, x: Images
) -> tuple[CleanCopies, ...]:
    """Put beside each model whose code is smaller than an image what PCA of equal code size makes of the same images.

    Args:
        rows: of the models.
        errors: of their copies, (B,), by the model's name; as `clean_copies` gives them.
        train: clean images (N, C, H, W) the axes are fitted to.
        x: the clean images (B, C, H, W) the rows were measured on.

    Returns:
        The same rows, those of such models with PCA's copies and the lead on them.
    """
    sizes = [row.code.num_units for row in rows if row.code is not None and row.code.num_units < x[0].numel()]
    if not sizes:
        return tuple(rows)
    copier = principal_copier(train, num_axes=max(sizes))

    def beside(name: str, num_axes: int) -> PrincipalCopies:
        some = LinearCopier(mean=copier.mean, axes=copier.axes[:num_axes])
        x_hat = some(x)
        lead = mean_interval(errors[name] - mse(x_hat, x))
        return PrincipalCopies(
            num_axes=len(some.axes),
            num_train=min(len(train), most_examples(x[0].numel())),
            psnr=float(psnr(x_hat, x).mean()),
            ssim=float(ssim(x_hat, x).mean()),
            lead=lead,
            beats_pca=LESS.judge(lead),
        )

    return tuple(
        replace(row, pca=beside(row.model, row.code.num_units))
        if row.code is not None and row.code.num_units in sizes
        else row
        for row in rows
    )


def code_statistics(z: Codes) -> CodeStatistics:
    """Summarize codes (B, ...) of any range: how many units, how they spread, how many are used and how many never."""
    units = z.flatten(1).float()  # (B, K)
    active = active_units(units)
    spread = units.std(0, correction=0)
    return CodeStatistics(
        num_units=units.shape[1],
        mean=float(units.mean()),
        std=float(units.std(correction=0)),
        quiet_share=float((spread <= QUIET * spread.max()).float().mean()),
        active_share=float(active.float().mean()),
        effective_share=float(effective_share(units).nan_to_num(0.0).mean()),
        dead_units=int((~active.any(0)).sum()),
    )
