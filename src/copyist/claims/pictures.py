"""Pictures of a claim, written beside its result: each as a sheet to look at, and small for a page of many claims."""

__all__ = ["SHEETS", "SMALL", "draw_pictures"]

import math
from collections.abc import Mapping
from pathlib import Path

from copyist.claims.result import NamedPicture
from copyist.claims.trial import Pictures
from copyist.drawing.grids import rows, webp_bytes
from copyist.outputs import write_bytes
from copyist.tensors import Images

SHEETS = 80_000
"""Bytes of all sheets of one claim, at most."""

SMALL = 5_500
"""Bytes of a small picture, at most."""

SIDE = 48
"""The longer side of an image of a small picture, in pixels; larger images are not made smaller."""

WIDTH = 5 * SIDE
"""Of all images in a row of a small picture."""

FEWEST = 3
"""Images in a row of a small picture, where a row has more."""


def draw_pictures(out: Path, claim: str, pictures: Mapping[str, Pictures]) -> list[NamedPicture]:
    """Write the pictures of a claim, without loss where they fit into `SHEETS`, and give their names.

    Args:
        out: the folder of the results.
        claim: its name.
        pictures: by their short names.

    Raises:
        ShapeError: rows of one picture hold images of different shapes.
        OutputError: a file cannot be written.
    """
    drawn: list[NamedPicture] = []
    for short, each in pictures.items():
        images = {label: x.float().cpu() for label, x in each.rows.items()}
        file, small = f"{claim}-{short}.webp", f"{claim}-{short}-small.webp"
        write_bytes(out / file, webp_bytes(rows(images), at_most=SHEETS // len(pictures)))
        write_bytes(out / small, _small(images))
        drawn.append(NamedPicture(name=short, file=file, caption=each.caption, small=small))
    return drawn


def _small(images: Mapping[str, Images]) -> bytes:
    """A few images of each row, from its first to its last, since what happens along a row must still be seen.

    Fewer where they would otherwise be smeared: noise takes many bytes.
    """
    side = max(next(iter(images.values())).shape[-2:])
    scale = max(1, SIDE // side)
    sheet = b""
    for count in range(max(FEWEST, WIDTH // (scale * side)), FEWEST - 1, -1):
        few = {label: x[_places(len(x), count)] for label, x in images.items()}
        least = 30 if count > FEWEST else 0
        sheet = webp_bytes(rows(few, gap=1, scale=scale, font_size=11), at_most=SMALL, least=least)
        if len(sheet) <= SMALL:
            break
    return sheet


def _places(length: int, count: int) -> list[int]:
    """So many places, or all there are, as evenly apart as whole numbers allow, the first and the last among them."""
    if length <= count:
        return list(range(length))
    return [math.floor(i * (length - 1) / (count - 1) + 0.5) for i in range(count)]
