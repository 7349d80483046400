"""What compressed pictures cost, in bits and in error, beside other codecs."""

__all__ = ["CompressedPicture", "CompressionReport", "Rival"]

from dataclasses import dataclass
from typing import Literal, final

from copyist.drawing.text import text_table
from copyist.drawing.wording import number
from copyist.evaluation.documents import Document


@final
@dataclass(frozen=True, kw_only=True)
class Rival:
    """The same picture by another codec, at the size nearest to ours."""

    codec: str
    quality: int | None
    """Of that codec; None where it has none."""

    bytes: int
    bits_per_pixel: float
    psnr: float
    """In dB; infinite where the pixels are the very same."""

    ms_ssim: float | None
    """None of a picture that is too small for it."""


@final
@dataclass(frozen=True, kw_only=True)
class CompressedPicture:
    """One picture."""

    name: str
    file: str
    width: int
    height: int
    bytes: int
    """Of the whole file."""

    bits_per_pixel: float
    """Of the whole file."""

    estimated_bits_per_pixel: float
    """What the entropy model says of all but the header."""

    psnr: float
    """Of what the file is decoded to, in dB, over colors; infinite where the pixels are the very same."""

    ms_ssim: float | None
    """None of a picture that is too small for it."""

    encode_seconds: float
    decode_seconds: float
    beside: tuple[Rival, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class CompressionReport(Document):
    """Pictures that were compressed by one model, in one way."""

    schema: Literal["copyist.compression"] = "copyist.compression"
    version: Literal[1] = 1

    model: str
    """Its fingerprint."""

    quality: int
    lossless: bool
    effort: int
    pictures: tuple[CompressedPicture, ...]

    def text(self) -> str:
        """A line for each picture, and below it one for each other codec."""
        rows = [["", "bytes", "bits per pixel", "(estimated)", "PSNR", "MS-SSIM", "encoded in", "decoded in"]]
        for each in self.pictures:
            size, estimate = number(each.bits_per_pixel, 3), f"({number(each.estimated_bits_per_pixel, 3)})"
            times = [f"{seconds:.2f} s" for seconds in (each.encode_seconds, each.decode_seconds)]
            rows.append([each.name, f"{each.bytes:,}", size, estimate, *_fidelity(each), *times])
            for other in each.beside:
                setting = "" if other.quality is None else f", quality {other.quality}"
                values = [f"{other.bytes:,}", number(other.bits_per_pixel, 3), "", *_fidelity(other), "", ""]
                rows.append([f"  {other.codec}{setting}", *values])
        return text_table(rows)


def _fidelity(each: CompressedPicture | Rival) -> list[str]:
    exact = each.psnr == float("inf")
    return ["exact" if exact else f"{number(each.psnr)} dB", "" if exact else number(each.ms_ssim, 4)]
