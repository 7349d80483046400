"""Pixels written again as the file they came from: same format, depth, transparency, orientation, profile and EXIF."""

__all__ = ["encode_image", "encode_pages"]

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.errors import OutputError
from copyist.files.bmp_alpha import write_bmp
from copyist.files.decoded import DecodedImage
from copyist.files.jpeg2000 import jpeg2000_bytes
from copyist.files.jpeg_segments import with_segments
from copyist.files.orientation import ORIENTATION, turn_back
from copyist.files.pillow_reading import quiet
from copyist.files.png_files import with_chunks, write_png
from copyist.files.portable_maps import write_map
from copyist.files.tiff_tags import TiffStorage
from copyist.files.tiff_writing import TiffPage, write_tiff

JPEG_QUALITY = 95


def encode_image(image: DecodedImage) -> bytes:
    """The bytes of a file that holds the pixels of `image`, stored in the format, depth and orientation of `image`.

    Raises:
        OutputError: the format cannot hold an image of this size.
    """
    return encode_pages([image])


def encode_pages(images: Sequence[DecodedImage]) -> bytes:
    """The bytes of one file that holds at least one image, in the format of the first.

    Raises:
        OutputError: the format cannot hold them.
    """
    first = images[0]
    try:
        if first.format == "TIFF":
            return write_tiff([_tiff_page(image) for image in images])
        if len(images) > 1:
            return _moving(images)
        if first.format == "PPM":
            return write_map(first)
        if first.format == "PNG":
            return _png(first)
        if first.format in ("BMP", "DIB") and first.alpha is not None:
            return _bmp(first)
        if first.format == "JPEG2000" and (first.depth > 8 or first.range is not None):
            return _jpeg2000(first)
        return _by_pillow([first])
    except (OSError, ValueError, RuntimeError, KeyError, OverflowError, struct.error) as error:
        raise OutputError(f"{first.format} cannot hold this image ({error}); convert the input to PNG first") from error


def _stored(image: DecodedImage) -> npt.NDArray[Any]:
    """All samples (H, W, S) in the order of their meanings: color, alpha, others; turned as the file has them."""
    planes = [image.pixels]
    planes += [] if image.alpha is None else [image.alpha[:, :, None]]
    planes += [] if image.others is None else [image.others]
    return np.ascontiguousarray(turn_back(np.concatenate(planes, axis=2), image.orientation))


def _tiff_page(image: DecodedImage) -> TiffPage:
    storage = image.tiff or TiffStorage(extra_samples=() if image.alpha is None else (2,))
    samples, colors = _stored(image), image.pixels.shape[2]
    at = next((place for place, meaning in enumerate(storage.extra_samples) if meaning in (1, 2)), 0)
    if at and image.alpha is not None:  # Alpha stands first here, and behind others in the file.
        order = [*range(colors), *range(colors + 1, colors + 1 + at)]
        order += [colors, *range(colors + 1 + at, samples.shape[2])]
        samples = np.ascontiguousarray(samples[:, :, order])
    values = image.values
    return TiffPage(
        samples=samples,
        bits=image.depth,
        photometric=2 if colors == 3 else int(values.black <= values.white),
        orientation=image.orientation,
        icc=image.icc,
        storage=storage,
    )


def _png(image: DecodedImage) -> bytes:
    exif = _exif(image)
    if image.depth == 16 or 1 < image.depth < 8:
        return with_chunks(write_png(_stored(image), image.depth), image.carried, icc=image.icc, exif=exif)
    return with_chunks(_by_pillow([image]), image.carried)


def _bmp(image: DecodedImage) -> bytes:
    values = _stored(image)
    values = values if values.shape[2] == 4 else values[:, :, [0, 0, 0, 1]]
    dpi = image.options.get("dpi", (96, 96))
    return write_bmp(values, dpi=dpi, with_file_header=image.format == "BMP")


def _jpeg2000(image: DecodedImage) -> bytes:
    if image.alpha is not None:
        raise ValueError(f"alpha in {image.depth} bits")
    return jpeg2000_bytes(_stored(image), depth=image.depth, bare=bool(image.options.get("no_jp2")))


def _moving(images: Sequence[DecodedImage]) -> bytes:
    """The pictures of an animation, each for its time."""
    first = images[0]
    options: dict[str, Any] = {"save_all": True}
    if "duration" in first.options:
        options["duration"] = [image.options.get("duration", 0) for image in images]
    if first.format == "GIF" and any(image.alpha is not None for image in images):
        options["disposal"] = 2
    if "blend" in first.options and first.format != "GIF":
        options["blend"] = 0  # Each picture is whole.
    if "loop" in first.options:
        options["loop"] = first.options["loop"]
    data = _by_pillow(images, **options)
    return with_chunks(data, first.carried) if first.format == "PNG" else data


def _by_pillow(images: Sequence[DecodedImage], **options: Any) -> bytes:
    first = images[0]
    pictures = [_picture(image) for image in images]
    exif = _exif(first)
    options |= {
        name: value for name, value in first.options.items() if name not in ("duration", "loop", "blend", "disposal")
    }
    if first.icc:
        options["icc_profile"] = first.icc
    if exif:
        options["exif"] = exif
    match first.format:
        case "JPEG":
            options |= {"quality": JPEG_QUALITY, "subsampling": 0}
        case "WEBP":
            options |= {"lossless": True, "exact": True} if first.lossless else {"quality": JPEG_QUALITY}
        case "AVIF":
            is_gray = first.pixels.shape[2] == 1 and first.alpha is None
            options |= {"quality": JPEG_QUALITY, "subsampling": "4:0:0" if is_gray else "4:4:4"}
        case "HEIF":
            options |= {"quality": JPEG_QUALITY, "chroma": 444}
        case "ICO":
            options |= {"sizes": [pictures[0].size]}
        case "JPEG2000":
            options |= {"irreversible": False}
        case _:
            pass
    if len(pictures) > 1:
        options["append_images"] = pictures[1:]
    with io.BytesIO() as file:
        pictures[0].save(file, format=first.format, **options)
        data = file.getvalue()
    return with_segments(data, first.carried) if first.format == "JPEG" else data


def _picture(image: DecodedImage) -> Image.Image:
    values = _stored(image)
    values = values > 0 if image.depth == 1 and image.values.white == 1 else values
    if image.format == "GIF" and (picture := _with_exact_palette(values)) is not None:
        return picture
    return Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)


def _with_exact_palette(values: npt.NDArray[Any]) -> Image.Image | None:
    """A picture of the very colors that are there; None where they are more than a palette holds."""
    height, width, samples = values.shape
    if samples == 1:
        return None  # 256 grays are a palette.
    alpha = values[:, :, -1] if samples in (2, 4) else None
    colors = values if alpha is None else values[:, :, :-1]
    colors = np.repeat(colors, 3, axis=2) if colors.shape[2] == 1 else colors
    is_clear = np.zeros((height, width), bool) if alpha is None else alpha < 128
    codes = colors.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    found, places = np.unique(codes[~is_clear], return_inverse=True)
    if len(found) + bool(is_clear.any()) > 256:
        return None
    indices = np.full((height, width), min(len(found), 255), np.uint8)
    indices[~is_clear] = places.astype(np.uint8)
    picture = Image.fromarray(indices, "P")
    palette = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.uint8)
    picture.putpalette(np.concatenate([palette, np.zeros((1, 3), np.uint8)])[:256].tobytes())
    if is_clear.any():
        picture.info["transparency"] = len(found)
    return picture


def _exif(image: DecodedImage) -> bytes | None:
    """The EXIF block with the orientation the pixels are stored in."""
    if image.exif is None and image.orientation == 1:
        return None
    tags = Image.Exif()
    if image.exif is not None:
        try:
            with quiet():
                tags.load(image.exif)
        except Exception:  # Damaged in any way; the picture is worth more than the block.
            tags = Image.Exif()
            if image.orientation == 1:
                return None
    if tags.get(ORIENTATION, 1) == image.orientation:
        return image.exif
    tags[ORIENTATION] = image.orientation
    return tags.tobytes()
