"""One picture compressed, decompressed again and measured, here or in a process of its own."""

__all__ = ["Job", "Outcome", "do_job", "do_named_job", "fidelity", "of_8_bits"]

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch

from copyist.baselines.picture_codecs import EXACT_CODECS, LOSSY_CODECS, PictureCodec, at_size
from copyist.compression.codec import ImageCoder
from copyist.compression.models import coder_of
from copyist.compression.raster import Raster
from copyist.compression.refinement import Refine, refinement
from copyist.evaluation.compressed.report import CompressedPicture, Rival
from copyist.metrics.distortion import LEAST_SIDE, ms_ssim

Pixels = npt.NDArray[Any]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """What is to be done with one picture."""

    name: str
    file: str
    picture: Raster
    quality: int
    lossless: bool
    effort: int
    compare: bool


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What came of it."""

    data: bytes
    summary: CompressedPicture
    decoded: Pixels | None = None
    """(H, W, C), of 8 bits, where others are set beside it."""

    jpeg: Pixels | None = None
    """The same by JPEG at equal bytes."""


def do_job(job: Job, coder: ImageCoder) -> Outcome:
    """Compress a picture, decompress it, and measure both.

    Raises:
        CopyistError: as `ImageCoder.compress`.
    """
    started = time.perf_counter()
    made = coder.compress(job.picture, quality=job.quality, lossless=job.lossless, refine=_refine(coder, job.effort))
    between = time.perf_counter()
    found = coder.decompress(made.data)
    ended = time.perf_counter()
    pixels = job.picture.pixels
    height, width = job.picture.size
    psnr, similarity = fidelity(found.pixels, pixels)
    copies: dict[str, Pixels] = {}
    beside = _beside(job, len(made.data), copies) if job.compare else ()
    summary = CompressedPicture(
        name=job.name,
        file=job.file,
        width=width,
        height=height,
        bytes=len(made.data),
        bits_per_pixel=8 * len(made.data) / (height * width),
        estimated_bits_per_pixel=8 * made.estimated_bytes / (height * width),
        psnr=psnr,
        ms_ssim=similarity,
        encode_seconds=between - started,
        decode_seconds=ended - between,
        beside=beside,
    )
    decoded = of_8_bits(found.pixels) if job.compare else None
    return Outcome(data=made.data, summary=summary, decoded=decoded, jpeg=copies.get("JPEG"))


def do_named_job(job: Job, model: str | None, class_of: str | None, device: str | None, threads: int) -> Outcome:
    """`do_job` in a process that reads the model once."""
    torch.set_num_threads(threads)
    return do_job(job, _coder(model, class_of, device))


def fidelity(x_hat: Pixels, x: Pixels) -> tuple[float, float | None]:
    """PSNR in dB and MS-SSIM of pixels (H, W, C) of one type; None of what is too small for MS-SSIM."""
    largest = float(np.iinfo(x.dtype).max)
    error = 0.0
    for top in range(0, x.shape[0], 512):
        rows = slice(top, top + 512)
        error += float(np.square(x_hat[rows].astype(np.float64) - x[rows]).sum())
    psnr = float("inf") if not error else float(-10 * np.log10(error / x.size / largest**2))
    if min(x.shape[:2]) < LEAST_SIDE or x.size > 2**27:
        return psnr, None
    tensors = (torch.from_numpy(each.astype(np.float32) / np.float32(largest)) for each in (x_hat, x))
    return psnr, float(ms_ssim(*(each.permute(2, 0, 1)[None] for each in tensors))[0])


def _beside(job: Job, size: int, copies: dict[str, Pixels]) -> tuple[Rival, ...]:
    """Other codecs on the same picture in 8 bits: the exact ones beside what is exact."""
    pixels = of_8_bits(job.picture.pixels)
    if job.lossless:
        made = {name: (codec.encode(pixels), None) for name, codec in EXACT_CODECS.items()}
        return tuple(_rival(name, EXACT_CODECS[name], *each, pixels, copies) for name, each in made.items())
    nearest = {name: at_size(codec, pixels, size) for name, codec in LOSSY_CODECS.items()}
    return tuple(_rival(name, LOSSY_CODECS[name], *each, pixels, copies) for name, each in nearest.items())


def _rival(
    name: str, codec: PictureCodec, data: bytes, quality: int | None, pixels: Pixels, copies: dict[str, Pixels]
) -> Rival:
    copies[name] = codec.decode(data, pixels.shape[2])
    psnr, similarity = fidelity(copies[name], pixels)
    bits = 8 * len(data) / (pixels.shape[0] * pixels.shape[1])
    return Rival(codec=name, quality=quality, bytes=len(data), bits_per_pixel=bits, psnr=psnr, ms_ssim=similarity)


def of_8_bits(pixels: Pixels) -> Pixels:
    """Pixels of 8 or 16 bits in 8."""
    return pixels if pixels.dtype == np.uint8 else np.rint(pixels / np.float32(257)).astype(np.uint8)


@lru_cache(maxsize=1)
def _coder(model: str | None, class_of: str | None, device: str | None) -> ImageCoder:
    return coder_of(model, verb="compress", class_of=class_of, device=device)


def _refine(coder: ImageCoder, effort: int) -> Refine | None:
    return refinement(coder.model, steps=effort) if effort else None
