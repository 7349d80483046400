"""Classical denoisers: the baselines that a model's denoising has to beat."""

__all__ = ["Filter", "MatchedBlur", "MeanImage", "Median", "TotalVariation", "Unchanged", "best_setting"]

import abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor

from copyist.checks import check_at_least, check_images, check_positive, check_same_shape
from copyist.corruption import gaussian_blur
from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.distortion import distance
from copyist.tensors import Images

LEAST_SPREAD = 1e-3
"""A batch flatter than this, a quarter of an 8-bit gray level, is not stretched further: that would show rounding."""


class Filter(abc.ABC):
    """A denoiser without training, or with a few averages of training data."""

    uses_batch_statistics: ClassVar[bool] = False
    """Whether the answer for one image depends on the others in its batch."""

    @property
    @abc.abstractmethod
    def setting(self) -> str:
        """What was chosen, in words for a table; empty where there is nothing to choose."""

    @abc.abstractmethod
    def __call__(self, x_tilde: Images) -> Images:
        """Images (B, C, H, W) that may leave [0, 1]; the same shape out, not clipped."""


@final
@dataclass(frozen=True)
class Unchanged(Filter):
    """x̂ = x̃: the identity, whose error is the corruption itself."""

    @property
    def setting(self) -> str:
        return ""

    def __call__(self, x_tilde: Images) -> Images:
        check_images(x_tilde)
        return x_tilde


@final
@dataclass(frozen=True, eq=False)
class MeanImage(Filter):
    """x̂ = the training images' mean, whatever it is shown."""

    mean: Tensor = field(repr=False)
    """(C, H, W)."""

    @property
    def setting(self) -> str:
        return ""

    @classmethod
    def fitted(cls, clean: Images) -> Self:
        """The mean of these training images (N, C, H, W)."""
        check_images(clean)
        return cls(mean=clean.mean(0))

    def __call__(self, x_tilde: Images) -> Images:
        check_images(x_tilde)
        if x_tilde.shape[1:] != self.mean.shape:
            raise ShapeError(f"images must have shape {tuple(self.mean.shape)}, got {tuple(x_tilde.shape[1:])}")
        return self.mean.to(x_tilde).expand_as(x_tilde)


@final
@dataclass(frozen=True, eq=False)
class MatchedBlur(Filter):
    """A Gaussian blur, after which each channel's mean and spread over the batch are set to the training data's.

    It undoes what a blend does to brightness and contrast as batch normalization can, and does nothing else.
    """

    uses_batch_statistics: ClassVar[bool] = True

    blur: float
    """Standard deviation of the kernel, in pixels."""

    mean: tuple[float, ...]
    """Per channel, of the training data."""

    std: tuple[float, ...]
    """Per channel, of the training data, over pixels and images."""

    contrast: float = 1.0
    """The share of the training data's spread that the output gets; a blurred image deserves a little less than all."""

    @classmethod
    def fitted(cls, clean: Images, *, blur: float, contrast: float = 1.0) -> Self:
        """Take mean and spread from training images (N, C, H, W)."""
        check_images(clean)
        check_at_least("blur", blur, 0)
        check_at_least("contrast", contrast, 0)
        mean, std = _channel_moments(clean)
        return cls(blur=blur, mean=tuple(mean.tolist()), std=tuple(std.tolist()), contrast=contrast)

    @property
    def setting(self) -> str:
        return f"{self.blur:g} px, contrast {self.contrast:g}"

    def __call__(self, x_tilde: Images) -> Images:
        check_images(x_tilde)
        if x_tilde.shape[1] != len(self.mean):
            raise ShapeError(f"images must have {len(self.mean)} channels, got {x_tilde.shape[1]}")
        x_hat = gaussian_blur(x_tilde, sigma=self.blur)
        mean, std = _channel_moments(x_hat)
        target_mean, target_std = (x_tilde.new_tensor(moments)[:, None, None] for moments in (self.mean, self.std))
        spread = std.clamp(min=LEAST_SPREAD)[:, None, None]
        return (x_hat - mean[:, None, None]) / spread * (self.contrast * target_std) + target_mean


@final
@dataclass(frozen=True)
class Median(Filter):
    """Each value becomes the median of a square around it, channel by channel; borders are mirrored."""

    size: int
    """Side of the square in pixels, odd."""

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise ArgumentError(f"size must be odd and at least 1, got {self.size}")

    @property
    def setting(self) -> str:
        return f"{self.size} px"

    def __call__(self, x_tilde: Images) -> Images:
        from scipy.ndimage import median_filter

        check_images(x_tilde)
        filtered = median_filter(x_tilde.detach().cpu().float().numpy(), size=(1, 1, self.size, self.size))
        return torch.from_numpy(filtered).to(x_tilde)


@final
@dataclass(frozen=True)
class TotalVariation(Filter):
    """The image that differs little from x̃ and varies little, channel by channel.

    Source:
        Chambolle (2004), "An Algorithm for Total Variation Minimization and Applications"; scikit-image's solver.
    """

    weight: float
    """How much variation costs beside difference; larger is smoother."""

    def __post_init__(self) -> None:
        check_positive("weight", self.weight)

    @property
    def setting(self) -> str:
        return f"weight {self.weight:g}"

    def __call__(self, x_tilde: Images) -> Images:
        from skimage.restoration import denoise_tv_chambolle

        check_images(x_tilde)
        images = x_tilde.detach().cpu().float().numpy()
        filtered = [denoise_tv_chambolle(image, weight=self.weight, channel_axis=0) for image in images]
        return torch.from_numpy(np.stack(filtered)).to(x_tilde)


def best_setting(
    candidates: Sequence[Filter],
    *,
    clean: Images,
    noisy: Images,
    run: Callable[[Filter, Images], Images] = lambda candidate, x_tilde: candidate(x_tilde),
) -> Filter:
    """Choose the filter whose outputs are nearest to the clean images, by the mean distance ‖x̂ − x‖.

    Args:
        candidates: one family on a grid of settings, or filters of any kind; the first of equals is taken.
        clean: training images (N, C, H, W), never the images that a table is about.
        noisy: the same images, corrupted.
        run: how a filter is applied; where it uses batch statistics, this decides the batches.

    Raises:
        ShapeError: `clean` and `noisy` differ in shape.
        ArgumentError: there is no candidate.
    """
    check_same_shape(noisy, clean)
    if not candidates:
        raise ArgumentError("candidates must hold at least one filter, got none")
    return min(candidates, key=lambda candidate: float(distance(run(candidate, noisy), clean).mean()))


def _channel_moments(x: Images) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel (C,), over images and pixels."""
    return x.mean((0, 2, 3)), x.std((0, 2, 3), correction=0)
