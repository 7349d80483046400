"""One image file's bytes as pixels, upright, with all that is needed to write such a file again."""

__all__ = ["DECODER", "SUFFIXES", "DecodedImage", "ImageHeader", "decode_image", "quiet", "read_header"]

import contextlib
import io
import threading
import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from copyist.errors import DataError
from copyist.files.pixels import (
    ORIENTATION,
    SWAPPED,
    channels_of,
    depth_of,
    needs_tifffile,
    pixels_of,
    turn_upright,
)

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm"})
"""Names that are taken for images."""

DECODER = 2
"""Changes whenever the same file gives other pixels, so that nothing that is remembered of a file outlives it."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
_DESCRIBING = (270, 271, 272, 305, 306, 315, 33432)
"""Description, make, model, software, date, artist and copyright."""

_warnings = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """The header of an image file, read without decoding pixels."""

    size: tuple[int, int]
    """(H, W), upright."""

    channels: int
    """1 or 3; alpha is not counted."""

    depth: int
    """Bits per value: 1, 8 or 16."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedImage:
    """An image, upright, and how it was stored."""

    pixels: npt.NDArray[Any]
    """(H, W, C) with C 1 or 3; 16-bit files fill uint16, all others uint8."""

    alpha: npt.NDArray[Any] | None
    """(H, W) in the depth of the pixels."""

    depth: int
    """Bits per value: 1, 8 or 16."""

    format: str
    """Pillow's name of it."""

    orientation: int = 1
    """The EXIF orientation the file is stored in, from 1 to 8; 1 is upright."""

    icc: bytes | None = None
    """The color profile."""

    exif: bytes | None = None
    """The EXIF block, orientation included."""

    lossless: bool = True
    """Whether the file keeps its pixels exactly."""

    notices: tuple[str, ...] = field(default=())
    """What could not be kept as it was, each as the end of a sentence about the file."""


def read_header(data: bytes) -> ImageHeader:
    """Read the first bytes of an image file.

    Raises:
        DataError: it is no image, or one too large to be one; the text is a short reason.
    """
    with _short_reasons():
        return _read_header(data)


def decode_image(data: bytes) -> DecodedImage:
    """Decode an image file.

    Raises:
        DataError: it is no image, broken, or too large to be one; the text is a short reason.
    """
    with _short_reasons():
        return _decode(data)


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Suppress Pillow's warnings; decompression bombs are errors meanwhile."""
    # Warning filters belong to all threads: one at a time may change them.
    with _warnings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _read_header(data: bytes) -> ImageHeader:
    image, orientation = _open(data)
    stored = image.getexif() if image.format == "TIFF" else {}
    height, width = stored.get(257, image.height), stored.get(256, image.width)
    return ImageHeader(
        size=(width, height) if orientation in SWAPPED else (height, width),
        channels=channels_of(image, data),
        depth=depth_of(image, data),
    )


def _decode(data: bytes) -> DecodedImage:
    image, orientation = _open(data)
    tags = _tiff_tags(image, orientation) if image.format == "TIFF" else None  # Before the pixels: decoding drops some.
    pixels, alpha, notices = pixels_of(image, data)
    if 0 in pixels.shape:
        raise DataError("empty")
    icc = image.info.get("icc_profile")
    depth = depth_of(image, data)
    # Pillow itself turns the pixels of a TIFF, and of nothing else.
    turn = 1 if image.format == "TIFF" and not needs_tifffile(image, depth) else orientation
    return DecodedImage(
        pixels=turn_upright(pixels, turn),
        alpha=None if alpha is None else turn_upright(alpha, turn),
        depth=depth,
        format="JPEG" if image.format == "MPO" else str(image.format),
        orientation=orientation,
        icc=icc if icc and image.mode not in ("CMYK",) else None,
        exif=tags or image.info.get("exif") or None,
        lossless=_is_lossless(image, data),
        notices=tuple(notices),
    )


@contextlib.contextmanager
def _short_reasons() -> Generator[None, None, None]:
    """Whatever a decoder raises, as a short reason; a damaged file can make it fail in any way."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError("not an image") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError("more pixels than any real image") from error
    except Exception as error:
        raise DataError(_reason(error)) from error


def _open(data: bytes) -> tuple[Image.Image, int]:
    """A file opened but not decoded, and its orientation."""
    if not data:
        raise DataError("empty")
    with quiet():
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        orientation = image.getexif().get(ORIENTATION, 1)
    return image, orientation if orientation in range(1, 9) else 1


def _tiff_tags(image: Image.Image, orientation: int) -> bytes | None:
    """The tags of a TIFF that describe rather than store it, as an EXIF block."""
    present, kept = image.getexif(), Image.Exif()
    for tag in _DESCRIBING:
        if tag in present:
            kept[tag] = present[tag]
    if details := present.get_ifd(ExifTags.IFD.Exif):
        kept[ExifTags.IFD.Exif] = dict(details)
    if orientation != 1:
        kept[ORIENTATION] = orientation
    return kept.tobytes() if len(kept) else None


def _is_lossless(image: Image.Image, data: bytes) -> bool:
    if image.format != "WEBP":
        return image.format not in ("JPEG", "MPO", "GIF")
    position = 12
    while position + 8 <= len(data):
        if data[position : position + 4] == b"VP8L":
            return True
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + length % 2
    return False


def _reason(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip().lower()
    if isinstance(error, EOFError) or "truncated" in text or "unexpected end" in text:
        return "truncated"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    return text or "broken"
