"""The rounded code of one tile, with its side information, to bytes and back."""

__all__ = ["CodeCoder", "CodedTile"]

import zlib
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from copyist.compression.coding import Decoder, Encoder, read_varint, read_varints, varint, varints
from copyist.compression.tables import symbol_table
from copyist.errors import DataError
from copyist.models.contracts import Compressor
from copyist.nn.exact import round_half_up

LARGEST_INTEGER = 2**31 - 1
"""Largest magnitude of an integer of the code."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CodedTile:
    """What was made of the code of a tile."""

    data: bytes
    bits: float
    """The entropy model's estimate of them."""

    code: Tensor
    """(1, M, h, w), float64: the integers plus their means, as a decoder has them."""

    checksum: int
    """Of all integers, going on from that of the tile before."""


@final
class CodeCoder:
    """Codes tiles with the tables of a model."""

    def __init__(self, model: Compressor) -> None:
        self._model = model
        tables = model.tables
        self._code = tuple(symbol_table(each.numpy()) for each in tables.code)
        self._side = tuple(symbol_table(each.numpy()) for each in tables.side)
        self._reach = np.array([(len(each) - 2) // 2 for each in self._code])
        self.num_maps = model.entropy_model(
            torch.zeros(1, *model.side_shape((1, 1)), dtype=torch.int64), quality=0, size=(1, 1)
        ).mean.shape[1]
        self._side_limit = (len(self._side[0]) - 1) // 2

    def encode(self, code: Tensor, side: Tensor, *, quality: int, checksum: int) -> CodedTile:
        """Round and encode a code (1, M, h, w), given in steps of its rounding, and side information (1, K, h', w')."""
        law = self._model.entropy_model(side, quality=quality, size=(code.shape[2], code.shape[3]))
        integers = round_half_up(code.double().cpu() - law.mean).clamp(-LARGEST_INTEGER, LARGEST_INTEGER)
        scale, numbers = law.scale.numpy().ravel(), integers.long().numpy().ravel()
        reach = self._reach[scale]
        escaped = np.abs(numbers) > reach
        stream = Encoder()
        stream.put(np.where(escaped, 2 * reach + 1, numbers + reach), scale, self._code)
        sides = side.numpy().ravel()
        stream.put(sides + self._side_limit, self._maps(side.shape), self._side)
        words, escapes = stream.to_bytes(), varints(numbers[escaped])
        return CodedTile(
            data=varint(len(words)) + words + escapes,
            bits=stream.bits + 8 * len(escapes),
            code=integers + law.mean,
            checksum=_checksum(sides, numbers, checksum),
        )

    def decode(
        self, data: bytes | memoryview, at: int, *, quality: int, size: tuple[int, int], checksum: int
    ) -> tuple[Tensor, int, int]:
        """The code (1, M, h, w), integers plus means, of a tile at a place; the place behind it; and the checksum.

        Raises:
            DataError: there is no such tile.
        """
        length, at = read_varint(data, at)
        if length > len(data) - at:
            raise DataError("its stream ends before its length says")
        stream = Decoder(bytes(data[at : at + length]))
        at += length
        shape = (1, *self._model.side_shape(size))
        sides = stream.take(self._maps(shape), self._side) - self._side_limit
        law = self._model.entropy_model(torch.from_numpy(sides).view(shape), quality=quality, size=size)
        scale = law.scale.numpy().ravel()
        reach = self._reach[scale]
        numbers = stream.take(scale, self._code) - reach
        stream.check_end()
        escaped = numbers > reach
        if escaped.any():
            numbers[escaped], at = read_varints(data, at, int(escaped.sum()))
        code = torch.from_numpy(numbers).view(law.mean.shape) + law.mean
        return code, at, _checksum(sides, numbers, checksum)

    def _maps(self, shape: tuple[int, ...]) -> np.ndarray:
        """Which map each number of side information (1, K, h', w') belongs to."""
        return np.repeat(np.arange(shape[1]), shape[2] * shape[3])


def _checksum(side: np.ndarray, numbers: np.ndarray, start: int) -> int:
    return zlib.crc32(numbers.astype("<i4").tobytes(), zlib.crc32(side.astype("<i1").tobytes(), start))
