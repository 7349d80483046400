"""TIFFs read: the stored values of a page, what each of its samples means, and how they lie in the file."""

__all__ = ["read_tiff"]

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage, ValueRange
from copyist.files.inks import cmyk_to_rgb, palette_colors, rgb_by_pillow
from copyist.files.orientation import turn_upright
from copyist.files.tiff_layout import (
    INKS,
    PALETTE,
    YCBCR,
    Layout,
    check_page_size,
    holds_overviews,
    layout_of,
    open_tiff,
    orientation_of,
    planes_of,
    seen_otherwise,
)
from copyist.files.tiff_tags import SUB_IFDS, RawTag, TiffStorage, described, raw_ifd
from copyist.files.tiff_writing import WRITABLE

if TYPE_CHECKING:
    import tifffile

_COMPRESSIONS = {
    2: "CCITT",
    3: "CCITT",
    4: "CCITT",
    6: "old JPEG",
    34712: "JPEG 2000",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    50001: "WebP",
    34887: "LERC",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
    34926: "old Zstandard",
    34925: "LZMA",
    33004: "JPEG 2000",
}


def read_tiff(data: bytes, *, index: int = 0, alone: bool = True) -> DecodedImage:
    """One page.

    Args:
        data: the file.
        index: of the page.
        alone: whether only this page will be written again.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    with open_tiff(data) as file:
        planes = planes_of(file)
        page, part = planes[index]
        layout = layout_of(page)
        check_page_size(page, layout, stored=len(data))
        _check_whole(page, data)
        storage, lost = _storage(file, page, data, layout, cut=alone and len(planes) > 1)
        notices = (*seen_otherwise(file, layout, pages=len(planes) if alone else 1), *lost)
        return replace(_picture(page, part, data, layout, storage), pages=len(planes), notices=notices)


def _check_whole(page: Any, data: bytes) -> None:
    """Refuse a page whose strips or tiles lie outside the file.

    Raises:
        DataError: one does.
    """
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if offset + count > len(data):
            raise DataError("truncated")


def _storage(
    file: "tifffile.TiffFile", page: Any, data: bytes, layout: Layout, *, cut: bool
) -> tuple[TiffStorage, list[str]]:
    notices = ["its overviews and masks are left out"] if holds_overviews(file) else []
    order: Literal["<", ">"] = "<" if file.byteorder == "<" else ">"
    tags = [
        RawTag(tag.code, int(tag.dtype), tag.count, data[tag.valueoffset : tag.valueoffset + tag.valuebytecount])
        for tag in page.tags
        if int(tag.dtype) in range(1, 13) or int(tag.dtype) in (13, 16, 17, 18)
    ]
    new_colors = layout.photometric in (INKS, PALETTE, YCBCR)
    kept, lost = described(tags, cut=cut, new_colors=new_colors)
    if lost:
        notices.append(f"its private tags {', '.join(str(tag.code) for tag in lost)} are left out")
    if cut and any(tag.code == 270 for tag in tags) and not any(tag.code == 270 for tag in kept):
        notices.append("its description speaks of all its pictures, and is left out")
    compression, predictor = int(page.compression), int(page.predictor)
    if compression not in WRITABLE or (compression == 7 and (layout.bits, layout.extra) != (8, ())):
        name = _COMPRESSIONS.get(compression, "JPEG" if compression == 7 else f"of kind {compression}")
        notices.append(f"its compression ({name}) becomes deflate")
        compression, predictor = 8, 1
    sub_ifds = tuple(
        (code, raw_ifd(data, page.tags[code].valueoffset, byteorder=order, is_big=file.is_bigtiff))
        for code in SUB_IFDS
        if code in page.tags
    )
    rows = int(page.rowsperstrip or 0)
    return TiffStorage(
        byteorder=order,
        is_big=file.is_bigtiff,
        compression=compression,
        predictor=predictor if predictor in (1, 2, 3) else 1,
        planar=int(page.planarconfig or 1) == 2,
        tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        rows_per_strip=rows if 0 < rows < page.imagelength else None,
        extra_samples=layout.extra,
        tags=kept,
        sub_ifds=tuple(each for each in sub_ifds if each[1]),
    ), notices


def _picture(page: Any, part: int, data: bytes, layout: Layout, storage: TiffStorage) -> DecodedImage:
    colors, extra = _samples(page, part, data, layout)
    icc = page.tags.get(34675)
    profile = bytes(icc.value) if icc is not None else None
    values: ValueRange | None = layout.values
    depth = layout.bits
    if layout.photometric == INKS:
        colors, profile = cmyk_to_rgb(colors, profile, top=int(layout.values.white)), None
    elif layout.photometric == PALETTE:
        table = palette_colors(page.colormap)
        if colors.max() >= len(table):
            raise DataError("a color that its palette does not have")
        extra = None if extra is None else _at_depth(extra, layout.bits, table.dtype)
        colors, depth, values = table[colors[:, :, 0]], 8 * table.dtype.itemsize, None
    if layout.kind == "f":
        _check_floats(colors)
    orientation, at = orientation_of(page), layout.alpha
    others = extra if extra is None or at is None else np.delete(extra, at, axis=2)
    return DecodedImage(
        pixels=turn_upright(colors, orientation),
        alpha=None if extra is None or at is None else turn_upright(extra[:, :, at], orientation),
        others=None if others is None or not others.shape[2] else turn_upright(others, orientation),
        depth=depth,
        range=values,
        premultiplied=at is not None and layout.extra[at] == 1,
        format="TIFF",
        orientation=orientation,
        icc=profile,
        tiff=storage,
        lossless=storage.compression != 7,
    )


def _samples(page: Any, part: int, data: bytes, layout: Layout) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Color (H, W, C) and the other samples (H, W, E), as stored; YCbCr as RGB."""
    if layout.photometric == YCBCR and int(page.compression) != 7:
        if layout.bits != 8 or layout.extra or part:
            raise DataError("its colors are YCbCr of more than 8 bits, or with other samples; convert it to RGB first")
        return rgb_by_pillow(data, page.index), None
    if part:
        order = page.parent.byteorder
        flat = np.frombuffer(
            data, page.dtype.newbyteorder(order), prod(page.shape), page.dataoffsets[0] + part * page.nbytes
        )
        array = flat.reshape(page.shape).astype(page.dtype)
    else:
        array = page.asarray()
    array = array.astype(np.uint8) if array.dtype == np.bool_ else array
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, 2)
    array = array[:, :, None] if array.ndim == 2 else array
    samples = layout.colors + len(layout.extra)
    if array.shape != (page.imagelength, page.imagewidth, samples):
        raise DataError(f"its values have the shape {array.shape}")
    return array[:, :, : layout.colors], array[:, :, layout.colors :] if layout.extra else None


def _check_floats(colors: npt.NDArray[Any]) -> None:
    low, high = float(colors.min()), float(colors.max())
    if not (low >= 0 and high <= 1):
        raise DataError(
            f"its floats must lie in [0, 1], got [{low:g}, {high:g}]; scale them, or save 8-bit values as uint8"
        )


def _at_depth(extra: npt.NDArray[Any], bits: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.rint(extra / (2**bits - 1) * np.iinfo(dtype).max).astype(dtype)
