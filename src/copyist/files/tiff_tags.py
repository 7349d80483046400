"""How a TIFF stores a picture: layout, compression, and the tags that describe it, as raw bytes."""

__all__ = ["LONG", "SHORT", "TYPE_SIZES", "RawTag", "TiffStorage", "described", "raw_ifd", "truthful_description"]

import json
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, final

SHORT, LONG = 3, 4
"""Types of tags."""

TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value of each type."""

SUB_IFDS = (34665, 34853)
"""Details of the shot, and its place."""

_LAYOUT = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 284, 288, 289, 292, 293, 317, 320}
    | {322, 323, 324, 325, 330, 338, 339, 347, *range(512, 522), 529, 530, 531, 532, 34675, *SUB_IFDS, 40965}
)
"""Tags that store the picture, and are written anew."""

_OF_VALUES = frozenset({280, 281, 340, 341})
"""The least and largest value, which a new picture does not have."""

_OF_INKS = frozenset({332, 333, 334, 336, 337})
_OF_STACKS = frozenset({297, 50838, 50839})
"""What describes several pages: the page's number, and ImageJ's."""

_WITH_OFFSETS = frozenset({34412, 33628, 33629, 33630, 33631, 34361, 34362, 37500, 50740, 65420, 65449})
"""Private tags of microscopes and cameras that point to places in the file, or count its pages."""


@final
@dataclass(frozen=True)
class RawTag:
    """One tag as it lies in a file."""

    code: int
    type: int
    count: int
    content: bytes
    """In the byte order of the file."""


@final
@dataclass(frozen=True, kw_only=True)
class TiffStorage:
    """All that a TIFF says of a picture, but for the pixels."""

    byteorder: Literal["<", ">"] = "<"
    is_big: bool = False
    """Whether offsets have 64 bits."""

    compression: int = 8
    """The tag's number: 1 none, 5 LZW, 7 JPEG, 8 and 32946 deflate, 32773 PackBits, 34925 LZMA, 50000 Zstandard."""

    predictor: int = 1
    """1 none, 2 differences along rows, 3 the same for floats."""

    planar: bool = False
    """Whether samples lie in planes, one behind the other."""

    tile: tuple[int, int] | None = None
    """(H, W) of a tile; None where there are strips."""

    rows_per_strip: int | None = None
    """None puts all rows into one strip."""

    extra_samples: tuple[int, ...] = ()
    """What each sample beyond color is: 0 not declared, 1 alpha by which color was multiplied, 2 alpha."""

    tags: tuple[RawTag, ...] = ()
    """Those that describe the picture."""

    sub_ifds: tuple[tuple[int, tuple[RawTag, ...]], ...] = ()
    """Tags in directories of their own, each under the tag that points to it."""


def described(
    tags: Collection[RawTag], *, cut: bool, new_colors: bool
) -> tuple[tuple[RawTag, ...], tuple[RawTag, ...]]:
    """The tags that stay true of one picture, and those that are lost.

    Args:
        tags: all of a page.
        cut: whether it is one page of several, alone from now on.
        new_colors: whether its inks or palette became colors.
    """
    gone = _LAYOUT | _OF_VALUES | (_OF_STACKS if cut else frozenset[int]()) | (_OF_INKS if new_colors else frozenset())
    kept = [tag for tag in tags if tag.code not in gone and tag.code not in _WITH_OFFSETS]
    if cut:
        kept = [each for each in map(truthful_description, kept) if each is not None]
    lost = [tag for tag in tags if tag.code in _WITH_OFFSETS]
    return tuple(kept), tuple(lost)


def truthful_description(tag: RawTag) -> RawTag | None:
    """A tag without what it says of other pages than one; None where nothing is left of it."""
    if tag.code != 270:
        return tag
    text = tag.content.rstrip(b"\0")
    if text.startswith(b"ImageJ="):
        counting = rb"^(images|channels|slices|frames|hyperstack|mode|loop)=.*\n?"
        text = re.sub(counting, b"", text, flags=re.MULTILINE)
    elif text.lstrip().startswith(b"{"):
        text = _without_shape(text)
    elif _names_planes_of_ome(text):
        return None
    content = text + b"\0"
    return RawTag(270, 2, len(content), content) if text else None


def raw_ifd(data: bytes, offset: int, *, byteorder: Literal["<", ">"], is_big: bool) -> tuple[RawTag, ...]:
    """The tags of a directory at `offset`, but for those that point elsewhere.

    Raises:
        struct.error: it does not lie inside the file.
    """
    form, header = ("HHQ", "Q") if is_big else ("HHI", "H")
    (count,) = struct.unpack_from(byteorder + header, data, offset)
    position, width = offset + struct.calcsize("<" + header), struct.calcsize("<" + form)
    inline = 8 if is_big else 4
    tags: list[RawTag] = []
    for index in range(min(count, 4096)):
        start = position + index * (width + inline)
        code, kind, number = struct.unpack_from(byteorder + form, data, start)
        size = TYPE_SIZES.get(kind, 0) * number
        place = start + width
        if size > inline:
            (place,) = struct.unpack_from(byteorder + ("Q" if is_big else "I"), data, place)
        content = data[place : place + size]
        if size and len(content) == size and code != 40965:
            tags.append(RawTag(code, kind, number, content))
    return tuple(tags)


def _without_shape(text: bytes) -> bytes:
    """A description in JSON without the shape that tifffile notes in it."""
    try:
        said: Any = json.loads(text)
    except ValueError:
        return text
    if not isinstance(said, dict) or "shape" not in said:
        return text
    rest = {name: value for name, value in said.items() if name not in ("shape", "axes", "truncated")}
    return json.dumps(rest).encode() if rest else b""


def _names_planes_of_ome(text: bytes) -> bool:
    return b"<OME" in text[:2000] and b"SizeZ" in text
