"""One image file's bytes as pixels, upright, with all that is needed to write such a file again."""

__all__ = ["DECODER", "decode_image", "decode_pages", "read_header", "read_headers"]

import contextlib
from collections.abc import Generator
from dataclasses import replace

from PIL import Image, UnidentifiedImageError

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage, ImageHeader
from copyist.files.pillow_reading import read_by_pillow, read_header_by_pillow
from copyist.files.portable_maps import is_portable_map, map_header, read_map
from copyist.files.tiff_layout import is_tiff, read_tiff_header, read_tiff_headers
from copyist.files.tiff_reading import read_tiff

DECODER = 3
"""Changes whenever the same file gives other pixels, so that nothing that is remembered of a file outlives it."""


def read_header(data: bytes) -> ImageHeader:
    """Read the first bytes of an image file.

    Raises:
        DataError: it is no image, or one too large to be one; the text is a short reason.
    """
    with _short_reasons(data):
        if is_tiff(data):
            return read_tiff_header(data)
        return map_header(data) if is_portable_map(data) else read_header_by_pillow(data)


def read_headers(data: bytes) -> list[ImageHeader]:
    """The header of each picture of a stack or a moving picture.

    Raises:
        DataError: it is no image, or one too large to be one; the text is a short reason.
    """
    with _short_reasons(data):
        if is_tiff(data):
            return read_tiff_headers(data)
        head = read_header(data)
        return [replace(head, notices=head.notices[head.pages > 1 :])] * head.pages


def decode_image(data: bytes, *, index: int | None = None) -> DecodedImage:
    """Decode an image file.

    Args:
        data: the file.
        index: of one of its pictures, to be written together with the others; None takes the first alone.

    Raises:
        DataError: it is no image, broken, or too large to be one; the text is a short reason.
    """
    page, alone = index or 0, index is None
    with _short_reasons(data):
        if is_tiff(data):
            return read_tiff(data, index=page, alone=alone)
        return read_map(data) if is_portable_map(data) else read_by_pillow(data, index=page, alone=alone)


def decode_pages(data: bytes) -> list[DecodedImage]:
    """Decode all pictures of a stack or a moving picture.

    Raises:
        DataError: it is no image, broken, or too large to be one; the text is a short reason.
    """
    return [decode_image(data, index=index) for index in range(read_header(data).pages)]


@contextlib.contextmanager
def _short_reasons(data: bytes) -> Generator[None, None, None]:
    """Whatever a decoder raises, as a short reason; a damaged file can make it fail in any way."""
    try:
        if not data:
            raise DataError("empty")
        yield
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError("not an image") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError("more pixels than any real image") from error
    except Exception as error:
        raise DataError(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip().lower()
    if isinstance(error, EOFError) or "truncated" in text or "unexpected end" in text:
        return "truncated"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    return text or "broken"
