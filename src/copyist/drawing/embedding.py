"""Pictures inside a page, which then needs no other files."""

__all__ = ["EmbeddedPicture", "data_uri", "embedded_png", "embedded_webp"]

import base64
import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image, UnidentifiedImageError

from copyist.errors import DataError


@dataclass(frozen=True, kw_only=True)
class EmbeddedPicture:
    """A picture inside a page."""

    uri: str
    caption: str
    width: int
    height: int


def embedded_png(data: bytes, *, caption: str, name: str, remedy: str) -> EmbeddedPicture:
    """The bytes of a PNG file as a picture inside a page.

    Args:
        data: the file's content.
        caption: one sentence below the picture.
        name: of the file, for the error.
        remedy: what to do where the file is damaged.

    Raises:
        DataError: the file is no whole PNG.
    """
    return _embedded("PNG", data, caption, name, remedy)


def embedded_webp(data: bytes, *, caption: str, name: str, remedy: str) -> EmbeddedPicture:
    """The bytes of a WebP file as a picture inside a page; as `embedded_png`."""
    return _embedded("WebP", data, caption, name, remedy)


def _embedded(kind: Literal["PNG", "WebP"], data: bytes, caption: str, name: str, remedy: str) -> EmbeddedPicture:
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as image:
            width, height = image.size
            # Half a PNG is found out by its sums, half a WebP by what is missing.
            image.verify() if kind == "PNG" else image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{name} must be a whole {kind} picture; {remedy}") from error
    return EmbeddedPicture(uri=data_uri(f"image/{kind.lower()}", data), caption=caption, width=width, height=height)


def data_uri(kind: str, data: bytes) -> str:
    """The bytes of a file of this media type as a URI that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
