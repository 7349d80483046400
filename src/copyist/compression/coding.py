"""Integers to bytes and back, by asymmetric numeral systems, grouped by the tables that they are coded with.

constriction codes; it returns symbols silently where its words are damaged, so whoever reads a stream must have checked
its bytes before, and the integers behind.

Source:
    Duda et al. (2015), "The Use of Asymmetric Numeral Systems as an Accurate Replacement for Huffman Coding"; Bamler
    (2022), "Understanding Entropy Coding With Asymmetric Numeral Systems", for constriction.
"""

__all__ = ["Decoder", "Encoder", "read_varint", "read_varints", "varint", "varints"]

import contextlib
from collections.abc import Generator, Sequence
from typing import Any, cast, final

import constriction
import numpy as np
import numpy.typing as npt

from copyist.compression.tables import SymbolTable
from copyist.errors import DataError

Integers = npt.NDArray[np.int64]

_ANS: Any = cast("Any", constriction).stream.stack.AnsCoder
"""The coder, whose module has no types."""

_LONGEST = 5
"""Bytes of a varint, at most: 35 bits."""


@final
class Encoder:
    """A stream that is written from its end to its beginning: what is put last is taken out first."""

    def __init__(self) -> None:
        self._coder: Any = _ANS()
        self.bits = 0.0
        """What the tables say that the symbols take."""

    def put(self, symbols: Integers, which: npt.NDArray[Any], tables: Sequence[SymbolTable]) -> None:
        """Put symbols (N,), each coded with the table that `which` (N,), from 0, names."""
        order, counts = _grouped(which, len(tables))
        ends = np.cumsum(counts)
        grouped = symbols[order].astype(np.int32)
        for number in np.flatnonzero(counts)[::-1].tolist():
            table, group = tables[number], grouped[ends[number] - counts[number] : ends[number]]
            self.bits += float(table.bits[group].sum())
            if table.model is not None:
                self._coder.encode_reverse(group, table.model)

    def to_bytes(self) -> bytes:
        """The stream: words of 4 bytes, the zeros at the end of the last left out."""
        return self._coder.get_compressed().astype("<u4").tobytes().rstrip(b"\0")


@final
class Decoder:
    """A stream that is read from its beginning.

    Args:
        data: as `Encoder.to_bytes` gives it.

    Raises:
        DataError: it is no stream.
    """

    def __init__(self, data: bytes) -> None:
        if data.endswith(b"\0"):
            raise DataError("its stream is longer than it need be")
        words = np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint32)
        with _own_errors():
            self._coder: Any = _ANS(words)

    def take(self, which: npt.NDArray[Any], tables: Sequence[SymbolTable]) -> Integers:
        """The next symbols (N,), of the tables that `which` (N,) names.

        Raises:
            DataError: the stream cannot hold them.
        """
        order, counts = _grouped(which, len(tables))
        groups: list[npt.NDArray[Any]] = []
        for number in np.flatnonzero(counts).tolist():
            model, count = tables[number].model, int(counts[number])
            if model is None:
                groups.append(np.zeros(count, np.int32))
                continue
            with _own_errors():
                groups.append(self._coder.decode(model, count))
        symbols = np.empty(len(which), np.int64)
        if groups:
            symbols[order] = np.concatenate(groups)
        return symbols

    def check_end(self) -> None:
        """Refuse a stream that is not used up.

        Raises:
            DataError: something is left.
        """
        if not self._coder.is_empty():
            raise DataError("its stream does not end where its symbols do")


def varint(number: int) -> bytes:
    """A whole number of at least 0 in as few bytes as it needs, of 7 bits each, the lowest first."""
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def read_varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """A number that `varint` wrote at a place, and the place behind it.

    Raises:
        DataError: there is none.
    """
    number = 0
    for place in range(_LONGEST):
        if at + place >= len(data):
            raise DataError("it ends within a number")
        byte = data[at + place]
        number |= (byte & 127) << 7 * place
        if byte < 128:
            if place and not byte:
                raise DataError("a number in it is longer than it need be")
            return number, at + place + 1
    raise DataError("a number in it is too large")


def varints(numbers: Integers) -> bytes:
    """Whole numbers of either sign, below 2³³ in magnitude, one after the other."""
    return b"".join(varint(2 * number if number >= 0 else -2 * number - 1) for number in numbers.tolist())


def read_varints(data: bytes | memoryview, at: int, count: int) -> tuple[Integers, int]:
    """So many numbers that `varints` wrote at a place, and the place behind them.

    Raises:
        DataError: there are fewer.
    """
    if count > len(data) - at:
        raise DataError("it ends within its numbers")
    found = np.empty(count, np.int64)
    for place in range(count):
        number, at = read_varint(data, at)
        found[place] = number // 2 if number % 2 == 0 else -(number + 1) // 2
    return found, at


def _grouped(which: npt.NDArray[Any], num_tables: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The order that groups symbols by their tables, and how many each table has."""
    # Sorting of small integers takes time in proportion to their number.
    keys = which.astype(np.uint8 if num_tables <= 256 else np.uint16)
    return np.argsort(keys, kind="stable"), np.bincount(keys, minlength=num_tables)


@contextlib.contextmanager
def _own_errors() -> Generator[None, None, None]:
    """Whatever constriction raises about its words, as our error; a panic of Rust is no Exception."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise DataError("its stream is damaged") from error
