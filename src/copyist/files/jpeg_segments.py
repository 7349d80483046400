"""The segments of a JPEG that describe its picture, carried over as they are."""

__all__ = ["carried_segments", "with_segments", "without_preview"]

import struct

_OF_GAIN_MAPS = (b"GContainer", b"hdrgm", b"Container:Directory")
"""What speaks of further pictures behind the first, which are gone."""


def carried_segments(data: bytes, *, is_first_of_several: bool) -> tuple[bytes, ...]:
    """Resolution, XMP, IPTC and comments; profile and EXIF are written from what is known of the picture.

    Args:
        data: the file.
        is_first_of_several: whether pictures behind the first are left out.
    """
    segments: list[bytes] = []
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in (0xDA, 0xD9) or end > len(data):
            break
        segment = data[position:end]
        if _describes(marker, segment[4:]) and not (
            is_first_of_several and any(word in segment for word in _OF_GAIN_MAPS)
        ):
            segments.append(segment)
        position = end
    return tuple(segments)


def with_segments(jpeg: bytes, carried: tuple[bytes, ...]) -> bytes:
    """A JPEG with other segments in front; a header with the resolution takes the place of its own."""
    start = 2
    if jpeg[2:4] == b"\xff\xe0":
        start = 4 + int.from_bytes(jpeg[4:6], "big")
    headers = [each for each in carried if each[1] == 0xE0] or [jpeg[2:start]]
    others = [each for each in carried if each[1] != 0xE0]
    return jpeg[:2] + b"".join([*headers[:1], *others]) + jpeg[start:]


def _describes(marker: int, content: bytes) -> bool:
    match marker:
        case 0xE0:
            return content.startswith(b"JFIF\0")
        case 0xE1:
            return content.startswith(b"http://ns.adobe.com/")
        case 0xED | 0xFE:
            return True
        case _:
            return False


def without_preview(exif: bytes) -> bytes:
    """An EXIF block whose first directory leads to no second one, which would show the picture as it was before."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    if order is None or len(exif) < start + 8:
        return exif
    first = start + struct.unpack_from(f"{order}I", exif, start + 4)[0]
    if first + 2 > len(exif):
        return exif
    behind = first + 2 + 12 * struct.unpack_from(f"{order}H", exif, first)[0]
    return exif[:behind] + bytes(4) + exif[behind + 4 :] if behind + 4 <= len(exif) else exif
