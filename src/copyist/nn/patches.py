"""Images to patches and back, and random masks of visible patches."""

__all__ = ["check_hidden", "check_visible", "draw_visible", "fill_hidden", "from_patches", "shown", "to_patches"]

import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError
from copyist.randomness import draw_uniform
from copyist.tensors import Images, Visible


def to_patches(x: Images, *, size: int) -> Tensor:
    """Cut images (B, C, H, W) into squares: (B, N, C·size²), row by row, with N = (H / size)·(W / size).

    Within a patch the values stand as in an image: channel by channel, row by row. Sides must be multiples of `size`.
    """
    batch, channels, height, width = x.shape
    cut = x.reshape(batch, channels, height // size, size, width // size, size)  # (B, C, rows, s, columns, s)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * size * size)


def from_patches(patches: Tensor, *, size: int, image_size: tuple[int, int]) -> Images:
    """Put patches (B, N, C·size²) together again: images (B, C, H, W) with (H, W) = `image_size`."""
    rows, columns = (side // size for side in image_size)
    cut = patches.reshape(patches.shape[0], rows, columns, -1, size, size)  # (B, rows, columns, C, s, s)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(patches.shape[0], -1, *image_size)


def draw_visible(count: int, num_patches: int, *, hidden: float, generator: torch.Generator) -> Visible:
    """Draw which patches are shown, anew for each of `count` images: all sets of one size are equally likely.

    Returns:
        (count, num_patches) on the generator's device; in each row round(hidden · num_patches) are hidden.

    Raises:
        ArgumentError: `hidden` is not strictly between 0 and 1, or hides all of so few patches, or none.
    """
    check_hidden(hidden)
    num_hidden = round(hidden * num_patches)
    if not 0 < num_hidden < num_patches:
        raise ArgumentError(
            f"some patches must be shown and some hidden, got {num_hidden} hidden of {num_patches}; "
            "take smaller patches (--set model.patch=2, or objective.patch=2), or hide another share "
            "(--set objective.hidden=0.5)"
        )
    draws = draw_uniform((count, num_patches), generator=generator)
    order = draws.argsort(dim=1, stable=True)
    visible = torch.ones_like(draws, dtype=torch.bool)
    return visible.scatter_(1, order[:, :num_hidden], False)


def check_hidden(hidden: float) -> None:
    """Refuse a share of hidden patches that leaves nothing to see, or nothing to copy.

    Raises:
        ArgumentError: `hidden` is not strictly between 0 and 1.
    """
    if not 0 < hidden < 1:
        raise ArgumentError(f"the hidden share must lie strictly between 0 and 1, got {hidden:g}")


def check_visible(visible: Visible, *, shape: tuple[int, int]) -> None:
    """Refuse anything but bool (B, N) of that shape in which all rows show equally many patches, at least one.

    Raises:
        ShapeError: `visible` is not such a tensor.
    """
    if tuple(visible.shape) != shape or visible.dtype != torch.bool:
        raise ShapeError(
            f"visible must be bool of shape {shape}, one for each patch, got {visible.dtype} of {tuple(visible.shape)}"
        )
    counts = visible.sum(1)
    if not bool((counts == counts[0]).all()) or not bool(counts[0]):
        raise ShapeError(
            f"every image must show equally many patches, at least one, got {sorted(set(counts.tolist()))}"
        )


def shown(visible: Visible) -> Tensor:
    """Which patches are shown, in reading order: int64 (B, n) for (B, N) in which each row shows n."""
    return visible.nonzero()[:, 1].reshape(len(visible), -1)


def fill_hidden(x: Images, visible: Visible, *, size: int) -> Images:
    """Fill the hidden patches of each image with the mean color of its visible ones.

    Args:
        x: images (B, C, H, W), whose sides are multiples of `size`.
        visible: (B, N), at least one in each row.
        size: side of a patch in pixels.
    """
    height, width = x.shape[2:]
    pixels = visible.reshape(len(x), 1, height // size, width // size).to(x.device)
    pixels = pixels.repeat_interleave(size, 2).repeat_interleave(size, 3)  # (B, 1, H, W)
    mean = torch.where(pixels, x, 0).sum((2, 3), keepdim=True) / pixels.sum((2, 3), keepdim=True)  # (B, C, 1, 1)
    return torch.where(pixels, x, mean)
