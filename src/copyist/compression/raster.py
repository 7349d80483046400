"""The values of one picture, as a compressed file keeps them: 8 or 16 bits, gray or color, with or without alpha."""

__all__ = ["Raster"]

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """One picture, upright.

    Raises:
        DataError: its planes are not what they must be.
    """

    pixels: npt.NDArray[Any]
    """(H, W, C), gray or RGB, uint8 or uint16."""

    alpha: npt.NDArray[Any] | None = None
    """(H, W), of the same type."""

    orientation: int = 1
    """The EXIF orientation its file is stored in."""

    icc: bytes | None = None
    """The color profile."""

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
            raise DataError(f"it must have one or three channels, (H, W, 1) or (H, W, 3), got {pixels.shape}")
        if pixels.dtype.name not in ("uint8", "uint16"):
            raise DataError(f"its values must be whole numbers of 8 or 16 bits, got {pixels.dtype}")
        if alpha is not None and (alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype):
            raise DataError(f"its alpha must be {pixels.shape[:2]} of {pixels.dtype}, got {alpha.shape} {alpha.dtype}")

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def largest(self) -> int:
        """What stands for 1."""
        return int(np.iinfo(self.pixels.dtype).max)

    @classmethod
    def of_image(cls, image: DecodedImage, *, lossless: bool) -> Self:
        """The values of a decoded picture.

        Raises:
            DataError: it holds what a compressed file cannot keep; the text is a short reason with its remedy.
        """
        if image.pages > 1:
            raise DataError(f"it is one of {image.pages} pictures; give each as a file of its own, or add ?pages=all")
        if image.others is not None:
            raise DataError("it has samples beside color and alpha; save it without them")
        kind = image.pixel_type
        exact = image.depth in (1, 2, 4, 8, 16) and not image.premultiplied
        if kind == "float32" or (lossless and not exact):
            stored = "premultiplied values" if image.premultiplied else f"{image.depth} bits"
            raise DataError(f"it must have 8 or 16 bits per value, got {stored}; save it as PNG of 8 or 16 bits")
        pixels = image.levels(kind)
        alpha = image.alpha
        if alpha is not None and alpha.dtype != pixels.dtype:
            raise DataError(f"its alpha must have as many bits as its colors, got {alpha.dtype}; save it as PNG")
        return cls(pixels=pixels, alpha=alpha, orientation=image.orientation, icc=image.icc)

    def to_image(self) -> DecodedImage:
        """The picture as a PNG is to hold it."""
        return DecodedImage(
            pixels=self.pixels,
            alpha=self.alpha,
            depth=8 * self.pixels.dtype.itemsize,
            format="PNG",
            orientation=self.orientation,
            icc=self.icc,
        )
