import math

import pytest

from copyist.drawing.wording import answer, batch, bounds, count, duration, estimate, number, percent, setting, short
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


MEASURED, ALONE, NOTHING = Interval(0.3, 0.123, 0.477), Interval(0.3, math.nan, math.nan), Interval(*[math.nan] * 3)


def test_a_mean_stands_before_its_interval_where_one_was_measured() -> None:
    assert estimate(MEASURED) == "0.300 [0.123, 0.477]"
    assert estimate(Interval(-12.3456, -13, -1e-5), 2) == "−12.35 [−13.00, −0.00]"
    assert estimate(MEASURED, 1, unit=" %") == "0.3 % [0.1, 0.5]"
    assert (estimate(ALONE), estimate(NOTHING)) == ("0.300", "–")
    assert (bounds(MEASURED, 2), bounds(ALONE)) == ("[0.12, 0.48]", "")


def test_in_narrow_columns_half_the_interval_s_width_stands_after_the_mean() -> None:
    assert estimate(MEASURED, 3, half_width=True) == "0.300 ± 0.177"
    assert (estimate(ALONE, 3, half_width=True), estimate(NOTHING, 3, half_width=True)) == ("0.300", "–")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"), (-0.14836, "−0.148"), (0.1, "0.100"), (12.345, "12.3"), (123.4, "123"), (1234.5, "1,234"),
        (2.5e-5, "2.50e−05"), (math.nan, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_short_numbers_have_three_digits_that_count(value: float, words: str) -> None:
    assert short(value) == words


def test_judgements_answer_questions() -> None:
    assert [answer(each) for each in ("supported", "refuted", "inconclusive")] == ["yes", "no", "?"]


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
