"""Whole numbers of any size as tokens of a small alphabet, and bits that are written as they are."""

__all__ = ["NUM_TOKENS", "Histogram", "from_tokens", "to_tokens"]

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from copyist.compression.coding import read_varint, varint
from copyist.compression.tables import TOTAL, SymbolTable, symbol_table
from copyist.errors import DataError

Integers = npt.NDArray[np.int64]

_PLAIN = 16
"""Numbers below this are their own tokens; larger ones share one with those of the same size and leading bits."""

_BITS = 18
"""Numbers are below 2 to this power."""

NUM_TOKENS = _PLAIN + 2 * (_BITS - 4)
"""How many tokens there are."""

_PRECISION = 2**12
"""Counts of a histogram are stored out of this, about."""


def to_tokens(errors: Integers) -> tuple[Integers, bytes]:
    """Whole numbers (N,), of either sign, as tokens (N,) and the bits that those leave open.

    Source:
        The hybrid integers of JPEG XL (ISO/IEC 18181-1, C.2.4), with other constants.
    """
    numbers = np.where(errors < 0, -2 * errors - 1, 2 * errors)
    length = _bit_length(numbers)
    leading = numbers >> np.maximum(length - 2, 0) & 1
    tokens = np.where(numbers < _PLAIN, numbers, _PLAIN + 2 * (length - 5) + leading)
    parts = [_as_bits(numbers[tokens == token], token) for token in range(_PLAIN, NUM_TOKENS)]
    return tokens, np.packbits(np.concatenate(parts)).tobytes()


def from_tokens(tokens: Integers, data: bytes, at: int) -> tuple[Integers, int]:
    """The numbers of tokens (N,) whose open bits stand at a place, and the place behind them.

    Raises:
        DataError: the bits are too few.
    """
    counts = np.bincount(tokens, minlength=NUM_TOKENS)
    needed = sum(int(counts[token]) * _open_bits(token) for token in range(_PLAIN, NUM_TOKENS))
    end = at + -(-needed // 8)
    if end > len(data):
        raise DataError("its open bits are fewer than its tokens say")
    bits, taken = np.unpackbits(np.frombuffer(data[at:end], np.uint8)), 0
    numbers = tokens.copy()
    for token in np.flatnonzero(counts[_PLAIN:]) + _PLAIN:
        size, count = _open_bits(int(token)), int(counts[token])
        part = bits[taken : taken + size * count].reshape(count, size).astype(np.int64)
        low = part @ (1 << np.arange(size, dtype=np.int64))[::-1]
        numbers[tokens == token] = (2 + (int(token) - _PLAIN) % 2 << size) + low
        taken += size * count
    return np.where(numbers % 2 == 1, -(numbers + 1) // 2, numbers // 2), end


def _open_bits(token: int) -> int:
    return (token - _PLAIN) // 2 + 3


def _as_bits(numbers: Integers, token: int) -> npt.NDArray[Any]:
    places = np.arange(_open_bits(token))[::-1]
    return (numbers[:, None] >> places & 1).astype(np.uint8).ravel()


def _bit_length(numbers: Integers) -> Integers:
    """How many bits each number has, by comparison, which no logarithm rounds."""
    return np.searchsorted(1 << np.arange(_BITS, dtype=np.int64), numbers, side="right").astype(np.int64)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram:
    """How often each token is, as a file holds it."""

    counts: tuple[int, ...]
    """Up to the last token that is there."""

    @classmethod
    def of(cls, tokens: Integers) -> Self:
        """Of tokens (N,)."""
        counts = np.bincount(tokens)
        total = max(1, int(counts.sum()))
        return cls(counts=tuple(np.where(counts > 0, np.maximum(1, counts * _PRECISION // total), 0).tolist()))

    def table(self) -> SymbolTable:
        """Frequencies, by arithmetic of whole numbers alone."""
        counts = np.zeros(NUM_TOKENS, np.int64)
        counts[: len(self.counts)] = self.counts
        found = 1 + counts * (TOTAL - NUM_TOKENS) // max(1, int(counts.sum()))
        found[int(np.argmax(found))] += TOTAL - int(found.sum())
        return symbol_table(found)

    def to_bytes(self) -> bytes:
        """As `read` takes it."""
        return varint(len(self.counts)) + b"".join(varint(count) for count in self.counts)

    @classmethod
    def read(cls, data: bytes, at: int) -> tuple[Self, int]:
        """A histogram at a place, and the place behind it.

        Raises:
            DataError: there is none.
        """
        length, at = read_varint(data, at)
        if length > NUM_TOKENS:
            raise DataError("it has more tokens than there are")
        counts: list[int] = []
        for _ in range(length):
            count, at = read_varint(data, at)
            counts.append(count)
        if sum(counts) > 2 * _PRECISION:
            raise DataError("a histogram in it is too large")
        return cls(counts=tuple(counts)), at
