import math

import pytest

from copyist.drawing.wording import batch, count, duration, interval, number, percent, setting
from copyist.evidence import Interval


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (0.4567, 2, "0.46"), (27.31, 1, "27.3"), (-1.25, 1, "−1.2"), (None, 2, "–"), (math.nan, 2, "–"),
        (math.inf, 1, "∞"), (-math.inf, 1, "−∞"), (1234567.0, 2, "1.2e+06"),
    ],
)  # fmt: skip
def test_numbers_have_fixed_digits_and_a_true_minus(value: float | None, digits: int, words: str) -> None:
    assert number(value, digits) == words


def test_an_interval_is_told_only_when_it_was_measured() -> None:
    assert interval(Interval(0.3, 0.123, 0.456)).replace("\u2060", "") == "0.12–0.46"
    assert interval(Interval(0.3, math.nan, math.nan)) == ""


def test_shares_are_whole_percent_with_a_space_that_does_not_break() -> None:
    assert percent(0.7000001) == "70\u00a0%"


@pytest.mark.parametrize(
    ("value", "words"), [(64, "64"), (9216, "9,216"), (150_000, "150 thousand"), (7_766_915, "7.8 million")]
)
def test_large_counts_are_rounded(value: int, words: str) -> None:
    assert count(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.23, "4.2 s"), (48.9, "49 s"), (312.4, "5 min 12 s"), (3 * 3600 + 301, "3 h 05 min")]
)
def test_times_are_told_in_their_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (1e-4, "0.0001"),
        (32, "32"),
        ([3, 32, 32], "3 × 32 × 32"),
        ("a", "a"),
    ],
)
def test_settings_are_told_plainly(value: object, words: str) -> None:
    assert setting(value) == words


@pytest.mark.parametrize(
    ("kind", "size", "words"), [("all noisy", 64, "all noisy, 64"), ("eights", 8, "eights"), ("alone", 1, "alone")]
)
def test_a_batch_is_told_with_its_size_unless_its_name_says_it(kind: str, size: int, words: str) -> None:
    assert batch(kind, size) == words
