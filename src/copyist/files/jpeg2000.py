"""JPEG 2000 of more than 8 bits, or with samples that no one declares to be alpha: what Pillow cannot tell."""

__all__ = ["jpeg2000_bytes", "jpeg2000_values", "needs_more_than_pillow"]

from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage, ValueRange

_START = b"\xff\x4f\xff\x51"


def needs_more_than_pillow(data: bytes) -> int | None:
    """The depth of a file that Pillow would not read as it is; None for one that it reads."""
    bits, _, samples = _size(data)
    return bits if bits != 8 or (samples in (2, 4) and not _declares_alpha(data)) else None


def jpeg2000_values(data: bytes) -> DecodedImage:
    """Its values, as they are stored.

    Raises:
        DataError: they are signed, or neither gray nor RGB; the text is a short reason.
    """
    import imagecodecs

    bits, is_signed, _ = _size(data)
    if is_signed:
        raise DataError("its values are signed; save it as TIFF")
    values = np.asarray(imagecodecs.jpeg2k_decode(data))
    values = values[:, :, None] if values.ndim == 2 else values
    has_alpha = _declares_alpha(data) and values.shape[2] in (2, 4)
    colors = 3 if values.shape[2] >= 3 else 1
    extra = values[:, :, colors:]
    if extra.shape[2] and not has_alpha:
        raise DataError(f"{values.shape[2]} samples, and it does not say what they are; save it as TIFF or PNG")
    return DecodedImage(
        pixels=values[:, :, :colors],
        alpha=extra[:, :, 0] if has_alpha else None,
        depth=bits,
        range=ValueRange(black=0, white=2**bits - 1),
        format="",
        options={"no_jp2": data[:4] == _START},
    )


def jpeg2000_bytes(values: npt.NDArray[Any], *, depth: int, bare: bool) -> bytes:
    """A lossless file of gray or RGB (H, W, C); `bare` leaves the box around it out."""
    import imagecodecs

    return bytes(
        imagecodecs.jpeg2k_encode(
            (values[:, :, 0] if values.shape[2] == 1 else values).copy(),
            level=0,
            reversible=True,
            bitspersample=depth,
            codecformat="j2k" if bare else "jp2",
        )
    )


def _size(data: bytes) -> tuple[int, bool, int]:
    """Bits of its values, whether they are signed, and how many samples a pixel has."""
    start = data.find(_START)
    if start < 0 or len(data) < start + 43:
        raise DataError("truncated")
    samples = int.from_bytes(data[start + 40 : start + 42], "big")
    first = data[start + 42]
    return (first & 127) + 1, first > 127, samples


def _declares_alpha(data: bytes) -> bool:
    """Whether a box of channel definitions calls a sample opacity."""
    at = data.find(b"cdef", 0, max(0, data.find(_START)))
    if at < 0:
        return False
    count = int.from_bytes(data[at + 4 : at + 6], "big")
    return any(data[at + 8 + 6 * index : at + 10 + 6 * index] == b"\0\1" for index in range(count))
