"""The images of shards as an array that is read and decoded as far as it is asked for."""

__all__ = ["ShardArray", "stored_form"]

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.data.shards import Encoding, Shard, ShardIndex
from copyist.errors import DataError

_CHUNK = 256
"""Images that are read at once where one goes through all of them."""

_BYTES_PER_THREAD = 2**17
"""How many bytes of files are worth one more thread; for fewer, a thread only takes a core from the training step."""


@final
class ShardArray:
    """The images of shards as an array (N, C, H, W) that is read and decoded as far as it is asked for.

    It has of NumPy's arrays what a set of examples needs; each index gives an array in memory. Equal indices give equal
    values at any time, in any process.
    """

    ndim = 4

    def __init__(self, folder: Path, index: ShardIndex, shards: Sequence[Shard]) -> None:
        counts = [len(shard.names) for shard in shards]
        self._paths = [folder / shard.name for shard in shards]
        self._which = np.repeat(np.arange(len(shards), dtype=np.int32), counts)
        self._offsets = np.array([offset for shard in shards for offset in shard.offsets], dtype=np.int64)
        self._sizes = np.array([size for shard in shards for size in shard.sizes], dtype=np.int64)
        self._image_shape, self.dtype = index.shape, np.dtype(index.dtype)
        self._encoding: Encoding = index.encoding

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return len(self._which), *self._image_shape

    @property
    def size(self) -> int:
        """How many values there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """How much memory all would take."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._which)

    def take(self, rows: npt.NDArray[np.int64]) -> "ShardArray":
        """The same of some of the images alone; nothing is read."""
        part = object.__new__(ShardArray)
        part.__dict__.update(self.__dict__)
        part._which, part._offsets, part._sizes = self._which[rows], self._offsets[rows], self._sizes[rows]
        return part

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Images in memory: (C, H, W) of a number, (R, C, H, W) of a slice or of an array of numbers.

        Raises:
            DataError: a shard cannot be read, or is damaged.
        """
        rows = np.arange(len(self))[key]
        if rows.ndim == 0:
            return self._read(int(rows))
        found = np.empty((len(rows), *self._image_shape), self.dtype)

        def fill(places: range) -> None:
            for place in places:
                found[place] = self._read(int(rows[place]))

        workers = min(_num_workers(), 1 + int(self._sizes[rows].sum()) // _BYTES_PER_THREAD)
        if workers == 1 or len(rows) == 1:
            fill(range(len(rows)))
        else:
            # In runs, since handing over costs about as much as decoding a small image.
            run = -(-len(rows) // workers)
            parts = [range(begin, min(begin + run, len(rows))) for begin in range(0, len(rows), run)]
            for done in [_pool(os.getpid()).submit(fill, part) for part in parts]:
                done.result()
        return found

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for begin in range(0, len(self), _CHUNK):
            yield from self[begin : begin + _CHUNK]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """All of it in memory."""
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def _read(self, row: int) -> npt.NDArray[Any]:
        path, size = self._paths[self._which[row]], int(self._sizes[row])
        try:
            with path.open("rb", buffering=0) as file:
                file.seek(int(self._offsets[row]))
                data = file.read(size)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({(error.strerror or str(error)).lower()})") from error
        try:
            pixels = _DECODERS[self._encoding](data)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise DataError(f"{path} is damaged at byte {self._offsets[row]}; copy it again, or pack again") from error
        if pixels.shape != self._image_shape or pixels.dtype != self.dtype:
            raise DataError(f"{path} is damaged at byte {self._offsets[row]}; copy it again, or pack again")
        return pixels


def stored_form(pixels: npt.NDArray[Any], encoding: Encoding) -> bytes:
    """An image (C, H, W) as it lies in a tar; as a picture it is gray or in color, in 8 bits."""
    file = io.BytesIO()
    if encoding == "npy":
        np.save(file, np.ascontiguousarray(pixels), allow_pickle=False)
    else:
        Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, 2)).save(file, "PNG")
    return file.getvalue()


def _from_png(data: bytes) -> npt.NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        pixels = np.asarray(picture)
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)


def _from_npy(data: bytes) -> npt.NDArray[Any]:
    pixels: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return pixels


_DECODERS: dict[Encoding, Callable[[bytes], npt.NDArray[Any]]] = {"png": _from_png, "npy": _from_npy}


def _num_workers() -> int:
    """Threads that decode: this process's share of the cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(8, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Of this process; one that was forked from it has none of its threads."""
    return ThreadPoolExecutor(_num_workers(), thread_name_prefix="copyist-shards")
