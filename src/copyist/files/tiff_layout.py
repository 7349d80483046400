"""What a page of a TIFF holds, by its header: depth, the meaning of each sample, and how many pages there are."""

__all__ = [
    "INKS",
    "PALETTE",
    "YCBCR",
    "Layout",
    "check_page_size",
    "holds_overviews",
    "is_tiff",
    "layout_of",
    "open_tiff",
    "orientation_of",
    "planes_of",
    "read_tiff_header",
    "read_tiff_headers",
    "seen_otherwise",
]

import contextlib
import io
import logging
from collections.abc import Generator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal, cast

from copyist.errors import DataError
from copyist.files.decoded import UNSEEN_ALPHA, ImageHeader, ValueRange
from copyist.files.inks import palette_colors
from copyist.files.limits import check_pixel_count
from copyist.files.orientation import SWAPPED

if TYPE_CHECKING:
    import tifffile

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE, _BLACK, _RGB, _MASK = 0, 1, 2, 4

PALETTE = 3
"""The photometric interpretation of places in a palette."""

INKS = 5
"""The photometric interpretation of shares of inks, such as CMYK."""

YCBCR = 6
"""The photometric interpretation of luma and two differences of color."""

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


def is_tiff(data: bytes) -> bool:
    """Whether a file says that it is a TIFF or a BigTIFF."""
    return data[:4] in _MAGIC


def read_tiff_header(data: bytes) -> ImageHeader:
    """The header of the first page.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    with open_tiff(data) as file:
        planes = planes_of(file)
        return _header(file, planes[0][0], pages=len(planes), passed=len(planes))


def read_tiff_headers(data: bytes) -> list[ImageHeader]:
    """The header of each page.

    Raises:
        DataError: nothing here can read it; the text is a short reason.
    """
    with open_tiff(data) as file:
        planes = planes_of(file)
        return [_header(file, page, pages=len(planes), passed=1) for page, _ in planes]


def _header(file: "tifffile.TiffFile", page: Any, *, pages: int, passed: int) -> ImageHeader:
    layout = layout_of(page)
    height, width = page.imagelength, page.imagewidth
    check_page_size(page, layout, stored=file.filehandle.size)
    kind = "float32" if layout.kind == "f" else layout.values.pixel_type
    if layout.photometric == PALETTE:
        kind = "uint8" if palette_colors(page.colormap).dtype.itemsize == 1 else "uint16"
    return ImageHeader(
        size=(width, height) if orientation_of(page) in SWAPPED else (height, width),
        channels=_channels(page, layout),
        pixel_type=kind,
        pages=pages,
        notices=(*seen_otherwise(file, layout, pages=passed), *((UNSEEN_ALPHA,) if layout.alpha is not None else ())),
    )


def check_page_size(page: Any, layout: "Layout", *, stored: int) -> None:
    """Refuse sides that no picture has, of a page of a file of so many bytes.

    Raises:
        DataError: as `check_pixel_count`.
    """
    channels, height, width = _channels(page, layout), page.imagelength, page.imagewidth
    check_pixel_count(height, width, bytes_per_pixel=layout.bytes_per_pixel, channels=channels, stored=stored)


@dataclass(frozen=True, kw_only=True)
class Layout:
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
    def alpha(self) -> int | None:
        """Which of the others is the first that is declared to be alpha."""
        return next((place for place, meaning in enumerate(self.extra) if meaning in (1, 2)), None)

    @property
    def bytes_per_pixel(self) -> int:
        return (self.colors + len(self.extra)) * max(1, self.bits // 8)


@contextlib.contextmanager
def open_tiff(data: bytes) -> Generator["tifffile.TiffFile", None, None]:
    """Context manager: a TIFF opened by tifffile, which logs nothing.

    Raises:
        DataError: it has no page.
    """
    import tifffile

    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # What it has to say of odd files, we say.
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        if not len(file.pages):
            raise DataError("no page in it")
        yield file


def planes_of(file: "tifffile.TiffFile") -> list[tuple[Any, int]]:
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


def layout_of(page: Any) -> Layout:
    """What the values of a page of tifffile's are.

    Raises:
        DataError: nothing here can read them; the text is a short reason.
    """
    if page.imagedepth > 1:
        raise DataError("a volume in one page, which must be saved as one page for each slice")
    if not (page.imagelength and page.imagewidth):
        raise DataError("empty")
    photometric = int(page.photometric)
    if photometric in _COLORS or photometric > YCBCR:
        name = _COLORS.get(photometric, f"of kind {photometric}")
        raise DataError(f"its colors are {name}, which must be converted to RGB first")
    samples = int(page.samplesperpixel)
    colors = {_RGB: 3, YCBCR: 3, INKS: 4}.get(photometric, 1)
    if photometric == INKS and (_value(page, 332, 1) != 1 or samples < 4):
        raise DataError("its inks are not CMYK; convert it to RGB first")
    if samples < colors:
        raise DataError(f"{samples} samples, where its color needs {colors}")
    bits, kind = _sample_type(page)
    if photometric == INKS and kind != "u":
        raise DataError("its CMYK colors are signed, or floats; convert it to RGB first")
    declared = _value(page, 338, ())
    declared = tuple(declared) if isinstance(declared, tuple | list) else (int(declared),)
    extra = tuple(int(each) for each in (*declared, *[0] * samples)[: samples - colors])
    return Layout(
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


def _channels(page: Any, layout: Layout) -> int:
    if layout.photometric == PALETTE:
        return palette_colors(page.colormap).shape[1]
    return 1 if layout.colors == 1 else 3


def seen_otherwise(file: "tifffile.TiffFile", layout: Layout, *, pages: int) -> tuple[str, ...]:
    """What a model sees of a file in another way than it is stored, each as the end of a sentence.

    Args:
        file: the file.
        layout: of a page.
        pages: how many others are passed over, and this one; 1 where none is.
    """
    notices: list[str] = []
    if pages > 1:
        notices.append(f"only the first of its {pages} pictures is taken; add ?pages=all to take each")
    changes = {INKS: "its CMYK colors become sRGB", PALETTE: "its palette becomes full colors"}
    changes[YCBCR] = "its YCbCr colors become RGB"
    if layout.photometric in changes and not (layout.photometric == YCBCR and file.pages.first.compression == 7):
        notices.append(changes[layout.photometric])
    others = len(layout.extra) - (layout.alpha is not None)
    if others:
        notices.append(
            f"{others} of its samples, which {'are' if others > 1 else 'is'} no color, the model does not see"
        )
    if layout.kind == "i":
        low, high = sorted((layout.values.black, layout.values.white))
        notices.append(f"its signed values from {low:g} to {high:g} stand for 0 to 1")
    return tuple(notices)


def holds_overviews(file: "tifffile.TiffFile") -> bool:
    """Whether smaller pictures of the same, or masks, lie beside a picture."""
    return any(_is_reduced(page) for page in file.pages) or bool(file.pages.first.subifds)


def orientation_of(page: Any) -> int:
    """The orientation of a page, from 1 to 8; 1 where none is stated."""
    value = _value(page, 274, 1)
    return int(value) if value in range(1, 9) else 1


def _value(page: Any, code: int, default: Any) -> Any:
    tag = page.tags.get(code)
    return default if tag is None else tag.value
