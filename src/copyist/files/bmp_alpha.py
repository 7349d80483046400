"""BMPs with alpha, whose header Pillow reads and does not write."""

__all__ = ["write_bmp"]

import struct
from typing import Any

import numpy.typing as npt

_HEADER = 108
_BITFIELDS = 3
_METER = 39.3701


def write_bmp(values: npt.NDArray[Any], *, dpi: tuple[float, float], with_file_header: bool) -> bytes:
    """A BMP of 32 bits with the masks of version 4; a DIB is the same without the first 14 bytes.

    Args:
        values: (H, W, 4), RGB and alpha, uint8.
        dpi: across and down.
        with_file_header: whether it is a BMP.
    """
    height, width, _ = values.shape
    body = values[::-1, :, [2, 1, 0, 3]].tobytes()
    across, down = (round(each * _METER) for each in dpi)
    header = struct.pack(
        "<IiiHHIIiiII", _HEADER, width, height, 1, 32, _BITFIELDS, len(body), across, down, 0, 0
    ) + struct.pack("<IIII4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    header += bytes(_HEADER - len(header))
    start = 14 + len(header)
    mark = struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) if with_file_header else b""
    return mark + header + body
