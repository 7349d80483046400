"""Pixels written again as the file they came from: same format, depth, transparency, orientation, profile and EXIF."""

__all__ = ["encode_image"]

import io
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from copyist.errors import OutputError
from copyist.files.decoding import DecodedImage, quiet
from copyist.files.pixels import ORIENTATION, turn_back

JPEG_QUALITY = 95
_PLAIN_TAGS = {270: "ImageDescription", 271: "Make", 272: "Model", 305: "Software", 306: "DateTime", 315: "Artist"}


def encode_image(image: DecodedImage) -> bytes:
    """The bytes of a file that holds the pixels of `image`, stored in the format, depth and orientation of `image`.

    Raises:
        OutputError: the format cannot hold an image of this size.
    """
    values = image.pixels if image.alpha is None else np.concatenate([image.pixels, image.alpha[:, :, None]], axis=2)
    values = np.ascontiguousarray(turn_back(values, image.orientation))
    exif = _exif(image)
    try:
        if image.depth == 16 and image.format == "PNG":
            return _png_of_16_bits(values, image.icc, exif)
        if image.depth == 16 and image.format == "TIFF":
            return _tiff_of_16_bits(values, image.icc, exif)
        return _by_pillow(values, image, exif)
    except (OSError, ValueError, RuntimeError) as error:
        raise OutputError(f"{image.format} cannot hold this image ({error}); convert the input to PNG first") from error


def _by_pillow(values: npt.NDArray[Any], image: DecodedImage, exif: bytes | None) -> bytes:
    values = values > 127 if image.depth == 1 else values
    picture = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    options: dict[str, Any] = {}
    if image.icc:
        options["icc_profile"] = image.icc
    if exif:
        options["exif"] = exif
    match image.format:
        case "JPEG":
            options |= {"quality": JPEG_QUALITY, "subsampling": 0}
        case "WEBP":
            options |= {"lossless": True, "exact": True} if image.lossless else {"quality": JPEG_QUALITY}
        case "TIFF":
            # Pillow can compress a TIFF or give it details of the shot, not both.
            options["compression"] = None if _has_details(exif) else "tiff_deflate"
        case _:
            pass
    with io.BytesIO() as file:
        picture.save(file, format=image.format, **options)
        return file.getvalue()


def _png_of_16_bits(values: npt.NDArray[Any], icc: bytes | None, exif: bytes | None) -> bytes:
    """A PNG of 16 bits, which Pillow writes for gray alone; profile and EXIF go before the pixels."""
    import png

    height, width, channels = values.shape
    writer = png.Writer(width, height, greyscale=channels < 3, alpha=channels in (2, 4), bitdepth=16, compression=6)
    with io.BytesIO() as file:
        writer.write(file, values.reshape(height, width * channels))
        chunks = list(png.Reader(bytes=file.getvalue()).chunks())
    before: list[tuple[bytes, bytes]] = []
    if icc:
        before.append((b"iCCP", b"profile\0\0" + zlib.compress(icc)))
    if exif:
        before.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    with io.BytesIO() as file:
        png.write_chunks(file, [chunks[0], *before, *chunks[1:]])
        return file.getvalue()


def _tiff_of_16_bits(values: npt.NDArray[Any], icc: bytes | None, exif: bytes | None) -> bytes:
    """A TIFF of 16 bits, which Pillow writes for gray alone; the plain EXIF tags are kept."""
    import tifffile

    tags = Image.Exif()
    tags.load(exif or b"")
    extra: list[tuple[int, str, int, Any, bool]] = [
        (tag, "s", 0, str(tags[tag]), True) for tag in _PLAIN_TAGS if tag in tags
    ]
    if ORIENTATION in tags:
        extra.append((ORIENTATION, "H", 1, int(tags[ORIENTATION]), True))
    channels = values.shape[2]
    with io.BytesIO() as file:
        tifffile.imwrite(
            file,
            values[:, :, 0] if channels == 1 else values,
            photometric="rgb" if channels >= 3 else "minisblack",
            extrasamples=["unassalpha"] if channels in (2, 4) else None,
            planarconfig="contig" if channels > 1 else None,
            compression="deflate",
            iccprofile=icc,
            extratags=extra,
            metadata=None,
            software=False,
        )
        return file.getvalue()


def _has_details(exif: bytes | None) -> bool:
    tags = Image.Exif()
    with quiet():
        tags.load(exif or b"")
    return ExifTags.IFD.Exif in tags


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
