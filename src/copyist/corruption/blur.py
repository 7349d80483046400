"""A Gaussian blur, as a function of images and as a corruption."""

__all__ = ["Blur", "gaussian_blur"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_images
from copyist.corruption.contract import Corruption, Setting, check_sigma, per_example
from copyist.tensors import Images


@final
@dataclass(frozen=True)
class Blur(Corruption):
    """A Gaussian blur; borders are mirrored."""

    sigma: Setting
    """Standard deviation of the kernel: here alone in pixels of distance, not of value. Greater than 0, and at most
    1000; a range may begin at 0."""

    def __post_init__(self) -> None:
        check_sigma(self.sigma, 1000)

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        return gaussian_blur(x, sigma=per_example(self.sigma, x, generator).flatten())


def gaussian_blur(x: Images, *, sigma: float | Tensor) -> Images:
    """Blur images with a Gaussian kernel, cut at 4 standard deviations, borders mirrored (c b a | a b c | c b a).

    Args:
        x: images (B, C, H, W) of any range.
        sigma: standard deviation of the kernel in pixels, at least 0: one number, or one per image (B,).

    Returns:
        Blurred images (B, C, H, W).

    Raises:
        ShapeError: `x` is not (B, C, H, W).
    """
    check_images(x)
    widths = torch.as_tensor(sigma, dtype=torch.float32).reshape(-1).to(x.device)  # (1,) or (B,)
    height, width = x.shape[-2:]
    down, across = _blur_matrix(height, widths, like=x), _blur_matrix(width, widths, like=x)
    return down[:, None] @ x @ across[:, None].mT


def _blur_matrix(side: int, sigma: Tensor, *, like: Tensor) -> Tensor:
    """The blur along one axis as matrices (len(sigma), side, side): each row holds one pixel's weights."""
    radius = (4 * sigma + 0.5).long()  # (S,)
    reach = int(radius.max())
    offsets = torch.arange(-reach, reach + 1, device=sigma.device)  # (K,)
    weights = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-6)[:, None]) ** 2)  # (S, K)
    weights = weights * (offsets.abs() <= radius[:, None])
    weights = weights / weights.sum(1, keepdim=True)
    source = (torch.arange(side, device=sigma.device)[:, None] + offsets) % (
        2 * side
    )  # (side, K), period of the mirror
    source = torch.minimum(source, 2 * side - 1 - source)
    matrix = torch.zeros(len(sigma), side, side, device=sigma.device)
    matrix.scatter_add_(2, source.expand(len(sigma), -1, -1), weights[:, None].expand(-1, side, -1))
    return matrix.to(like)
