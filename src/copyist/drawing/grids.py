"""Many images on one sheet, to be looked at."""

__all__ = ["grid", "rows", "webp_bytes", "write_png"]

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from copyist.checks import check_at_least, check_images
from copyist.errors import ArgumentError, ShapeError
from copyist.outputs import whole_file
from copyist.tensors import Images

Sheet: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"
"""(H, W, 3), red, green and blue."""

LEAST_SIDE = 96
"""The longer side of a shown image, in pixels: smaller images are enlarged to at least this."""

QUALITIES = (92, 84, 76, 68, 60, 50, 40, 30, 20, 10, 5, 1)
"""Of WebP files with loss, from the best to the worst that is tried."""

PAPER = 255
INK = (60, 60, 66)
FONT_SIZE = 15
SPELLED_OUT = {"α": "alpha", "β": "beta", "σ": "sigma", "×": "x", "−": "-", "–": "-", "→": "to"}
"""What the font that comes with Pillow has no shapes for."""


def grid(x: Images, *, columns: int | None = None, gap: int = 2, scale: int | None = None) -> Sheet:
    """Lay images out in reading order on white.

    Values are clipped to [0, 1]. One or two channels show the first as gray; four or more show the first three as
    colors.

    Args:
        x: images (B, C, H, W).
        columns: images per row; about a square unless given.
        gap: white pixels between images, after enlarging.
        scale: whole number by which each pixel is repeated; unless given, the least that makes images visible.

    Returns:
        One sheet (H, W, 3) of 8-bit values.

    Raises:
        ShapeError: `x` is not (B, C, H, W).
        ArgumentError: `columns` or `scale` is below 1, or `gap` below 0.
    """
    check_images(x)
    columns = min(len(x), math.ceil(math.sqrt(len(x)))) if columns is None else columns
    scale = _visible_scale(x) if scale is None else scale
    check_at_least("columns", columns, 1)
    check_at_least("scale", scale, 1)
    check_at_least("gap", gap, 0)
    tiles = _tiles(x, scale)
    height, width = tiles.shape[1] + gap, tiles.shape[2] + gap
    num_rows = math.ceil(len(tiles) / columns)
    sheet = np.full((num_rows * height - gap, columns * width - gap, 3), PAPER, dtype=np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * height, i % columns * width
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def rows(
    images: Mapping[str, Images],
    *,
    columns: Sequence[str] = (),
    gap: int = 2,
    scale: int | None = None,
    font_size: int = FONT_SIZE,
) -> Sheet:
    """Lay batches out below one another, one row each, with its name on the left.

    Args:
        images: batches (B, C, H, W) by name, from top to bottom; all of one image shape.
        columns: names above the columns, from left to right; one for each of the longest row, or none.
        gap: as for `grid`.
        scale: as for `grid`.
        font_size: of the names, in pixels.

    Returns:
        One sheet (H, W, 3) of 8-bit values; shorter rows end in white.

    Raises:
        ShapeError: a batch is not (B, C, H, W), or images differ in shape.
        ArgumentError: there are no rows, or not as many columns as names for them.
    """
    if not images:
        raise ArgumentError("a sheet needs at least one row of images, got none")
    shapes = {name: _shape_of_row(name, x) for name, x in images.items()}
    if len({shape[1:] for shape in shapes.values()}) > 1:
        raise ShapeError(f"the images of all rows must have one height and width, got {shapes}")
    longest = max(len(x) for x in images.values())
    if columns and len(columns) != longest:
        raise ArgumentError(f"a sheet of {longest} columns needs as many names for them, got {len(columns)}")
    strips = [grid(x, columns=longest, gap=gap, scale=scale) for x in images.values()]
    between = np.full((gap, strips[0].shape[1], 3), PAPER, dtype=np.uint8)
    pictures = np.concatenate([part for strip in strips for part in (strip, between)][:-1])
    labels = _labels([_spell_out(name) for name in images], strips[0].shape[0], gap, font_size)
    sheet = np.concatenate([labels, pictures], axis=1)
    if not columns:
        return sheet
    heads = _heads([_spell_out(name) for name in columns], labels.shape[1], pictures.shape[1], gap, font_size)
    return np.concatenate([heads, sheet])


def write_png(path: Path, array: Sheet) -> None:
    """Write a sheet as a PNG file.

    Raises:
        OutputError: the file cannot be written.
    """
    with whole_file(path) as temporary:
        Image.fromarray(array).save(temporary, format="PNG")


def webp_bytes(array: Sheet, *, at_most: int | None = None, least: int = 0) -> bytes:
    """A sheet as a WebP file: without loss, or with as little as brings it below a size.

    Args:
        array: the sheet.
        at_most: bytes of the file; passed where even the lowest quality needs more. None is a file without loss.
        least: quality that is tried, of 100.
    """
    image = Image.fromarray(array)
    data = _webp(image, lossless=True, quality=80)
    for quality in QUALITIES:
        if at_most is None or len(data) <= at_most or quality < least:
            break
        data = _webp(image, quality=quality)
    return data


def _webp(image: Image.Image, *, quality: int, lossless: bool = False) -> bytes:
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=quality, lossless=lossless, method=4)
    return file.getvalue()


def _visible_scale(x: Images) -> int:
    """The least whole number that enlarges these images to a visible size."""
    return max(1, math.ceil(LEAST_SIDE / max(x.shape[-2:])))


def _shape_of_row(name: str, x: Images) -> tuple[int, ...]:
    check_images(x, name=f"the images of row {name!r}")
    return tuple(x.shape[1:])


def _tiles(x: Images, scale: int) -> Sheet:
    """Images as 8-bit colors, (B, H·scale, W·scale, 3)."""
    channels = (0, 1, 2) if x.shape[1] >= 3 else (0, 0, 0)
    shown = x.detach()[:, list(channels)].float().nan_to_num(0.0).clamp(0, 1)
    values = shown.mul(255).round().byte().cpu().numpy().transpose(0, 2, 3, 1)
    return values.repeat(scale, axis=1).repeat(scale, axis=2)


def _spell_out(name: str) -> str:
    return name.translate(str.maketrans(SPELLED_OUT))


def _heads(names: Sequence[str], left: int, width: int, gap: int, font_size: int) -> Sheet:
    """A line of names, each over the middle of its column; the columns begin at `left` and are `width` wide in all."""
    paper = Image.new("RGB", (left + width, font_size + font_size // 2), (PAPER, PAPER, PAPER))
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(font_size)
    step = (width + gap) / len(names)
    for i, name in enumerate(names):
        draw.text((left + i * step + (step - gap) / 2, paper.height / 2), name, font=font, fill=INK, anchor="mm")
    return np.asarray(paper)


def _labels(names: list[str], height: int, gap: int, font_size: int) -> Sheet:
    """A column of names, each in the middle of its row and set against the right edge."""
    font = ImageFont.load_default(font_size)
    measure = ImageDraw.Draw(Image.new("L", (1, 1)))
    boxes = [measure.multiline_textbbox((0, 0), name, font=font) for name in names]
    width = math.ceil(max(box[2] for box in boxes)) + font_size
    paper = Image.new("RGB", (width, len(names) * (height + gap) - gap), (PAPER, PAPER, PAPER))
    draw = ImageDraw.Draw(paper)
    for i, (name, box) in enumerate(zip(names, boxes, strict=True)):
        middle = i * (height + gap) + height / 2
        place = (width - font_size * 0.6 - box[2], middle - (box[1] + box[3]) / 2)
        draw.multiline_text(place, name, font=font, fill=INK, align="right")
    return np.asarray(paper)
