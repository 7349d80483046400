"""One image file's bytes as pixels, upright, with all that is needed to write such a file again."""

__all__ = ["SUFFIXES", "Decoded", "Header", "decoded", "header", "quiet"]

import contextlib
import io
import threading
import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from copyist.data.orientation import ORIENTATION, SWAPPED, upright
from copyist.errors import DataError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm"})
"""Names that are taken for images."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
_DESCRIBING = (270, 271, 272, 305, 306, 315, 33432)
"""Description, make, model, software, date, artist and copyright."""

_WIDE_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_warnings = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of itself before its pixels are decoded."""

    size: tuple[int, int]
    """(H, W), upright."""

    channels: int
    """1 or 3; alpha is not counted."""

    depth: int
    """Bits per value: 1, 8 or 16."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
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
    """The colour profile."""

    exif: bytes | None = None
    """The EXIF block, orientation included."""

    lossless: bool = True
    """Whether the file keeps its pixels exactly."""

    notices: tuple[str, ...] = field(default=())
    """What could not be kept as it was, each as the end of a sentence about the file."""


def header(data: bytes) -> Header:
    """Read the first bytes of an image file.

    Raises:
        DataError: it is no image, or one too large to be one; the text is a short reason.
    """
    with _failures():
        return _header(data)


def decoded(data: bytes) -> Decoded:
    """Decode an image file.

    Raises:
        DataError: it is no image, broken, or too large to be one; the text is a short reason.
    """
    with _failures():
        return _decoded(data)


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Keep Pillow's warnings back; decompression bombs are errors meanwhile."""
    # Warning filters belong to all threads: one at a time may change them.
    with _warnings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _header(data: bytes) -> Header:
    image, orientation = _opened(data)
    stored = image.getexif() if image.format == "TIFF" else {}
    height, width = stored.get(257, image.height), stored.get(256, image.width)
    return Header(
        size=(width, height) if orientation in SWAPPED else (height, width),
        channels=_channels(image, data),
        depth=_depth(image, data),
    )


def _decoded(data: bytes) -> Decoded:
    image, orientation = _opened(data)
    tags = _tiff_tags(image, orientation) if image.format == "TIFF" else None  # Before the pixels: decoding drops some.
    pixels, alpha, notices = _pixels(image, data)
    if 0 in pixels.shape:
        raise DataError("empty")
    icc = image.info.get("icc_profile")
    depth = _depth(image, data)
    # Pillow itself turns the pixels of a TIFF, and of nothing else.
    turn = 1 if image.format == "TIFF" and not _by_tifffile(image, depth) else orientation
    return Decoded(
        pixels=upright(pixels, turn),
        alpha=None if alpha is None else upright(alpha, turn),
        depth=depth,
        format="JPEG" if image.format == "MPO" else str(image.format),
        orientation=orientation,
        icc=icc if icc and image.mode not in ("CMYK",) else None,
        exif=tags or image.info.get("exif") or None,
        lossless=_is_lossless(image, data),
        notices=tuple(notices),
    )


@contextlib.contextmanager
def _failures() -> Generator[None, None, None]:
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


def _opened(data: bytes) -> tuple[Image.Image, int]:
    """A file opened but not decoded, and its orientation."""
    if not data:
        raise DataError("empty")
    with quiet():
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        orientation = image.getexif().get(ORIENTATION, 1)
    return image, orientation if orientation in range(1, 9) else 1


def _channels(image: Image.Image, data: bytes) -> int:
    if image.mode in ("1", "L", "LA", "La", *_WIDE_MODES):
        return 1
    if image.mode in ("P", "PA"):
        return 1 if _has_grey_palette(image) else 3
    # Pillow shows grey with alpha in 16 bits as colours.
    return 1 if image.format == "PNG" and data[25] == 4 else 3


def _depth(image: Image.Image, data: bytes) -> int:
    if image.mode == "1":
        return 1
    if image.format == "PNG":
        return 16 if data[24] == 16 else 8
    if image.format == "TIFF":
        bits = image.getexif().get(258, 8)
        return 16 if 16 in (bits if isinstance(bits, tuple) else (bits,)) else 8
    return 16 if image.mode in _WIDE_MODES else 8


def _pixels(image: Image.Image, data: bytes) -> tuple[Any, Any, list[str]]:
    """Stored values (H, W, C), alpha (H, W) or None, and notices."""
    notices: list[str] = []
    if getattr(image, "is_animated", False) and image.format != "MPO":
        notices.append("only the first of its pictures is taken")
    if _depth(image, data) == 16:
        return *_wide_pixels(image, data), notices
    if image.mode in ("P", "PA"):
        own = image.format == "GIF"
        notices.append("its colours get a new palette" if own else "its palette becomes full colours")
        grey = _has_grey_palette(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image = image.convert("LA" if image.mode == "RGBA" else "L") if grey else image
    elif image.mode == "CMYK":
        notices.append("its CMYK colours become sRGB")
        image = _as_srgb(image)
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    elif image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    elif image.mode in ("I", "F"):
        raise ValueError("values of 32 bits")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    return *_apart(np.asarray(image)), notices


def _wide_pixels(image: Image.Image, data: bytes) -> tuple[Any, Any]:
    """The values of a 16-bit file, which Pillow reads whole for grey alone."""
    if image.mode in _WIDE_MODES and "transparency" not in image.info:
        return _apart(np.asarray(image).astype(np.uint16))
    if _by_tifffile(image, 16):
        import tifffile

        return _apart(np.asarray(tifffile.imread(io.BytesIO(data), key=0), dtype=np.uint16))
    import png

    width, height, rows, info = png.Reader(bytes=data).read()
    values = np.vstack([np.asarray(row, dtype=np.uint16) for row in rows]).reshape(height, width, -1)
    clear = info.get("transparent")
    if clear is None:
        return _apart(values)
    alpha = np.where((values == np.array(clear)).all(axis=2), 0, 65535).astype(np.uint16)
    return values, alpha


def _by_tifffile(image: Image.Image, depth: int) -> bool:
    return image.format == "TIFF" and depth == 16 and image.mode not in _WIDE_MODES


def _tiff_tags(image: Image.Image, orientation: int) -> bytes | None:
    """The tags of a TIFF that describe rather than store it, as an EXIF block."""
    found, kept = image.getexif(), Image.Exif()
    for tag in _DESCRIBING:
        if tag in found:
            kept[tag] = found[tag]
    if details := found.get_ifd(ExifTags.IFD.Exif):
        kept[ExifTags.IFD.Exif] = dict(details)
    if orientation != 1:
        kept[ORIENTATION] = orientation
    return kept.tobytes() if len(kept) else None


def _apart(values: npt.NDArray[Any]) -> tuple[Any, Any]:
    """Colours and alpha, from values whose last axis may hold both."""
    values = values[:, :, None] if values.ndim == 2 else values
    if values.shape[2] in (2, 4):
        return values[:, :, :-1], values[:, :, -1]
    if values.shape[2] not in (1, 3):
        raise ValueError(f"{values.shape[2]} channels")
    return values, None


def _has_grey_palette(image: Image.Image) -> bool:
    colours = np.asarray(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _as_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except ImageCms.PyCMSError:
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


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
