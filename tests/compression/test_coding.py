"""Integers come back from bytes exactly, whatever they are, and what are no such bytes is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.compression.coding import Decoder, Encoder, read_varint, read_varints, varint, varints
from copyist.compression.tables import TOTAL, SymbolTable, symbol_table
from copyist.errors import CheckpointError, DataError


def table(*frequencies: int) -> SymbolTable:
    return symbol_table(np.array(frequencies))


TABLES = (
    table(TOTAL),
    table(1, TOTAL - 1),
    table(TOTAL - 1, 1),
    table(1, 1, TOTAL - 4, 1, 1),
    symbol_table(np.full(256, 256)),
    symbol_table(np.r_[np.ones(2999, np.int64), TOTAL - 2999]),
)
"""Of one symbol, with the rarest that there are, of equal ones, and of many."""


@st.composite
def messages(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Tables, and a symbol of each."""
    which = np.array(draw(st.lists(st.integers(0, len(TABLES) - 1), max_size=60)), dtype=np.int64)
    symbols = [draw(st.sampled_from([0, len(TABLES[each]) - 1, len(TABLES[each]) // 2])) for each in which]
    return np.array(symbols, dtype=np.int64), which


@given(first=messages(), second=messages())
def test_symbols_come_back_in_the_order_of_a_stack(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> None:
    encoder = Encoder()
    encoder.put(*second, TABLES)
    encoder.put(*first, TABLES)
    decoder = Decoder(encoder.to_bytes())
    for symbols, which in (first, second):
        assert np.array_equal(decoder.take(which, TABLES), symbols)
    decoder.check_end()


def test_a_stream_is_as_long_as_its_tables_say() -> None:
    rng = np.random.default_rng(0)
    which = rng.integers(0, 2, 20_000)
    tables = (table(*[TOTAL // 8] * 8), table(TOTAL // 2, TOTAL // 4, TOTAL // 4))
    symbols = np.where(which == 0, rng.integers(0, 8, len(which)), rng.choice(3, len(which), p=[0.5, 0.25, 0.25]))
    encoder = Encoder()
    encoder.put(symbols, which, tables)
    on_paper = 3 * (which == 0).sum() + ((which == 1) * np.where(symbols == 0, 1, 2)).sum()
    assert encoder.bits == on_paper
    assert math.isclose(8 * len(encoder.to_bytes()), on_paper, abs_tol=40)


def test_symbols_that_take_no_bits_make_an_empty_stream() -> None:
    encoder = Encoder()
    encoder.put(np.zeros(5, np.int64), np.zeros(5, np.int64), (table(TOTAL),))
    assert encoder.to_bytes() == b""
    assert encoder.bits == 0
    assert Decoder(b"").take(np.zeros(5, np.int64), (table(TOTAL),)).tolist() == [0] * 5


def test_these_symbols_are_these_bytes() -> None:
    """Files that were written stay readable: whatever changes this needs a new version of the format."""
    which = np.array([1, 3, 4, 5, 4, 2, 0, 5])
    symbols = np.array([0, 0, 200, 2999, 7, 1, 0, 5])
    encoder = Encoder()
    encoder.put(symbols, which, TABLES)
    assert encoder.to_bytes().hex() == "310000c7cb0000fffffc0a"
    assert np.array_equal(Decoder(encoder.to_bytes()).take(which, TABLES), symbols)


@given(st.lists(st.integers(-(2**33), 2**33) | st.sampled_from([0, -(2**31), 2**31 - 1]), max_size=30))
def test_numbers_of_any_size_come_back(numbers: list[int]) -> None:
    data = b"before" + varints(np.array(numbers, dtype=np.int64)) + b"behind"
    found, at = read_varints(data, 6, len(numbers))
    assert found.tolist() == numbers
    assert data[at:] == b"behind"


@given(st.integers(0, 2**28 - 1))
def test_a_number_has_one_spelling(number: int) -> None:
    data = varint(number)
    assert len(data) == max(1, -(-number.bit_length() // 7))
    assert read_varint(data, 0) == (number, len(data))
    with pytest.raises(DataError, match="longer than it need be"):
        read_varint(data[:-1] + bytes([data[-1] | 128, 0]), 0)
    with pytest.raises(DataError, match="ends within"):
        read_varint(data[:-1], 0)


def test_numbers_without_an_end_are_refused() -> None:
    with pytest.raises(DataError, match="too large"):
        read_varint(b"\xff" * 9, 0)
    with pytest.raises(DataError, match="ends within its numbers"):
        read_varints(b"\x01", 0, 2**40)


@given(data=st.binary(max_size=64))
def test_any_bytes_are_decoded_to_symbols_or_refused(data: bytes) -> None:
    which = np.arange(60) % len(TABLES)
    try:
        decoder = Decoder(data)
        symbols = decoder.take(which, TABLES)
    except DataError:
        return
    assert all(0 <= symbol < len(TABLES[each]) for symbol, each in zip(symbols, which, strict=True))
    encoder = Encoder()
    encoder.put(symbols, which, TABLES)
    try:
        decoder.check_end()
    except DataError:
        return
    assert encoder.to_bytes() == data


@pytest.mark.parametrize(
    "frequencies",
    [[], [TOTAL - 1], [0, TOTAL], [-1, TOTAL + 1], [TOTAL, TOTAL], [0.5, TOTAL - 0.5], [[TOTAL]]],
    ids=str,
)
def test_a_table_that_is_none_is_refused_before_it_codes(frequencies: list[int]) -> None:
    with pytest.raises(CheckpointError, match="whole numbers of at least 1 with sum 65536"):
        symbol_table(np.array(frequencies))
