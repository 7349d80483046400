"""Whether the first row of a table names its columns, judged by the cells below it."""

__all__ = ["has_names"]

import itertools
import re
from collections.abc import Sequence

from copyist.files.spellings import is_missing, is_number

_ENOUGH = 5
"""Rows below the first from which ranges can be told."""


def has_names(rows: Sequence[Sequence[str]]) -> bool:
    """Judge by the first rows of a table, all of as many cells.

    The first row is one of names when none of its cells is a number, or when a text stands above a number. A row of
    whole numbers in equal steps, such as 0, 1, 2 or years, is one of names as well where the rows below it are of
    another kind: fractions; numbers far from it in every column; no years below years; or where it counts from 0
    and never comes again.
    """
    if not rows:
        return False
    first, below = [_kind(cell) for cell in rows[0]], rows[1:]
    if "text" in first and not {"number", "value"} & set(first):
        return True
    second = [_kind(cell) for cell in below[0]] if below else first
    pairs = set(zip(first, second, strict=False))
    if pairs & {("text", "number"), ("text", "value"), ("value", "number")}:
        return True
    return bool(below) and _is_axis(rows[0], first, below)


def _is_axis(first: Sequence[str], kinds: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers in the first row count columns."""
    places = [place for place, kind in enumerate(kinds) if kind == "number"]
    steps = _whole([first[place] for place in places])
    if not places or steps is None or any(kind == "value" for kind in kinds):
        return False
    columns = [[row[place] for row in below if place < len(row) and not is_missing(row[place])] for place in places]
    if is_missing(first[0]) and 0 not in places and _counts([row[0] for row in below]):
        return True
    count, beside = len(places), len(places) < len(first)
    if count == 1:
        return steps == [0] and len(below) >= _ENOUGH and all(map(_all_fractions, columns))
    if not _equal_steps(steps) or any(_equal_steps(_whole([row[place] for place in places])) for row in below[:2]):
        return False
    if all(map(_all_fractions if count == 2 and not beside else _fractions, columns)):
        return True
    if all(1800 <= year <= 2100 for year in steps) and not any(map(_years, columns)):
        return True
    if count + beside < 3:
        return False
    if steps[0] == 0 and steps[1] == 1 and list(first) not in [list(row) for row in below]:
        return True
    return len(below) >= _ENOUGH and all(_is_far(step, column) for step, column in zip(steps, columns, strict=True))


def _kind(cell: str) -> str:
    """missing, number, value (a date, or a flag) or text."""
    if is_missing(cell):
        return "missing"
    if is_number(cell) or re.fullmatch(r"\s*[+-]?[\d.,]*\d,\d+\s*|\s*[+-]?\d[\d.,]*\s*%?\s*", cell):
        return "number"
    flag = cell.strip().lower() in ("true", "false")
    return "value" if flag or re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}([ T].*)?|\d\d[./]\d\d[./]\d{4}", cell) else "text"


def _whole(cells: Sequence[str]) -> list[int] | None:
    """The whole numbers that cells are; None where one is none."""
    bare = [cell.strip() for cell in cells]
    return [int(cell) for cell in bare] if all(re.fullmatch(r"-?\d{1,15}", cell) for cell in bare) else None


def _equal_steps(numbers: Sequence[int] | None) -> bool:
    if numbers is None or len(numbers) < 2:
        return False
    step = numbers[1] - numbers[0]
    return step > 0 and all(after - before == step for before, after in itertools.pairwise(numbers))


def _counts(cells: Sequence[str]) -> bool:
    numbers = _whole(cells)
    return numbers is not None and (_equal_steps(numbers) or len(numbers) == 1)


def _is_fraction(cell: str) -> bool:
    return re.search(r"[.,eE]", cell) is not None


def _fractions(cells: Sequence[str]) -> bool:
    return bool(cells) and 2 * sum(map(_is_fraction, cells)) > len(cells)


def _all_fractions(cells: Sequence[str]) -> bool:
    return bool(cells) and all(map(_is_fraction, cells))


def _years(cells: Sequence[str]) -> bool:
    """Whether most cells are years."""
    numbers = [int(cell) for cell in cells if re.fullmatch(r"\s*\d{4}\s*", cell)]
    return 2 * sum(1800 <= number <= 2100 for number in numbers) > len(cells)


def _is_far(number: int, cells: Sequence[str]) -> bool:
    """Whether a number lies farther from those of a column than these are spread."""
    values = [float(cell) for cell in cells if is_number(cell)]
    if len(values) < _ENOUGH:
        return False
    lowest, highest = min(values), max(values)
    return max(lowest - number, number - highest) > highest - lowest
