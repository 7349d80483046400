"""Rate and distortion of codecs over pictures: files written, read again and held against what was there."""

__all__ = [
    "RATES",
    "CodecCurve",
    "CodecPoint",
    "Encode",
    "Pixels",
    "classical_curve",
    "learned_encode",
    "measured_curve",
]

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from copyist.baselines.picture_codecs import LOSSY_CODECS
from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.compression.refinement import refinement
from copyist.errors import ArgumentError
from copyist.evaluation.compressed.one_picture import fidelity
from copyist.metrics.bjontegaard import bd_rate

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, C), of 8 bits."""

RATES = (0.2, 1.0)
"""Bits per pixel between which rates are compared."""

_SETTINGS = {
    "JPEG": (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90),
    "JPEG, optimized": (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90),
    "WebP": (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90),
    "AVIF": (10, 20, 30, 40, 50, 60, 70, 80),
}
"""The qualities of each codec that are tried."""

Encode: TypeAlias = Callable[[Pixels], tuple[bytes, Callable[[], Pixels]]]
"""Encodes pixels, and gives the file and what decodes it."""


@final
@dataclass(frozen=True, kw_only=True)
class CodecPoint:
    """One setting, by its means over the pictures."""

    quality: int
    bits_per_pixel: float
    psnr: float
    """In dB; infinite where a picture comes back as it was."""

    ms_ssim: float | None
    """None where a picture is too small for it."""

    encode_megapixels: float
    """Per second, all pictures together."""

    decode_megapixels: float
    """Likewise."""


@final
@dataclass(frozen=True, kw_only=True)
class CodecCurve:
    """One codec."""

    codec: str
    points: tuple[CodecPoint, ...]

    def against(self, other: "CodecCurve", *, rates: tuple[float, float] | None = RATES) -> float:
        """The BD-rate by PSNR in per cent: below 0 where this one is smaller; NaN where they share no quality."""
        try:
            return bd_rate(self._curve(), other._curve(), rates=rates)
        except ArgumentError:
            return math.nan

    def _curve(self) -> list[tuple[float, float]]:
        """Points whose quality rises with their rate, without those that lose nothing: their PSNR has no number."""
        rising: list[tuple[float, float]] = []
        for rate, psnr in sorted((each.bits_per_pixel, each.psnr) for each in self.points):
            if math.isinf(psnr):
                continue
            if not rising or (rate > rising[-1][0] and psnr > rising[-1][1]):
                rising.append((rate, psnr))
        return rising


def classical_curve(name: str, originals: Sequence[Pixels]) -> CodecCurve:
    """That of one of Pillow's codecs, by its name in `LOSSY_CODECS`, over pictures (H, W, C) of 8 bits."""
    codec = LOSSY_CODECS[name]

    def coded(quality: int) -> Encode:
        def encode(pixels: Pixels) -> tuple[bytes, Callable[[], Pixels]]:
            data = codec.encode(pixels, quality)
            return data, lambda: codec.decode(data, pixels.shape[2])

        return encode

    return measured_curve(name, _SETTINGS[name], coded, originals)


def learned_encode(coder: ImageCoder, quality: int, *, steps: int = 0) -> Encode:
    """How ours encodes at a quality, after so many steps of refinement."""
    refine = refinement(coder.model, steps=steps) if steps else None

    def encode(pixels: Pixels) -> tuple[bytes, Callable[[], Pixels]]:
        data = coder.compress(Raster(pixels=pixels), quality=quality, refine=refine).data
        return data, lambda: coder.decompress(data).pixels

    return encode


def measured_curve(
    name: str, qualities: Sequence[int], coded: Callable[[int], Encode], originals: Sequence[Pixels]
) -> CodecCurve:
    """A codec over pictures (H, W, C) of 8 bits, at each of its qualities.

    Args:
        name: of the codec.
        qualities: of it, in any order.
        coded: how it encodes at a quality.
        originals: the pictures.
    """
    points = tuple(_point(quality, coded(quality), originals) for quality in qualities)
    return CodecCurve(codec=name, points=points)


def _point(quality: int, encode: Encode, originals: Sequence[Pixels]) -> CodecPoint:
    rates, fidelities = [], []
    encoding = decoding = 0.0
    for pixels in originals:
        started = time.perf_counter()
        data, decode = encode(pixels)
        between = time.perf_counter()
        found = decode()
        decoding += time.perf_counter() - between
        encoding += between - started
        rates.append(8 * len(data) / (pixels.shape[0] * pixels.shape[1]))
        fidelities.append(fidelity(found, pixels))
    megapixels = sum(pixels.shape[0] * pixels.shape[1] for pixels in originals) / 1e6
    similar = [similarity for _, similarity in fidelities if similarity is not None]
    return CodecPoint(
        quality=quality,
        bits_per_pixel=float(np.mean(rates)),
        psnr=float(np.mean([psnr for psnr, _ in fidelities])),
        ms_ssim=float(np.mean(similar)) if len(similar) == len(fidelities) else None,
        encode_megapixels=megapixels / encoding,
        decode_megapixels=megapixels / decoding,
    )
