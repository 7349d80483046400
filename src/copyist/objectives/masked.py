"""Masked autoencoding: copy the hidden patches."""

__all__ = ["MaskedCopying"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models.contracts import Masked, Model, needs
from copyist.models.in_batches import in_batches
from copyist.nn.patches import check_hidden, draw_visible, fill_hidden, from_patches, to_patches
from copyist.objectives.base import Objective
from copyist.tensors import Images, Visible

_PATCH = 4
"""Side of a patch where neither the objective nor the model names one."""

_MEAN, _STD = 0.5, 0.25
"""Of a normalized patch when it is shown as pixels: most of it lies in [0, 1]."""

_EPSILON = 1e-6
"""Added to the variance of a patch, which may be of one color."""


@final
@dataclass(frozen=True, kw_only=True)
class MaskedCopying(Objective):
    """The mean squared error over the hidden patches.

        mean over hidden patches of (x̂ − x)²

    A masked model is shown the visible patches alone. Any other that copies is shown the whole image, with its hidden
    patches painted in the mean color of the visible ones.

    Source:
        He et al. (2022), "Masked Autoencoders Are Scalable Vision Learners", section 3; for models that take whole
        images Pathak et al. (2016), "Context Encoders", section 3.2, with a random region.
    """

    hidden: float = 0.75
    """Share of the patches that is hidden, strictly between 0 and 1; in every image equally many, drawn anew."""

    patch: int | None = None
    """Side of a patch in pixels; None takes the model's own, or 4 where it has none."""

    normalized: bool = False
    """Whether the target of each patch is its values minus their mean, over their standard deviation. The model then
    copies patches whose mean is 0.5 and whose standard deviation is 0.25, and no brightness or contrast."""

    visible_weight: float = 0.0
    """Weight of the visible patches' error beside the hidden ones'. Above 0 the model also learns to copy what it is
    shown, which verbs that show it everything ask of it."""

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        if self.patch is not None:
            check_at_least("patch", self.patch, 1)
        check_at_least("visible_weight", self.visible_weight, 0)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        size = self.patch_of(model)
        visible = self.draw(model, x, generator=generator)
        x_hat = to_patches(self._copies(model, x, visible, copier=model).float(), size=size)
        target = to_patches(x, size=size)
        if self.normalized:
            mean, deviation = _statistics(target)
            x_hat, target = (x_hat - _MEAN) / _STD, (target - mean) / deviation
        errors = (x_hat - target).square().mean(2)  # (B, N)
        visible = visible.to(x.device)
        # Equally many patches are hidden in each image: means over patches are means over images too.
        loss = torch.where(visible, 0, errors).sum() / (~visible).sum()
        if self.visible_weight == 0:
            return loss
        return loss + self.visible_weight * torch.where(visible, errors, 0).sum() / visible.sum()

    def check_settings(self, model: Model) -> None:
        if model.takes_tables:
            raise ContractError(
                "MaskedCopying hides patches of images, and this model takes tables; "
                "take denoising with masking noise, which hides values"
            )
        self.patch_of(model)

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """What is shown, the same with the model's answer in the hidden patches, and the images.

        Normalized answers get the mean and deviation of the true patch: the model does not predict these.
        """
        size, image_size = self.patch_of(model), (x.shape[2], x.shape[3])
        visible = self.draw(model, x, generator=generator)
        x_hat = self._copies(model, x, visible, copier=partial(in_batches, model, model)).float()
        if self.normalized:
            mean, deviation = _statistics(to_patches(x, size=size))
            patches = (to_patches(x_hat, size=size) - _MEAN) / _STD * deviation + mean
            x_hat = from_patches(patches, size=size, image_size=image_size)
        seen = visible.to(x.device)[:, :, None]
        filled = torch.where(seen, to_patches(x, size=size), to_patches(x_hat, size=size))
        gray = torch.where(seen, to_patches(x, size=size), 0.5)
        return {
            f"{self.hidden:.0%} hidden": from_patches(gray, size=size, image_size=image_size),
            "reconstructed": from_patches(filled, size=size, image_size=image_size),
            "image": x,
        }

    def patch_of(self, model: Model) -> int:
        """Side of the patches that are hidden from this model.

        Raises:
            ArgumentError: the model is cut into other patches than this objective hides.
        """
        if not isinstance(model, Masked):
            return self.patch or _PATCH
        size = needs(model, Masked, verb="MaskedCopying").patch
        if self.patch not in (None, size):
            raise ArgumentError(
                f"the model is cut into patches of {size}, and the objective hides patches of {self.patch}; "
                "leave the objective's patch open"
            )
        return size

    def draw(self, model: Model, x: Images, *, generator: torch.Generator) -> Visible:
        """Which patches of images (B, C, H, W) are shown: (B, N), on the generator's device.

        Raises:
            ShapeError: the sides of the images are no multiples of the patch.
            ArgumentError: there are so few patches that all or none would be hidden.
        """
        size, (height, width) = self.patch_of(model), x.shape[2:]
        if height % size or width % size:
            raise ShapeError(
                f"image sides must be multiples of the patch of {size}, got {height}x{width}; "
                "resize the images, or hide patches of another size"
            )
        return draw_visible(len(x), (height // size) * (width // size), hidden=self.hidden, generator=generator)

    def _copies(self, model: Model, x: Images, visible: Visible, *, copier: Callable[[Images], Images]) -> Images:
        """Whole images, made without the hidden patches; `copier` applies a model that takes whole images."""
        if isinstance(model, Masked):
            return needs(model, Masked, verb="MaskedCopying").forward_visible(x, visible)
        return copier(fill_hidden(x, visible, size=self.patch_of(model)))


def _statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each patch of (B, N, P), both (B, N, 1)."""
    variance, mean = torch.var_mean(patches, dim=2, keepdim=True)
    return mean, (variance + _EPSILON).sqrt()
