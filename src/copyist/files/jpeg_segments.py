"""The segments of a JPEG that describe its picture, carried over as they are."""

__all__ = ["carried_segments", "with_segments"]

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
