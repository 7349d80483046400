"""TIFFs written as they were: layout, byte order, depth, compression, and every tag that describes the picture.

Segments are compressed by the codecs that tifffile reads them with. Its own writer is not used, since it packs no odd
depth into a compressed file, and gives no page the details of the shot.
"""

__all__ = ["WRITABLE", "TiffPage", "write_tiff"]

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

from copyist.files.tiff_tags import LONG, SHORT, RawTag, TiffStorage

WRITABLE = frozenset({1, 5, 7, 8, 32946, 32773, 34925, 50000})
"""Compressions that can be written again."""

JPEG_LEVEL = 95
_LARGEST_OFFSET = 2**32 - 2**20


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TiffPage:
    """One page to be written."""

    samples: npt.NDArray[Any]
    """(H, W, S), as they are stored: not upright, but as the file's orientation has them."""

    bits: int
    photometric: int
    """0 gray counted from white, 1 gray, 2 RGB."""

    orientation: int
    icc: bytes | None
    storage: TiffStorage


def write_tiff(pages: Sequence[TiffPage]) -> bytes:
    """A file of at least one page, in the byte order and offset size of the first."""
    first = pages[0].storage
    size = sum(page.samples.nbytes for page in pages)
    return _Writer(first.byteorder, is_big=first.is_big or size > _LARGEST_OFFSET).write(pages)


class _Writer:
    """Appends to one file: values first, then the directory that points to them."""

    def __init__(self, byteorder: Literal["<", ">"], *, is_big: bool) -> None:
        self._order = byteorder
        self._offset = "Q" if is_big else "I"
        self._count = "Q" if is_big else "H"
        self._offset_type = 16 if is_big else LONG
        self._file = io.BytesIO()

    def write(self, pages: Sequence[TiffPage]) -> bytes:
        mark = b"II" if self._order == "<" else b"MM"
        is_big = self._offset == "Q"
        self._file.write(mark + (self._pack("HHH", 43, 8, 0) if is_big else self._pack("H", 42)))
        link = self._file.tell()  # Where the offset of the next directory goes.
        self._file.write(self._pack(self._offset, 0))
        for page in pages:
            start, link_of_next = self._write_page(page)
            self._file.seek(link)
            self._file.write(self._pack(self._offset, start))
            self._file.seek(0, io.SEEK_END)
            link = link_of_next
        return self._file.getvalue()

    def _write_page(self, page: TiffPage) -> tuple[int, int]:
        storage = page.storage
        offsets: list[int] = []
        counts: list[int] = []
        for segment in _segments(page):
            offsets.append(self._align())
            counts.append(self._file.write(segment))
        tags = [*storage.tags, *self._layout_tags(page, offsets, counts)]
        for code, content in storage.sub_ifds:
            tags.append(self._numbers(code, self._offset_type, [self._write_ifd(content)[0]]))
        return self._write_ifd(tags)

    def _layout_tags(self, page: TiffPage, offsets: list[int], counts: list[int]) -> Iterator[RawTag]:
        storage = page.storage
        height, width, samples = page.samples.shape
        is_jpeg = storage.compression == 7
        yield self._numbers(256, LONG, [width])
        yield self._numbers(257, LONG, [height])
        yield self._numbers(258, SHORT, [page.bits] * samples)
        yield self._numbers(259, SHORT, [storage.compression])
        yield self._numbers(262, SHORT, [6 if is_jpeg and samples == 3 else page.photometric])
        yield self._numbers(277, SHORT, [samples])
        yield self._numbers(339, SHORT, [{"u": 1, "i": 2, "f": 3}[page.samples.dtype.kind]] * samples)
        if samples > 1:
            yield self._numbers(284, SHORT, [1 + _is_planar(page)])
        if storage.tile is None:
            yield self._numbers(273, self._offset_type, offsets)
            yield self._numbers(279, self._offset_type, counts)
            yield self._numbers(278, LONG, [storage.rows_per_strip or height])
        else:
            yield self._numbers(324, self._offset_type, offsets)
            yield self._numbers(325, self._offset_type, counts)
            yield self._numbers(322, LONG, [storage.tile[1]])
            yield self._numbers(323, LONG, [storage.tile[0]])
        if (predictor := _predictor(page)) != 1:
            yield self._numbers(317, SHORT, [predictor])
        if storage.extra_samples:
            yield self._numbers(338, SHORT, list(storage.extra_samples))
        if page.orientation != 1:
            yield self._numbers(274, SHORT, [page.orientation])
        if page.icc:
            yield RawTag(34675, 7, len(page.icc), page.icc)
        if is_jpeg and samples == 3:
            yield self._numbers(530, SHORT, [1, 1])
            yield RawTag(532, 5, 6, self._pack("12I", 0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1))

    def _write_ifd(self, tags: Sequence[RawTag]) -> tuple[int, int]:
        """Write a directory; where it begins, and where the offset of the next one goes."""
        inline = struct.calcsize("=" + self._offset)
        entries: list[bytes] = []
        for tag in sorted(tags, key=lambda tag: tag.code):
            content = tag.content
            if len(content) > inline:
                place = self._align()
                self._file.write(content)
                content = self._pack(self._offset, place)
            entries.append(
                self._pack("HH" + self._offset, tag.code, tag.type, tag.count) + content.ljust(inline, b"\0")
            )
        start = self._align()
        self._file.write(self._pack(self._count, len(entries)) + b"".join(entries))
        link = self._file.tell()
        self._file.write(self._pack(self._offset, 0))
        return start, link

    def _numbers(self, code: int, kind: int, numbers: Sequence[int]) -> RawTag:
        form = {SHORT: "H", LONG: "I", 16: "Q"}[kind]
        return RawTag(code, kind, len(numbers), self._pack(f"{len(numbers)}{form}", *numbers))

    def _pack(self, form: str, *numbers: int) -> bytes:
        return struct.pack(self._order + form, *numbers)

    def _align(self) -> int:
        self._file.write(b"\0" * (-self._file.tell() % 8))
        return self._file.tell()


def _segments(page: TiffPage) -> Iterator[bytes]:
    """The strips or tiles, compressed, in the order in which a file lists them."""
    compress = _compressor(page)
    if _is_planar(page):
        for plane in range(page.samples.shape[2]):
            yield from map(compress, _parts(page.samples[:, :, plane : plane + 1], page.storage))
    else:
        yield from map(compress, _parts(page.samples, page.storage))


def _parts(samples: npt.NDArray[Any], storage: TiffStorage) -> Iterator[npt.NDArray[Any]]:
    height, width, _ = samples.shape
    if storage.tile is None:
        rows = storage.rows_per_strip or height
        for top in range(0, height, rows):
            yield samples[top : top + rows]
        return
    tall, wide = storage.tile
    for top in range(0, height, tall):
        for left in range(0, width, wide):
            part = samples[top : top + tall, left : left + wide]
            missing = ((0, tall - part.shape[0]), (0, wide - part.shape[1]), (0, 0))
            yield np.pad(part, missing, mode="edge") if any(end for _, end in missing) else part


def _compressor(page: TiffPage) -> Callable[[npt.NDArray[Any]], bytes]:
    import imagecodecs

    compression = page.storage.compression
    if compression == 7:
        return _jpeg

    def compress(part: npt.NDArray[Any]) -> bytes:
        data, row = _packed(part, page)
        match compression:
            case 1:
                return data
            case 5:
                return bytes(imagecodecs.lzw_encode(data))
            case 32773:
                rows = (data[at : at + row] for at in range(0, len(data), row))
                return b"".join(bytes(imagecodecs.packbits_encode(each)) for each in rows)
            case 34925:
                return bytes(imagecodecs.lzma_encode(data))
            case 50000:
                return bytes(imagecodecs.zstd_encode(data))
            case _:
                return zlib.compress(data, 6)

    return compress


def _packed(part: npt.NDArray[Any], page: TiffPage) -> tuple[bytes, int]:
    """The bytes of a part before compression, and how many of them are one row."""
    import imagecodecs

    rows, wide, samples = part.shape
    bits, dtype = page.bits, part.dtype
    part = np.ascontiguousarray(part)
    predictor = _predictor(page)
    order = page.storage.byteorder
    if bits not in (8, 16, 32, 64):
        flat = part.reshape(rows, wide * samples)
        if bits == 1:
            data = np.packbits(flat, axis=1).tobytes()
        else:
            data = bytes(imagecodecs.packints_encode(flat.reshape(-1), bits, runlen=wide * samples))
        return data, -(-wide * samples * bits // 8)
    if predictor == 2:
        whole = part.view(f"u{dtype.itemsize}")
        part = np.concatenate([whole[:, :1], whole[:, 1:] - whole[:, :-1]], axis=1)
    elif predictor == 3:
        return _float_differences(part), wide * samples * dtype.itemsize
    data = part.astype(part.dtype.newbyteorder(order), copy=False).tobytes()
    return data, wide * samples * dtype.itemsize


def _float_differences(part: npt.NDArray[Any]) -> bytes:
    """Adobe's predictor 3: the bytes of each row by their significance, each less the one a pixel before."""
    rows, wide, samples = part.shape
    size = part.dtype.itemsize
    big = part.astype(part.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, wide * samples, size)
    planes = np.ascontiguousarray(big.transpose(0, 2, 1)).reshape(rows, -1)
    out = planes.copy()
    out[:, samples:] = planes[:, samples:] - planes[:, :-samples]
    return out.tobytes()


def _jpeg(part: npt.NDArray[Any]) -> bytes:
    import imagecodecs

    if part.shape[2] == 1:
        return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(part[:, :, 0]), level=JPEG_LEVEL))
    return bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(part), level=JPEG_LEVEL, colorspace="RGB", outcolorspace="YCBCR", subsampling="444"
        )
    )


def _is_planar(page: TiffPage) -> bool:
    return page.storage.planar and page.samples.shape[2] > 1 and page.storage.compression != 7


def _predictor(page: TiffPage) -> int:
    """The predictor of the source, where it can be had for these values."""
    storage = page.storage
    if storage.compression in (1, 7, 32773) or page.bits not in (8, 16, 32, 64):
        return 1
    if storage.predictor == 3:
        return 3 if page.samples.dtype.kind == "f" else 1
    return storage.predictor
