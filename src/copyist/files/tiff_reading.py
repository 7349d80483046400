"""TIFFs read: the stored values of a page, what each of its samples means, and how they lie in the file."""

__all__ = ["count_pages", "is_tiff", "read_tiff", "read_tiff_header"]

import contextlib
import io
import logging
from collections.abc import Generator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.decoded import DecodedImage, ImageHeader, ValueRange
from copyist.files.inks import cmyk_to_rgb, palette_colors, rgb_by_pillow
from copyist.files.limits import check_pixel_count
from copyist.files.orientation import SWAPPED, turn_upright
from copyist.files.tiff_tags import SUB_IFDS, RawTag, TiffStorage, described, raw_ifd
from copyist.files.tiff_writing import WRITABLE

if TYPE_CHECKING:
    import tifffile

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE, _BLACK, _RGB, _PALETTE, _MASK, _INKS, _YCBCR = range(7)
_COLORS = {
    8: "CIE L*a*b*",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "a camera's raw pattern",
    32844: "LogL",
    32845: "LogLuv",
    34892: "a camera's linear raw values",
    51177: "a depth map",
    52527: "a map of classes",
}
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


def is_tiff(data: bytes) -> bool:
    """Whether a file says that it is a TIFF or a BigTIFF."""
    return data[:4] in _MAGIC


def read_tiff_header(data: bytes) -> ImageHeader:
    """The header of the first page.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    with _opened(data) as file:
        page = file.pages.first
        layout = _layout(page)
        height, width = page.imagelength, page.imagewidth
        kind = "float32" if layout.kind == "f" else layout.values.pixel_type
        if layout.photometric == _PALETTE:
            kind = "uint8" if palette_colors(page.colormap).dtype == np.uint8 else "uint16"
        return ImageHeader(
            size=(width, height) if _orientation(page) in SWAPPED else (height, width),
            channels=_channels(page, layout),
            pixel_type=kind,
            pages=len(_planes(file)),
        )


def count_pages(data: bytes) -> int:
    """Pictures that can be taken one by one; overviews and masks are none."""
    with _opened(data) as file:
        return len(_planes(file))


def read_tiff(data: bytes, *, index: int = 0, alone: bool = True) -> DecodedImage:
    """One page.

    Args:
        data: the file.
        index: of the page.
        alone: whether only this page will be written again.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    with _opened(data) as file:
        planes = _planes(file)
        page, part = planes[index]
        layout = _layout(page)
        check_pixel_count(page.imagelength, page.imagewidth, bytes_per_pixel=layout.bytes_per_pixel, stored=len(data))
        check_whole(page, data)
        notices = _lost_pages(file, len(planes)) if alone else []
        storage, more = _storage(file, page, data, layout, cut=alone and len(planes) > 1)
        return _picture(page, part, data, layout, storage, notices + more, pages=len(planes))


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """What the values of a page are."""

    photometric: int
    kind: Literal["u", "i", "f"]
    bits: int
    colors: int
    """Samples that are color, as stored: 4 for CMYK, 1 for an index of a palette."""

    extra: tuple[int, ...]
    """What each of the others is."""

    values: ValueRange

    @property
    def bytes_per_pixel(self) -> int:
        return (self.colors + len(self.extra)) * max(1, self.bits // 8)


@contextlib.contextmanager
def _opened(data: bytes) -> Generator["tifffile.TiffFile", None, None]:
    import tifffile

    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # What it has to say of odd files, we say.
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        if not len(file.pages):
            raise DataError("no page in it")
        yield file


def _planes(file: "tifffile.TiffFile") -> list[tuple[Any, int]]:
    """Each picture as its page, and its place among the pictures that this one page describes."""
    pages: list[Any] = [page for page in file.pages if not _is_reduced(page)]
    pages = pages or [file.pages.first]
    if len(pages) > 1:
        return [(page, 0) for page in pages]
    page, count = pages[0], 1
    if file.is_imagej:
        count = int((file.imagej_metadata or {}).get("images", 1))
    elif file.is_shaped and (shape := (file.shaped_metadata or ({},))[0].get("shape")):
        count = prod(shape) // max(1, prod(page.shape))
    lies_bare = page.compression == 1 and page.is_contiguous and page.dataoffsets
    room = (file.filehandle.size - page.dataoffsets[0]) // max(1, page.nbytes) if lies_bare else 1
    return [(page, part) for part in range(count if 1 < count <= room else 1)]


def _is_reduced(page: Any) -> bool:
    tag = page.tags.get(254)
    return tag is not None and bool(int(tag.value) & 0b101)


def _layout(page: Any) -> _Layout:
    if page.imagedepth > 1:
        raise DataError("a volume in one page, which must be saved as one page for each slice")
    if not (page.imagelength and page.imagewidth):
        raise DataError("empty")
    photometric = int(page.photometric)
    if photometric in _COLORS or photometric > _YCBCR:
        name = _COLORS.get(photometric, f"of kind {photometric}")
        raise DataError(f"its colors are {name}, which must be converted to RGB first")
    samples = int(page.samplesperpixel)
    colors = {_RGB: 3, _YCBCR: 3, _INKS: 4}.get(photometric, 1)
    if photometric == _INKS and (_value(page, 332, 1) != 1 or samples < 4):
        raise DataError("its inks are not CMYK; convert it to RGB first")
    if samples < colors:
        raise DataError(f"{samples} samples, where its color needs {colors}")
    bits, kind = _sample_type(page)
    declared = _value(page, 338, ())
    declared = tuple(declared) if isinstance(declared, tuple | list) else (int(declared),)
    extra = tuple(int(each) for each in (*declared, *[0] * samples)[: samples - colors])
    return _Layout(
        photometric=photometric,
        kind=kind,
        bits=bits,
        colors=colors,
        extra=extra,
        values=_range(photometric, kind, bits),
    )


def _sample_type(page: Any) -> tuple[int, Literal["u", "i", "f"]]:
    bits, form = page.bitspersample, page.sampleformat
    if isinstance(bits, tuple):
        if len(set(cast("tuple[int, ...]", bits))) > 1:
            raise DataError(f"its samples have {', '.join(map(str, bits))} bits, and must have as many each")
        bits = bits[0]
    forms = set(form) if isinstance(form, tuple) else {form}
    if len(forms) > 1 or not forms <= {1, 2, 3}:
        raise DataError("its values are no plain numbers (complex, or of no declared type)")
    kind = {1: "u", 2: "i", 3: "f"}[int(form[0] if isinstance(form, tuple) else form)]
    if kind == "f" and bits not in (16, 32, 64):
        raise DataError(f"its values are floats of {bits} bits; save it with 32")
    if kind != "f" and bits > 24:
        raise DataError(
            f"its values are whole numbers of {bits} bits, of which none is known to be white; "
            "scale them to 16 bits, or to floats in [0, 1], and save them as .tif or .npy"
        )
    if kind == "i" and bits not in (8, 16):
        raise DataError(f"its values are signed numbers of {bits} bits; save it with 16")
    return int(bits), cast(Literal["u", "i", "f"], kind)


def _range(photometric: int, kind: str, bits: int) -> ValueRange:
    low, high = {"f": (0, 1), "u": (0, 2**bits - 1), "i": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)}[kind]
    return ValueRange(black=high, white=low) if photometric == _WHITE else ValueRange(black=low, white=high)


def _channels(page: Any, layout: _Layout) -> int:
    if layout.photometric == _PALETTE:
        return palette_colors(page.colormap).shape[1]
    return 1 if layout.colors == 1 else 3


def check_whole(page: Any, data: bytes) -> None:
    """Refuse a page whose strips or tiles lie outside the file.

    Raises:
        DataError: one does.
    """
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if offset + count > len(data):
            raise DataError("truncated")


def _lost_pages(file: "tifffile.TiffFile", count: int) -> list[str]:
    notices: list[str] = []
    if count > 1:
        notices.append(f"only the first of its {count} pictures is taken; add ?pages=all to take each")
    if any(_is_reduced(page) for page in file.pages) or file.pages.first.subifds:
        notices.append("its overviews and masks are left out")
    return notices


def _storage(
    file: "tifffile.TiffFile", page: Any, data: bytes, layout: _Layout, *, cut: bool
) -> tuple[TiffStorage, list[str]]:
    notices: list[str] = []
    order: Literal["<", ">"] = "<" if file.byteorder == "<" else ">"
    tags = [
        RawTag(tag.code, int(tag.dtype), tag.count, data[tag.valueoffset : tag.valueoffset + tag.valuebytecount])
        for tag in page.tags
        if int(tag.dtype) in range(1, 13) or int(tag.dtype) in (13, 16, 17, 18)
    ]
    new_colors = layout.photometric in (_INKS, _PALETTE, _YCBCR)
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
        planar=int(page.planarconfig or 1) == 2 and not new_colors,
        tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        rows_per_strip=rows if 0 < rows < page.imagelength else None,
        extra_samples=layout.extra,
        tags=kept,
        sub_ifds=tuple(each for each in sub_ifds if each[1]),
    ), notices


def _picture(
    page: Any, part: int, data: bytes, layout: _Layout, storage: TiffStorage, notices: list[str], *, pages: int
) -> DecodedImage:
    colors, extra, in_rgb = _samples(page, part, data, layout)
    icc = page.tags.get(34675)
    profile = bytes(icc.value) if icc is not None else None
    values: ValueRange | None = layout.values
    depth = layout.bits
    if layout.photometric == _INKS:
        colors = cmyk_to_rgb(colors, profile, top=int(layout.values.white)) if layout.kind != "f" else _refuse_inks()
        profile = None
        notices.append("its CMYK colors become sRGB")
    elif layout.photometric == _PALETTE:
        table = palette_colors(page.colormap)
        if colors.max() >= len(table):
            raise DataError("a color that its palette does not have")
        extra = None if extra is None else _at_depth(extra, layout.bits, table.dtype)
        colors, depth, values = table[colors[:, :, 0]], 8 * table.dtype.itemsize, None
        notices.append("its palette becomes full colors")
    elif layout.photometric == _YCBCR and not in_rgb:
        notices.append("its YCbCr colors become RGB")
    if layout.kind == "f":
        _check_floats(colors)
    return _assembled(colors, extra, layout, storage, notices, _orientation(page), profile, depth, values, pages)


def _assembled(
    colors: npt.NDArray[Any],
    extra: npt.NDArray[Any] | None,
    layout: _Layout,
    storage: TiffStorage,
    notices: list[str],
    orientation: int,
    profile: bytes | None,
    depth: int,
    values: ValueRange | None,
    pages: int,
) -> DecodedImage:
    at = next((place for place, meaning in enumerate(layout.extra) if meaning in (1, 2)), None)
    others = extra if extra is None or at is None else np.delete(extra, at, axis=2)
    if others is not None and others.shape[2]:
        count = others.shape[2]
        samples = f"{count} samples" if count > 1 else "sample"
        notices.append(f"its {samples} beyond color and alpha {'are' if count > 1 else 'is'} not shown to the model")
    if layout.kind == "i":
        low, high = sorted((layout.values.black, layout.values.white))
        notices.append(f"its signed values stand for 0 to 1 from {low:g} to {high:g}")
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
        pages=pages,
        notices=tuple(notices),
    )


def _samples(
    page: Any, part: int, data: bytes, layout: _Layout
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None, bool]:
    """Color (H, W, C) and the other samples (H, W, E) as stored, and whether YCbCr became RGB in the same step."""
    in_rgb = layout.photometric == _YCBCR and int(page.compression) == 7
    if layout.photometric == _YCBCR and not in_rgb:
        if layout.bits != 8 or layout.extra or part:
            raise DataError("its colors are YCbCr of more than 8 bits, or with other samples; convert it to RGB first")
        return rgb_by_pillow(data), None, False
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
    return array[:, :, : layout.colors], array[:, :, layout.colors :] if layout.extra else None, in_rgb


def _check_floats(colors: npt.NDArray[Any]) -> None:
    low, high = float(colors.min()), float(colors.max())
    if not (low >= 0 and high <= 1):
        raise DataError(
            f"its floats must lie in [0, 1], got [{low:g}, {high:g}]; scale them, or save 8-bit values as uint8"
        )


def _at_depth(extra: npt.NDArray[Any], bits: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.rint(extra / (2**bits - 1) * np.iinfo(dtype).max).astype(dtype)


def _refuse_inks() -> npt.NDArray[Any]:
    raise DataError("its CMYK colors are floats; convert it to RGB first")


def _orientation(page: Any) -> int:
    value = _value(page, 274, 1)
    return int(value) if value in range(1, 9) else 1


def _value(page: Any, code: int, default: Any) -> Any:
    tag = page.tags.get(code)
    return default if tag is None else tag.value
