"""How pictures are brought to the size that a detector was trained on, as its training did, and heat back to theirs."""

__all__ = ["Preparation"]

from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.data.fitting import fit_size
from copyist.data.source_options import Fit
from copyist.errors import ShapeError
from copyist.files.picture import check_channels
from copyist.files.values import as_floats, quantize
from copyist.models.contracts import Model


@final
@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What the training of a detector did to its images, by the options of its source."""

    shape: tuple[int, int, int]
    """(C, H, W) of the images that the model was trained on."""

    fit: Fit
    """How images of another size are brought to it."""

    is_asked: bool
    """Whether that was asked for: by the source of the training, or for these pictures; else they are refused."""

    channels: int | None
    """To which the training converted its images; None where it did not."""

    @classmethod
    def of(cls, model: Model, *, shape: tuple[int, int, int], resize: bool) -> Self:
        """That of a trained model.

        Args:
            model: that knows its source.
            shape: (C, H, W) of its images, where it does not know them.
            resize: whether images of another size are to be brought to its own in any case.
        """
        options = model.trained_on.source.rpartition("?")[2].split("&")
        sized = any(option.startswith("size=") for option in options)
        own = model.image_shape or shape
        return cls(
            shape=own,
            fit="resize" if "fit=resize" in options or not sized else "pad" if "fit=pad" in options else "crop",
            is_asked=resize or sized,
            channels=own[0] if any(option.startswith("channels=") for option in options) else None,
        )

    def check(self, name: str, shape: tuple[int, int, int]) -> None:
        """Refuse a picture that the model does not take.

        Args:
            name: of the picture.
            shape: its (C, H, W).

        Raises:
            ShapeError: it has other channels, or another size that nobody asked to change.
        """
        check_channels(name, shape[0], self.shape[0])
        if shape[1:] != self.shape[1:] and not self.is_asked:
            wanted, got = (f"{height}x{width}" for height, width in (self.shape[1:], shape[1:]))
            raise ShapeError(
                f"images must have the size that the detector was trained on, {wanted}, got {got} of {name}; add "
                "--resize to bring them to it"
            )

    def prepare(self, pixels: Tensor) -> Tensor:
        """Pixels (C, H, W) as the training would have them: resampled in the depth that they were stored in."""
        if tuple(pixels.shape[1:]) == self.shape[1:]:
            return pixels
        values = pixels.movedim(0, 2).numpy()
        for depth in (np.dtype(np.uint8), np.dtype(np.uint16)):
            stored = quantize(values * np.iinfo(depth).max, depth)
            if np.array_equal(as_floats(stored).numpy(), values):
                values = stored
                break
        return as_floats(np.ascontiguousarray(fit_size(values, self.shape[1:], self.fit))).movedim(2, 0)

    def heat_at_size(self, heat: Tensor, size: tuple[int, int]) -> Tensor:
        """Heat (h, w) of what the model saw, at the size (H, W) of its picture; 0 where the model did not see it."""
        if tuple(heat.shape) == size:
            return heat
        if self.fit == "resize":
            return _resize(heat, size)
        ratio = self._ratio(size)
        return _center(_resize(heat, (round(heat.shape[0] / ratio), round(heat.shape[1] / ratio))), size)

    def seen(self, size: tuple[int, int]) -> float:
        """How many pixels of a picture of (H, W) the model sees."""
        whole = float(size[0] * size[1])
        if self.fit != "crop" or size == self.shape[1:]:
            return whole
        return min(whole, self.shape[1] * self.shape[2] / self._ratio(size) ** 2)

    def _ratio(self, size: tuple[int, int]) -> float:
        ratios = self.shape[1] / size[0], self.shape[2] / size[1]
        return max(ratios) if self.fit == "crop" else min(ratios)


def _resize(heat: Tensor, size: tuple[int, int]) -> Tensor:
    height, width = (max(1, side) for side in size)
    return F.interpolate(heat[None, None], size=(height, width), mode="bilinear", align_corners=False)[0, 0]


def _center(heat: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle of a map, or a map in the middle of zeros, of this size."""
    result = torch.zeros(size)
    (top, left), (over, beyond) = (
        [max(0, side - own) // 2 for side, own in zip(size, heat.shape, strict=True)],
        [max(0, own - side) // 2 for side, own in zip(size, heat.shape, strict=True)],
    )
    height, width = (min(side, own) for side, own in zip(size, heat.shape, strict=True))
    result[top : top + height, left : left + width] = heat[over : over + height, beyond : beyond + width]
    return result
