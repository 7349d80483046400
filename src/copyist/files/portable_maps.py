"""PBM, PGM, PPM and PFM, read and written with the largest value they declare."""

__all__ = ["is_portable_map", "map_header", "read_map", "write_map"]

import re
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage, ImageHeader, ValueRange
from copyist.files.limits import check_pixel_count

_CHANNELS = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3, b"f": 1, b"F": 3}
_TOKEN = re.compile(rb"(?:\s|#[^\n]*\n)*([^\s#]+)")


@final
@dataclass(frozen=True, kw_only=True)
class _Header:
    kind: bytes
    width: int
    height: int
    top: int
    """The largest value; 1 for bits and floats."""

    order: str
    """Of a float."""

    start: int
    """Where the values begin."""

    @property
    def channels(self) -> int:
        return _CHANNELS[self.kind]

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(f"{self.order}f4" if self.kind in b"fF" else ">u2" if self.top > 255 else "u1")


def is_portable_map(data: bytes) -> bool:
    """Whether a file says that it is one."""
    return data[:1] == b"P" and data[1:2] in _CHANNELS and (data[2:3].isspace() or data[2:3] == b"#")


def map_header(data: bytes) -> ImageHeader:
    """Its header.

    Raises:
        DataError: it is broken; the text is a short reason.
    """
    header = _header(data)
    check_pixel_count(
        header.height, header.width, bytes_per_pixel=header.channels, channels=header.channels, stored=len(data)
    )
    kind = "float32" if header.kind in b"fF" else ValueRange(black=0, white=header.top).pixel_type
    return ImageHeader(size=(header.height, header.width), channels=header.channels, pixel_type=kind)


def read_map(data: bytes) -> DecodedImage:
    """Its values, as they are stored.

    Raises:
        DataError: it is broken, has values above its largest, or floats outside [0, 1]; the text is a short reason.
    """
    header = _header(data)
    pixels = _values(header, data).reshape(header.height, header.width, header.channels)
    if header.kind in b"fF":
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0 and high <= 1):
            raise DataError(f"its floats must lie in [0, 1], got [{low:g}, {high:g}]; scale them")
        pixels = pixels[::-1]
    elif pixels.max() > header.top:
        raise DataError(f"a value of {pixels.max()}, above its largest of {header.top}")
    if header.kind in b"14":
        pixels = 1 - pixels  # A 1 is black.
    return DecodedImage(
        pixels=np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("=")),
        depth=32 if header.kind in b"fF" else header.top.bit_length(),
        range=ValueRange(black=0, white=header.top),
        format="PPM",
        options={"kind": header.kind.decode(), "order": header.order},
    )


def write_map(image: DecodedImage) -> bytes:
    """The file again: plain text where it was that."""
    pixels, kind = image.pixels, str(image.options.get("kind", "5"))
    height, width, channels = pixels.shape
    if _CHANNELS[kind.encode()] != channels:
        kind = {"1": "3", "2": "3", "3": "2", "4": "6", "5": "6", "6": "5", "f": "F", "F": "f"}[kind]
    head = f"P{kind}\n{width} {height}\n"
    if kind in "fF":
        order = str(image.options.get("order", "<"))
        return f"{head}{-1.0 if order == '<' else 1.0}\n".encode() + pixels[::-1].astype(f"{order}f4").tobytes()
    top = int(image.values.white)
    if kind == "4":
        return head.encode() + np.packbits(1 - pixels[:, :, 0], axis=1).tobytes()
    head += "" if kind == "1" else f"{top}\n"
    if kind in "123":
        rows = (1 - pixels if kind == "1" else pixels).reshape(-1).tolist()
        lines = [" ".join(map(str, rows[at : at + 12])) for at in range(0, len(rows), 12)]
        return (head + "\n".join(lines) + "\n").encode()
    return head.encode() + pixels.astype(">u2" if top > 255 else "u1").tobytes()


def _header(data: bytes) -> _Header:
    kind, position, numbers = data[1:2], 2, list[bytes]()
    while len(numbers) < (2 if kind in b"14" else 3):
        found = _TOKEN.match(data, position)
        if found is None:
            raise DataError("truncated")
        numbers.append(found[1])
        position = found.end()
    try:
        width, height = int(numbers[0]), int(numbers[1])
        top = 1 if kind in b"14fF" else int(numbers[2])
        scale = float(numbers[2]) if kind in b"fF" else -1.0
    except ValueError as error:
        raise DataError("its header holds no numbers") from error
    if width < 1 or height < 1:
        raise DataError("empty")
    if not 0 < top < 65536 or scale == 0:
        raise DataError("its largest value must lie between 1 and 65535")
    order = ">" if scale > 0 else "<"
    return _Header(kind=kind, width=width, height=height, top=top, order=order, start=position + 1)


def _values(header: _Header, data: bytes) -> npt.NDArray[Any]:
    count = header.width * header.height * header.channels
    body = data[header.start :]
    if header.kind == b"4":
        row = -(-header.width // 8)
        if len(body) < row * header.height:
            raise DataError("truncated")
        packed = np.frombuffer(body, np.uint8, row * header.height).reshape(header.height, row)
        return np.unpackbits(packed, axis=1)[:, : header.width]
    if header.kind in b"123":
        body = re.sub(rb"#[^\n]*", b"", data[header.start - 1 :])
        words = [bytes([digit]) for digit in body if digit in b"01"] if header.kind == b"1" else body.split()
        if len(words) < count:
            raise DataError("truncated")
        try:
            numbers = np.array(words[:count], dtype="S6").astype(np.int64)
        except ValueError as error:
            raise DataError("a value that is no number") from error
        if numbers.min() < 0 or numbers.max() > header.top:
            raise DataError(f"a value above its largest of {header.top}")
        return numbers.astype(np.uint16 if header.top > 255 else np.uint8)
    if len(body) < count * header.dtype.itemsize:
        raise DataError("truncated")
    return np.frombuffer(body, header.dtype, count)
