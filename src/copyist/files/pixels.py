"""What an opened image file holds: channels, bits, values as they are stored, and which way up it is."""

__all__ = [
    "ORIENTATION",
    "SWAPPED",
    "channels_of",
    "depth_of",
    "needs_tifffile",
    "pixels_of",
    "turn_back",
    "turn_upright",
]

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

ORIENTATION = 0x0112
"""The EXIF tag."""

SWAPPED = (5, 6, 7, 8)
"""EXIF orientations in which height and width change places."""

_WIDE_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def pixels_of(image: Image.Image, data: bytes) -> tuple[Any, Any, list[str]]:
    """Stored values (H, W, C), alpha (H, W) or None, and notices."""
    notices: list[str] = []
    if getattr(image, "is_animated", False) and image.format != "MPO":
        notices.append("only the first of its pictures is taken")
    if depth_of(image, data) == 16:
        return *_pixels_of_16_bits(image, data), notices
    if image.mode in ("P", "PA"):
        own = image.format == "GIF"
        notices.append("its colors get a new palette" if own else "its palette becomes full colors")
        gray = _has_gray_palette(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image = image.convert("LA" if image.mode == "RGBA" else "L") if gray else image
    elif image.mode == "CMYK":
        notices.append("its CMYK colors become sRGB")
        image = _to_srgb(image)
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
    return *_split_alpha(np.asarray(image)), notices


def channels_of(image: Image.Image, data: bytes) -> int:
    """1 for gray, 3 for color, alpha not counted."""
    if image.mode in ("1", "L", "LA", "La", *_WIDE_MODES):
        return 1
    if image.mode in ("P", "PA"):
        return 1 if _has_gray_palette(image) else 3
    # Pillow shows gray with alpha in 16 bits as colors.
    return 1 if image.format == "PNG" and data[25] == 4 else 3


def depth_of(image: Image.Image, data: bytes) -> int:
    """Bits per value, as the file has them."""
    if image.mode == "1":
        return 1
    if image.format == "PNG":
        return 16 if data[24] == 16 else 8
    if image.format == "TIFF":
        bits = image.getexif().get(258, 8)
        return 16 if 16 in (bits if isinstance(bits, tuple) else (bits,)) else 8
    return 16 if image.mode in _WIDE_MODES else 8


def needs_tifffile(image: Image.Image, depth: int) -> bool:
    """Whether Pillow cannot read all bits of this file, and tifffile must."""
    return image.format == "TIFF" and depth == 16 and image.mode not in _WIDE_MODES


def turn_upright(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """An array (H, W, ...) as stored, turned upright by its EXIF `orientation`."""
    match orientation:
        case 2:
            return array[:, ::-1]
        case 3:
            return array[::-1, ::-1]
        case 4:
            return array[::-1]
        case 5:
            return np.swapaxes(array, 0, 1)
        case 6:
            return np.rot90(array, -1)
        case 7:
            return np.swapaxes(array[::-1, ::-1], 0, 1)
        case 8:
            return np.rot90(array)
        case _:
            return array


def turn_back(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """An upright array (H, W, ...) as a file of this `orientation` stores it: the inverse of `turn_upright`."""
    return turn_upright(array, {6: 8, 8: 6}.get(orientation, orientation))


def _pixels_of_16_bits(image: Image.Image, data: bytes) -> tuple[Any, Any]:
    """The values of a 16-bit file, which Pillow reads whole for gray alone."""
    if image.mode in _WIDE_MODES and "transparency" not in image.info:
        return _split_alpha(np.asarray(image).astype(np.uint16))
    if needs_tifffile(image, 16):
        import tifffile

        return _split_alpha(np.asarray(tifffile.imread(io.BytesIO(data), key=0), dtype=np.uint16))
    import png

    width, height, rows, info = png.Reader(bytes=data).read()
    values = np.vstack([np.asarray(row, dtype=np.uint16) for row in rows]).reshape(height, width, -1)
    clear = info.get("transparent")
    if clear is None:
        return _split_alpha(values)
    alpha = np.where((values == np.array(clear)).all(axis=2), 0, 65535).astype(np.uint16)
    return values, alpha


def _split_alpha(values: npt.NDArray[Any]) -> tuple[Any, Any]:
    """Colors and alpha, from values whose last axis may hold both."""
    values = values[:, :, None] if values.ndim == 2 else values
    if values.shape[2] in (2, 4):
        return values[:, :, :-1], values[:, :, -1]
    if values.shape[2] not in (1, 3):
        raise ValueError(f"{values.shape[2]} channels")
    return values, None


def _has_gray_palette(image: Image.Image) -> bool:
    colors = np.asarray(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
    return bool((colors == colors[:, :1]).all())


def _to_srgb(image: Image.Image) -> Image.Image:
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
