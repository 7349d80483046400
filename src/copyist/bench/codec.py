"""Our codec against those of Pillow on a folder of pictures: rate, distortion and speed."""

__all__ = ["CodecBench", "CodecCurve", "CodecPoint", "bench_codec"]

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from copyist.baselines.picture_codecs import LOSSY_CODECS
from copyist.compression.codec import ImageCoder
from copyist.compression.models import coder_of, shipped_models
from copyist.compression.raster import Raster
from copyist.compression.refinement import refinement
from copyist.data.inputs import find_inputs
from copyist.drawing.text import text_table
from copyist.drawing.wording import number
from copyist.errors import ArgumentError
from copyist.evaluation.compressed.one_picture import fidelity, of_8_bits
from copyist.files.picture_files import PicturesOfFiles
from copyist.metrics.bjontegaard import bd_rate

Pixels = npt.NDArray[np.uint8]

OURS = "copyist"
"""The name of our codec among the others."""

RATES = (0.2, 1.0)
"""Bits per pixel between which rates are compared."""

_SETTINGS = {
    "JPEG": (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90),
    "JPEG, optimized": (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90),
    "WebP": (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90),
    "AVIF": (10, 20, 30, 40, 50, 60, 70, 80),
}
"""The qualities of each codec that are tried."""

_Coded = Callable[[Pixels], tuple[bytes, Callable[[], Pixels]]]
"""Encodes pixels, and gives the file and what decodes it."""


@final
@dataclass(frozen=True, kw_only=True)
class CodecPoint:
    """One setting, by its means over the pictures."""

    quality: int
    bits_per_pixel: float
    psnr: float
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
        """Points whose quality rises with their rate."""
        rising: list[tuple[float, float]] = []
        for rate, psnr in sorted((each.bits_per_pixel, each.psnr) for each in self.points):
            if not rising or (rate > rising[-1][0] and psnr > rising[-1][1]):
                rising.append((rate, psnr))
        return rising


@final
@dataclass(frozen=True, kw_only=True)
class CodecBench:
    """All codecs on the same pictures."""

    num_pictures: int
    effort: int
    model: str | None
    """Fingerprint of ours; None where none was there."""

    curves: tuple[CodecCurve, ...]

    def to_json(self) -> str:
        """The result as one JSON object."""
        document: dict[str, Any] = asdict(self)
        document["bd_rates"] = [
            {"codec": one.codec, "against": two.codec, "between_0.2_and_1": _or_none(one.against(two)),
             "everywhere": _or_none(one.against(two, rates=None))}
            for one in self.curves for two in self.curves if one is not two
        ]  # fmt: skip
        return json.dumps(document, indent=1)

    def __str__(self) -> str:
        head = f"{self.num_pictures} pictures, each whole; means over the pictures at each quality; sizes are of files"
        points = [["codec", "quality", "bits per pixel", "PSNR, dB", "MS-SSIM", "MP/s in", "MP/s out"]]
        for curve in self.curves:
            points += [
                [curve.codec, str(each.quality), number(each.bits_per_pixel, 3), number(each.psnr),
                 number(each.ms_ssim, 4), number(each.encode_megapixels, 1), number(each.decode_megapixels, 1)]
                for each in curve.points
            ]  # fmt: skip
        table = [["BD-rate, %, from 0.2 to 1", *(curve.codec for curve in self.curves)]]
        for one in self.curves:
            table.append([one.codec, *("" if one is two else number(one.against(two), 1) for two in self.curves)])
        below = "BD-rate: how much less a codec on the left takes than one above, at equal PSNR"
        return "\n\n".join([head, text_table(points), text_table(table), below])


def bench_codec(
    folder: str,
    *,
    model: str | None = None,
    effort: int = 0,
    device: str | None = None,
    say: Callable[[str], None],
) -> CodecBench:
    """Compress pictures at every quality of every codec, and decompress them again.

    Args:
        folder: of pictures, or another input that holds some.
        model: as `compress_files`; without any, and with none shipped, only the others are measured.
        effort: likewise; where it is not 0, ours stands there with and without.
        device: as `load`.
        say: told what is done.

    Raises:
        CopyistError: the folder or the model cannot be used.
    """
    coder = coder_of(model, verb="bench codec", device=device) if model is not None or shipped_models() else None
    pictures = PicturesOfFiles(find_inputs([folder], say=say), as_floats=False, say=say)
    read = [picture.stored for _, picture in pictures.read()]
    pictures.report()
    originals = [of_8_bits(Raster.of_image(each, lossless=False).pixels) for each in read if each is not None]
    if not originals:
        raise ArgumentError(f"{folder} must hold files of pictures, and there is none; give a folder of them")
    curves: list[CodecCurve] = []
    if coder is None:
        say("no model was given, and none comes with this copyist: the other codecs alone are measured")
    else:
        for steps in sorted({0, effort}):
            name = f"{OURS}, effort {steps}" if steps else OURS
            qualities = range(1, coder.model.num_qualities + 1)
            curves.append(_curve(name, qualities, lambda quality, steps=steps: _ours(coder, quality, steps), originals))
            say(f"{name}: done")
    for name, codec in LOSSY_CODECS.items():

        def coded(quality: int, codec: Any = codec) -> _Coded:
            def encode(pixels: Pixels) -> tuple[bytes, Callable[[], Pixels]]:
                data = codec.encode(pixels, quality)
                return data, lambda: codec.decode(data, pixels.shape[2])

            return encode

        curves.append(_curve(name, _SETTINGS[name], coded, originals))
        say(f"{name}: done")
    return CodecBench(
        num_pictures=len(originals),
        effort=effort,
        model=None if coder is None else coder.fingerprint.hex(),
        curves=tuple(curves),
    )


def _ours(coder: ImageCoder, quality: int, steps: int) -> _Coded:
    refine = refinement(coder.model, steps=steps) if steps else None

    def encode(pixels: Pixels) -> tuple[bytes, Callable[[], Pixels]]:
        data = coder.compress(Raster(pixels=pixels), quality=quality, refine=refine).data
        return data, lambda: coder.decompress(data).pixels

    return encode


def _curve(
    name: str, qualities: Sequence[int], coded: Callable[[int], _Coded], originals: Sequence[Pixels]
) -> CodecCurve:
    points = tuple(_point(quality, coded(quality), originals) for quality in qualities)
    return CodecCurve(codec=name, points=points)


def _point(quality: int, encode: _Coded, originals: Sequence[Pixels]) -> CodecPoint:
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


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
