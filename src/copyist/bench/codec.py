"""Our codec against those of Pillow on a folder of pictures: rate, distortion and speed."""

__all__ = ["CodecBench", "bench_codec"]

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, final

from copyist.baselines.picture_codecs import LOSSY_CODECS
from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine
from copyist.compression.models import coder_of
from copyist.compression.raster import Raster
from copyist.data.inputs import find_inputs
from copyist.drawing.text import text_table
from copyist.drawing.wording import counted, number
from copyist.errors import ArgumentError
from copyist.evaluation.compressed.one_picture import of_8_bits
from copyist.evaluation.compressed.rate_distortion import (
    CodecCurve,
    CodecPoint,
    classical_curve,
    learned_encode,
    measured_curve,
)
from copyist.files.picture_files import PicturesOfFiles

OURS = "copyist"
"""The name of our codec among the others."""


@final
@dataclass(frozen=True, kw_only=True)
class CodecBench(JsonResult):
    """All codecs on the same pictures."""

    num_pictures: int
    effort: int
    models: tuple[str, ...]
    """Fingerprints of ours, in the order of their curves."""

    curves: tuple[CodecCurve, ...]

    source: str | None = None
    """Of the pictures, as it was given; None in results of before it was kept."""

    model_names: tuple[str, ...] = ()
    """Models as they were given; none where the shipped one was measured, and in results of before they were kept."""

    machine: Machine | None = None
    """None in results of before it was kept."""

    def to_json(self) -> str:
        """The result as one JSON object; a PSNR that is infinite, which JSON lacks, is "inf"."""
        document: dict[str, Any] = asdict(self)
        for curve in document["curves"]:
            for point in curve["points"]:
                point["psnr"] = "inf" if math.isinf(point["psnr"]) else point["psnr"]
        document["bd_rates"] = [
            {"codec": one.codec, "against": two.codec, "between_0.2_and_1": _or_none(one.against(two)),
             "everywhere": _or_none(one.against(two, rates=None))}
            for one in self.curves for two in self.curves if one is not two
        ]  # fmt: skip
        return json.dumps(document, indent=1, allow_nan=False)

    def __str__(self) -> str:
        pictures = counted(self.num_pictures, "picture")
        head = f"{pictures}, each whole; means over the pictures at each quality; sizes are of files"
        if self.machine is not None:
            head += f"\n{self.machine}"
        heads = ["codec", "quality", "bits per pixel", "PSNR, dB", "MS-SSIM", "MP/s in", "MP/s out"]
        points = [[*heads, "in × JPEG", "out × JPEG"]]
        for curve in self.curves:
            points += [
                [curve.codec, str(each.quality), number(each.bits_per_pixel, 3), number(each.psnr),
                 number(each.ms_ssim, 4), number(each.encode_megapixels, 1), number(each.decode_megapixels, 1),
                 *(number(times, 3) for times in self._times_jpeg(each))]
                for each in curve.points
            ]  # fmt: skip
        table = [["BD-rate, %, from 0.2 to 1", *(curve.codec for curve in self.curves)]]
        for one in self.curves:
            table.append([one.codec, *("" if one is two else number(one.against(two), 1) for two in self.curves)])
        below = (
            "× JPEG: times as fast as Pillow's JPEG whose files come nearest in size\n"
            "BD-rate: how much less a codec on the left takes than one above, at equal PSNR"
        )
        return "\n\n".join([head, text_table(points), text_table(table), below])

    def _times_jpeg(self, point: CodecPoint) -> tuple[float | None, float | None]:
        """The speed in and out over that of the JPEG nearest in rate; None where there is no JPEG."""
        jpeg = [each for curve in self.curves if curve.codec == "JPEG" for each in curve.points]
        if not jpeg:
            return None, None
        near = min(jpeg, key=lambda each: abs(each.bits_per_pixel - point.bits_per_pixel))
        return point.encode_megapixels / near.encode_megapixels, point.decode_megapixels / near.decode_megapixels


def bench_codec(
    folder: str,
    *,
    models: Sequence[str] = (),
    effort: int = 0,
    device: str | None = None,
    say: Callable[[str], None],
) -> CodecBench:
    """Compress pictures at every quality of every codec, and decompress them again.

    Args:
        folder: of pictures, or another input that holds some.
        models: each as `model` of `compress_files`; without any, the shipped one is measured. Where there are several,
            they bear their names.
        effort: as `compress_files`; where it is not 0, ours stands there with and without.
        device: as `load`.
        say: told what is done.

    Raises:
        CopyistError: the folder or a model cannot be used, or one is given twice.
    """
    if twice := sorted({name for name in models if models.count(name) > 1}):
        raise ArgumentError(f"--model must name each model once, got {twice[0]} more than once")
    coders = {
        (f"{OURS}, {name}" if len(models) > 1 else OURS): coder_of(name, verb="bench codec", device=device)
        for name in (models or [None])
    }
    pictures = PicturesOfFiles(find_inputs([folder], say=say), as_floats=False, say=say)
    read = [picture.stored for _, picture in pictures.read()]
    pictures.report()
    originals = [of_8_bits(Raster.of_image(each, lossless=False).pixels) for each in read if each is not None]
    if not originals:
        raise ArgumentError(f"{folder} must hold files of pictures, and there is none; give a folder of them")
    curves: list[CodecCurve] = []
    for ours, coder in coders.items():
        for steps in sorted({0, effort}):
            name = f"{ours}, effort {steps}" if steps else ours
            qualities = range(1, coder.model.num_qualities + 1)
            coded = partial(learned_encode, coder, steps=steps)
            curves.append(measured_curve(name, qualities, coded, originals))
            say(f"{name}: done")
    for name in LOSSY_CODECS:
        curves.append(classical_curve(name, originals))
        say(f"{name}: done")
    return CodecBench(
        num_pictures=len(originals),
        effort=effort,
        models=tuple(coder.fingerprint.hex() for coder in coders.values()),
        curves=tuple(curves),
        source=folder,
        model_names=tuple(models),
        machine=machine(),
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
