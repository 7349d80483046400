"""The codecs that every learned one is set beside, all from Pillow: JPEG, JPEG with its own tables, WebP, AVIF."""

__all__ = ["EXACT_CODECS", "LOSSY_CODECS", "PictureCodec", "at_size"]

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@final
@dataclass(frozen=True, kw_only=True)
class PictureCodec:
    """A format with all its settings but the quality."""

    format: str
    """Pillow's name of it."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    qualities: tuple[int, ...] = ()
    """From the smallest files to the largest; empty where there is one."""

    def encode(self, pixels: Pixels, quality: int | None = None) -> bytes:
        """The file of pixels (H, W, C) of 8 bits, gray or RGB."""
        file = io.BytesIO()
        options = dict(self.options) if quality is None else {**self.options, "quality": quality}
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, self.format, **options)
        return file.getvalue()

    def decode(self, data: bytes, channels: int) -> Pixels:
        """Its pixels again, (H, W, C)."""
        with Image.open(io.BytesIO(data), formats=[self.format]) as image:
            pixels = np.array(image.convert("L" if channels == 1 else "RGB"))
        return pixels.reshape(*pixels.shape[:2], channels)


LOSSY_CODECS: Mapping[str, PictureCodec] = {
    "JPEG": PictureCodec(format="JPEG", qualities=tuple(range(1, 96))),
    "JPEG, optimized": PictureCodec(format="JPEG", options={"optimize": True}, qualities=tuple(range(1, 96))),
    "WebP": PictureCodec(format="WEBP", options={"method": 6}, qualities=tuple(range(101))),
    "AVIF": PictureCodec(format="AVIF", options={"speed": 6}, qualities=tuple(range(1, 100))),
}
"""By their names in tables."""

EXACT_CODECS: Mapping[str, PictureCodec] = {
    "PNG": PictureCodec(format="PNG", options={"optimize": True}),
    "WebP, lossless": PictureCodec(format="WEBP", options={"lossless": True, "quality": 100, "method": 6}),
}
"""Those from which the very pixels come back, each at its slowest."""


def at_size(codec: PictureCodec, pixels: Pixels, size: int) -> tuple[bytes, int]:
    """The file nearest to a size among those of all qualities, and its quality.

    Sizes rise with quality but for a few bytes, so that the nearest is found by halving.
    """
    low, high = 0, len(codec.qualities) - 1
    made: dict[int, bytes] = {}

    def file(place: int) -> bytes:
        if place not in made:
            made[place] = codec.encode(pixels, codec.qualities[place])
        return made[place]

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(file(middle)) <= size else (low, middle)
    best = min((low, high), key=lambda place: abs(len(file(place)) - size))
    return made[best], codec.qualities[best]
