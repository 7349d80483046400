"""Colors that are no gray or RGB, converted: inks and palettes."""

__all__ = ["cmyk_to_rgb", "palette_colors", "rgb_by_pillow"]

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from copyist.errors import DataError


def cmyk_to_rgb(inks: npt.NDArray[Any], profile: bytes | None, *, top: int) -> npt.NDArray[Any]:
    """Inks (H, W, 4) up to `top` as sRGB (H, W, 3): by their profile, or else (1 − ink)(1 − black)."""
    if profile:
        converted = _by_profile(inks, profile, top=top)
        if converted is not None:
            return converted
    if inks.dtype == np.uint8 and top == 255:
        return np.asarray(Image.fromarray(np.ascontiguousarray(inks), "CMYK").convert("RGB"))
    paper = 1 - inks.astype(np.float64) / top
    return np.rint(paper[:, :, :3] * paper[:, :, 3:] * top).astype(inks.dtype)


def palette_colors(colormap: npt.NDArray[np.uint16] | None) -> npt.NDArray[Any]:
    """The colors (N, 3), or grays (N, 1), of a TIFF's palette (3, N): in 8 bits where they lose nothing by it.

    Raises:
        DataError: there is no palette.
    """
    if colormap is None:
        raise DataError("no palette in it")
    colors = np.ascontiguousarray(np.asarray(colormap, np.uint16).T)
    if (colors % 257 == 0).all():
        colors = (colors // 257).astype(np.uint8)
    elif (colors % 256 == 0).all():
        colors = (colors // 256).astype(np.uint8)
    return colors[:, :1] if (colors == colors[:, :1]).all() else colors


def rgb_by_pillow(data: bytes, index: int) -> npt.NDArray[np.uint8]:
    """A page of a TIFF in YCbCr without JPEG, whose colors no one but Pillow's libtiff converts."""
    with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
        image.seek(index)
        orientation = image.getexif().get(0x0112, 1)
        if orientation != 1:
            raise DataError("its colors are YCbCr, turned; convert it to RGB first")
        return np.asarray(image.convert("RGB"))


def _by_profile(inks: npt.NDArray[Any], profile: bytes, *, top: int) -> npt.NDArray[Any] | None:
    """By a color profile; None where it does not fit."""
    if inks.dtype == np.uint8 and top == 255:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = Image.fromarray(np.ascontiguousarray(inks), "CMYK")
            done = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except ImageCms.PyCMSError:
            return None
        return None if done is None else np.asarray(done)
    import imagecodecs

    try:
        whole = np.rint(inks * (65535 / top)).astype(np.uint16)
        srgb = imagecodecs.cms_profile("srgb")
        done = imagecodecs.cms_transform(whole, profile, srgb, colorspace="cmyk", outcolorspace="rgb")
    except (ValueError, RuntimeError):
        return None
    return np.rint(done * (top / 65535)).astype(inks.dtype)
