"""Files that Pillow opens: their values as stored, alpha told from other samples, and what is needed to write them."""

__all__ = ["quiet", "read_by_pillow", "read_header_by_pillow"]

import contextlib
import io
import re
import threading
import warnings
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.errors import DataError
from copyist.files.decoded import UNSEEN_ALPHA, DecodedImage, ImageHeader, ValueRange
from copyist.files.formats import OF_PILLOW, WRITTEN
from copyist.files.inks import cmyk_to_rgb
from copyist.files.jpeg2000 import jpeg2000_values, needs_more_than_pillow
from copyist.files.jpeg_segments import carried_segments, without_preview
from copyist.files.limits import LARGEST, check_pixel_count
from copyist.files.orientation import ORIENTATION, SWAPPED, turn_upright
from copyist.files.pillow_losses import notices_of_changes, notices_of_losses
from copyist.files.png_files import carried_chunks, exif_chunk, png_values, transparent_alpha

_GRAY = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N")
_OPTIONS = {
    "JPEG": ("progressive",),
    "BMP": ("dpi",),
    "DIB": ("dpi",),
    "WEBP": ("xmp",),
    "AVIF": ("xmp",),
    "HEIF": ("xmp",),
    "GIF": ("comment",),
    "TGA": ("compression", "orientation"),
}
"""What Pillow tells of a file under the name by which it is told when it writes one."""

_MOVING = ("duration", "loop", "blend", "disposal")
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
_LEARNED = ("HEIF",)
"""Formats that Pillow reads only once another package has taught it."""

_opening = threading.Lock()


def read_header_by_pillow(data: bytes) -> ImageHeader:
    """The header of the first picture.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    image, orientation = _opened(data)
    depth = _depth(image, data)
    return ImageHeader(
        size=(image.width, image.height) if orientation in SWAPPED else (image.height, image.width),
        channels=_channels(image, data),
        pixel_type="uint16" if depth > 8 else "uint8",
        pages=(pages := _num_pages(image)),
        notices=(*notices_of_changes(image, data, pages), *((UNSEEN_ALPHA,) if image.has_transparency_data else ())),
    )


def read_by_pillow(data: bytes, *, index: int = 0, alone: bool = True) -> DecodedImage:
    """One picture of a file.

    Args:
        data: the file.
        index: of the picture in it.
        alone: whether only this one will be written again.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    image, orientation = _opened(data)
    depth, pages = _depth(image, data), _num_pages(image)
    if index and depth > 8:
        raise DataError(f"a moving picture of {depth} bits")
    notices = [*notices_of_changes(image, data, pages if alone else 1), *notices_of_losses(image)]
    if image.format == "GIF" and image.mode == "P":  # Its colors have a palette again.
        notices[notices.index("its palette becomes full colors")] = "its colors get a new palette"
    format_ = "JPEG" if image.format == "MPO" else str(image.format)
    gray = _channels(image, data) == 1
    if index:
        image.seek(index)
    picture = _values(image, data, depth)
    if index and gray and (picture.pixels == picture.pixels[:, :, :1]).all():
        picture = replace(picture, pixels=picture.pixels[:, :, :1])  # Pillow joins all but the first in RGB.
    notices += picture.notices
    options = {name: image.info[name] for name in _OPTIONS.get(format_, ()) if name in image.info}
    if pages > 1 and not alone:
        options |= {name: image.info[name] for name in _MOVING if name in image.info}
    icc = image.info.get("icc_profile")
    return replace(
        picture,
        pixels=turn_upright(picture.pixels, orientation),
        alpha=None if picture.alpha is None else turn_upright(picture.alpha, orientation),
        others=None if picture.others is None else turn_upright(picture.others, orientation),
        format=format_ if format_ in WRITTEN else "PNG",
        orientation=orientation,
        icc=icc if icc and image.mode != "CMYK" else None,
        exif=without_preview(image.info.get("exif") or b"") or None,
        carried=_carried(image, data),
        options={**options, **picture.options},
        lossless=_is_lossless(image, data),
        pages=pages,
        notices=tuple(notices),
    )


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Suppress Pillow's warnings, and let it open what `check_pixel_count` will judge."""
    # Warning filters and limits belong to all threads: one at a time may change them.
    with _opening, warnings.catch_warnings():
        limit = Image.MAX_IMAGE_PIXELS
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = LARGEST // 2
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _opened(data: bytes) -> tuple[Image.Image, int]:
    """A file opened but not decoded, and its orientation."""
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC and b"avif" not in data[8:40]:
        _learn_heic()
    with quiet():
        image = Image.open(
            io.BytesIO(data), formats=[each for each in OF_PILLOW if each in Image.OPEN or each not in _LEARNED]
        )
    bands, channels = len(image.getbands()), _channels(image, data)
    check_pixel_count(image.height, image.width, bytes_per_pixel=bands, channels=channels, stored=len(data))
    if image.format == "PNG" and (exif := exif_chunk(data)) is not None:
        image.info["exif"] = exif
    with quiet():
        # Pillow's own way for a PNG decodes the pixels first.
        orientation = Image.Image.getexif(image).get(ORIENTATION, 1)
    return image, orientation if orientation in range(1, 9) else 1


def _learn_heic() -> None:
    try:
        import pillow_heif  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise DataError("HEIC is read by another package; pip install 'copyist[heic]'") from error
    pillow_heif.register_heif_opener()


def _num_pages(image: Image.Image) -> int:
    """Pictures that can be taken one by one: of an icon, of layers and of several photographs in one the first only."""
    moving = image.format in ("GIF", "WEBP", "PNG", "AVIF", "FLI", "DCX")
    return max(1, int(getattr(image, "n_frames", 1))) if moving else 1


def _values(image: Image.Image, data: bytes, depth: int) -> DecodedImage:
    """Values as stored, not yet upright."""
    if image.format == "PNG" and image.mode not in ("P", "PA"):
        return _of_png(image, data, depth)
    if image.format == "JPEG2000" and needs_more_than_pillow(data):
        return jpeg2000_values(data)
    if image.mode in ("P", "PA"):
        gray = _has_gray_palette(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image = image.convert("LA" if image.mode == "RGBA" else "L") if gray else image
    elif image.mode == "CMYK":
        rgb = cmyk_to_rgb(np.asarray(image), image.info.get("icc_profile"), top=255)
        return DecodedImage(pixels=rgb, format="")
    elif image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    elif image.mode in ("I;16", "I;16B", "I;16L", "I;16N"):
        return DecodedImage(pixels=np.asarray(image).astype(np.uint16)[:, :, None], depth=16, format="")
    elif image.mode == "YCbCr":
        image = image.convert("RGB")
    elif image.mode == "1":
        bits = np.asarray(image).astype(np.uint8)[:, :, None]
        return DecodedImage(pixels=bits, depth=1, range=ValueRange(black=0, white=1), format="")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise DataError(f"values of Pillow's mode {image.mode}, which must be converted to RGB or gray first")
    values = np.asarray(image)
    values = values[:, :, None] if values.ndim == 2 else values
    if image.mode in ("LA", "RGBA"):
        return DecodedImage(pixels=values[:, :, :-1], alpha=values[:, :, -1], format="")
    return DecodedImage(pixels=values, format="")


def _of_png(image: Image.Image, data: bytes, depth: int) -> DecodedImage:
    """A PNG without a palette."""
    values: npt.NDArray[Any]
    if depth == 16:
        values = png_values(data)
    elif image.mode == "1":
        values = np.asarray(image).astype(np.uint8)[:, :, None]
    else:
        values = np.asarray(image)
        values = values[:, :, None] if values.ndim == 2 else values
        if depth < 8:
            values = values // np.uint8(255 // (2**depth - 1))
    if values.shape[2] in (2, 4):  # Gray or RGB with alpha: a PNG has no other samples.
        return DecodedImage(pixels=values[:, :, :-1], alpha=values[:, :, -1], depth=depth, format="")
    top = ValueRange(black=0, white=2**depth - 1) if depth < 8 else None
    alpha = transparent_alpha(data, values, depth)
    if alpha is None:
        return DecodedImage(pixels=values, depth=depth, range=top, format="")
    notice = "its transparent color becomes an alpha channel"
    if depth < 8:  # No PNG has alpha in fewer bits.
        values, depth, notice = values * np.uint8(255 // (2**depth - 1)), 8, f"{notice}, and its values take 8 bits"
    return DecodedImage(pixels=values, alpha=alpha, depth=depth, format="", notices=(notice,))


def _channels(image: Image.Image, data: bytes) -> int:
    """1 for gray, 3 for color, alpha not counted."""
    if image.mode in _GRAY:
        return 1
    if image.mode in ("P", "PA"):
        return 1 if _has_gray_palette(image) else 3
    # Pillow shows gray with alpha in 16 bits as colors.
    return 1 if image.format == "PNG" and data[25] in (0, 4) else 3


def _depth(image: Image.Image, data: bytes) -> int:
    """Bits per value, as they will be taken."""
    if image.format == "PNG":
        return 8 if image.mode in ("P", "PA") else int(data[24])
    if image.format == "JPEG2000":
        return max(8, needs_more_than_pillow(data) or 8)
    return 1 if image.mode == "1" else 16 if image.mode.startswith("I") else 8


def _has_gray_palette(image: Image.Image) -> bool:
    colors = np.asarray(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
    return bool((colors == colors[:, :1]).all())


def _carried(image: Image.Image, data: bytes) -> tuple[bytes, ...]:
    if image.format == "PNG":
        return carried_chunks(data)
    if image.format in ("JPEG", "MPO"):
        return carried_segments(data, is_first_of_several=image.format == "MPO")
    return ()


def _is_lossless(image: Image.Image, data: bytes) -> bool:
    if image.format == "WEBP":
        # The chunk of pixels, in the file or in its first frame.
        found = re.search(rb"VP8[ L]", data)
        return found is not None and found[0] == b"VP8L"
    return image.format not in ("JPEG", "MPO", "GIF", "AVIF", "HEIF")
