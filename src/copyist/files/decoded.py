"""A decoded picture: its color, its alpha and whatever else it holds kept apart, with all that its file needs again."""

__all__ = ["UNSEEN_ALPHA", "DecodedImage", "ImageHeader", "PixelType", "ValueRange"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.errors import DataError
from copyist.files.tiff_tags import TiffStorage
from copyist.files.values import as_floats, with_channels

UNSEEN_ALPHA = "its transparency is left out"
"""What a header says of a picture with alpha: verbs keep it, and no model is trained on it."""

PixelType: TypeAlias = Literal["uint8", "uint16", "float32"]
"""The least of three types that holds all values of a file, once black is 0 and white is the type's largest."""


@final
@dataclass(frozen=True, kw_only=True)
class ValueRange:
    """The stored values that stand for 0 and for 1."""

    black: float
    """Larger than `white` where a file counts from white."""

    white: float

    @property
    def pixel_type(self) -> PixelType:
        """What holds all whole numbers of this range; float32 where they are too many."""
        span = abs(self.white - self.black)
        return "uint8" if span <= 255 else "uint16" if span <= 65535 else "float32"


@final
@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """The header of an image file, read without decoding pixels."""

    size: tuple[int, int]
    """(H, W) of the first picture, upright."""

    channels: int
    """1 or 3; alpha is not counted."""

    pixel_type: PixelType
    """What holds its values."""

    pages: int = 1
    """Pictures that can be taken one by one."""

    notices: tuple[str, ...] = ()
    """What a model sees in another way than it is stored, each as the end of a sentence about the file."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedImage:
    """One picture, upright, and how it was stored.

    Color, alpha and other samples are three fields, told apart by what the file says of them: never by their number.

    Raises:
        DataError: `pixels` has another number of channels than 1 or 3, or another plane another size.
    """

    pixels: npt.NDArray[Any]
    """(H, W, C), gray or RGB, C being 1 or 3; the values as they are stored, in the file's own type."""

    alpha: npt.NDArray[Any] | None = None
    """(H, W), in the type of the pixels: what the file declares to be opacity."""

    others: npt.NDArray[Any] | None = None
    """(H, W, E): samples of any other or of no declared meaning, kept as they are."""

    depth: int = 8
    """Bits per value, as stored."""

    range: ValueRange | None = None
    """What black and white are stored as; None is 0 and the largest of the type, which floats call 1."""

    premultiplied: bool = False
    """Whether the pixels are stored multiplied by alpha."""

    format: str
    """Pillow's name of it."""

    orientation: int = 1
    """The EXIF orientation the file is stored in, from 1 to 8; 1 is upright."""

    icc: bytes | None = None
    """The color profile."""

    exif: bytes | None = None
    """The EXIF block, orientation included, where the format has one."""

    carried: tuple[bytes, ...] = ()
    """Chunks of a PNG or segments of a JPEG that describe the picture, copied as they are."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else Pillow is told when it writes the file: resolution, compression, time and the like."""

    tiff: TiffStorage | None = None
    """How a TIFF stores it."""

    lossless: bool = True
    """Whether the file keeps its pixels exactly."""

    pages: int = 1
    """Pictures of its file that can be taken one by one."""

    notices: tuple[str, ...] = ()
    """What could not be kept as it was, each as the end of a sentence about the file."""

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in (1, 3):
            raise DataError(f"pixels must be (H, W, 1) or (H, W, 3), got {self.pixels.shape}; name other samples apart")
        for plane in (self.alpha, self.others):
            if plane is not None and plane.shape[:2] != self.pixels.shape[:2]:
                raise DataError(f"planes of a picture must have one size, got {plane.shape} and {self.pixels.shape}")

    @property
    def values(self) -> ValueRange:
        """What black and white are stored as."""
        if self.range is not None:
            return self.range
        return ValueRange(black=0, white=1 if self.pixels.dtype.kind == "f" else np.iinfo(self.pixels.dtype).max)

    @property
    def pixel_type(self) -> PixelType:
        """What holds its values in training."""
        return "float32" if self.pixels.dtype.kind == "f" else self.values.pixel_type

    def floats(self) -> Tensor:
        """The pixels as a model sees them: (C, H, W) float32, 0 black and 1 white, not multiplied by alpha."""
        stored = np.moveaxis(self.pixels, 2, 0)
        if self._is_plain:
            return as_floats(stored)
        exact = self.pixels.dtype.itemsize > 2 or self.premultiplied
        x = stored.astype(np.float64 if exact else np.float32)
        black, white = self.values.black, self.values.white
        if (black, white) != (0, 1):
            x = (x - x.dtype.type(black)) / x.dtype.type(white - black)
        if self.premultiplied:
            opacity = self._opacity()
            x = np.where(opacity > 0, x / np.where(opacity > 0, opacity, 1), x).clip(0, 1)
        return torch.from_numpy(x.astype(np.float32))

    def with_floats(self, x: Tensor) -> "DecodedImage":
        """The same file with other pixels, (C, H, W), clipped to [0, 1] and rounded to what it can store.

        A value that equals the one in `floats` is stored as it was, to the last bit.
        """
        if self._is_plain:
            return replace(self, pixels=_levels(x, self.pixels.dtype))
        levels = x.numpy().astype(np.float64).clip(0, 1)
        if self.premultiplied:
            levels = levels * self._opacity()
        black, white = self.values.black, self.values.white
        dtype = self.pixels.dtype
        levels = levels * (white - black) + black
        new = np.moveaxis((np.rint(levels) if dtype.kind != "f" else levels).astype(dtype), 0, 2)
        if dtype.itemsize > 2 or self.premultiplied or dtype.kind == "f":
            unchanged = np.moveaxis((x == self.floats()).numpy(), 0, 2)
            new = np.where(unchanged, self.pixels, new)
        return replace(self, pixels=new)

    def levels(self, pixel_type: PixelType) -> npt.NDArray[Any]:
        """The pixels (H, W, C) in a type that holds them: black is 0, and white the type's largest, or 1 of floats."""
        dtype = np.dtype(pixel_type)
        if self._is_plain and dtype == self.pixels.dtype:
            return self.pixels
        if self._is_plain and pixel_type == "uint16":
            return self.pixels.astype(np.uint16) * np.uint16(257)  # 255 of 255 must be 65535 of 65535.
        x = np.moveaxis(self.floats().numpy(), 0, 2)
        return x if pixel_type == "float32" else np.rint(x * np.float32(np.iinfo(dtype).max)).astype(dtype)

    def with_channels(self, channels: int, *, name: str) -> "DecodedImage":
        """The picture in gray, by its luma, or in color, by repetition.

        Raises:
            DataError: neither is possible; `name` is what the sentence calls it.
        """
        if self.pixels.shape[2] == channels:
            return self
        image, values = self, self.values
        if values.black > values.white:  # What counts from white is gray alone.
            upright = ValueRange(black=values.white, white=values.black)
            flipped = (values.black + values.white - self.pixels).astype(self.pixels.dtype)
            image = replace(self, range=upright, pixels=flipped)
        notices = image.notices
        if image.icc:
            notices = (*notices, "its color profile is left out, since it is for other channels")
        pixels = with_channels(image.pixels, channels, name=name)
        return replace(image, pixels=pixels, icc=None, notices=notices)

    @property
    def _is_plain(self) -> bool:
        whole = self.pixels.dtype.name in ("uint8", "uint16")
        full = whole and (self.values.black, self.values.white) == (0, np.iinfo(self.pixels.dtype).max)
        return full and not self.premultiplied

    def _opacity(self) -> npt.NDArray[np.float64]:
        assert self.alpha is not None
        top = 1 if self.alpha.dtype.kind == "f" else max(self.values.black, self.values.white)
        return self.alpha.astype(np.float64) / top


def _levels(x: Tensor, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Values (C, H, W), clipped to [0, 1], as whole numbers (H, W, C), where 1 is the largest of the type."""
    channels, height, width = x.shape
    levels = np.empty((height, width, channels), dtype)
    at_once = max(1, 2**20 // width)  # Rows: in float64 a large picture takes eight times its file.
    for top in range(0, height, at_once):
        part = x[:, top : top + at_once].numpy().astype(np.float64).clip(0, 1)
        levels[top : top + at_once] = np.moveaxis(np.rint(part * np.iinfo(dtype).max), 0, 2)
    return levels
