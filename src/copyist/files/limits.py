"""Pictures too large to be any, or for the memory there is: refused before they are decoded."""

__all__ = ["LARGEST", "check_pixel_count"]

from copyist.errors import DataError
from copyist.memory import available_memory, bytes_text

LARGEST = 2**30
"""Pixels of one picture: a gigapixel."""

_ORDINARY = 178_956_970
"""Pixels up to which a picture is taken however little its file holds: where Pillow sees a decompression bomb."""

_SMALL = 2**24
"""Pixels for which no one asks how much memory there is."""

_FEWEST_BYTES = 1 / 50
"""Bytes per pixel that a photograph's file has at least."""


def check_pixel_count(height: int, width: int, *, bytes_per_pixel: int, channels: int, stored: int) -> None:
    """Refuse sides that no picture has, before memory is taken for it.

    Args:
        height: of the picture.
        width: of the picture.
        bytes_per_pixel: once decoded, in the type in which they are stored.
        channels: that a model sees, of which each is also held in 4 bytes.
        stored: bytes of the file.

    Raises:
        DataError: it has more than a gigapixel, more pixels than its few bytes can hold, or more than fit in memory.
    """
    pixels = height * width
    if pixels > LARGEST or (pixels > _ORDINARY and stored < pixels * _FEWEST_BYTES):
        raise DataError(f"more pixels than any real image: {width}x{height} in {stored} bytes")
    if pixels > _SMALL and (needed := pixels * (bytes_per_pixel + 4 * channels)) > (there := available_memory()):
        raise DataError(f"too large for the memory: it needs {bytes_text(needed)}, and {bytes_text(there)} are left")
