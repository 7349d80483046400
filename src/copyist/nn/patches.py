"""From an image to its patches, and back."""

__all__ = ["from_patches", "to_patches"]

from torch import Tensor

from copyist.tensors import Images


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
    cut = patches.reshape(len(patches), rows, columns, -1, size, size)  # (B, rows, columns, C, s, s)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, *image_size)
