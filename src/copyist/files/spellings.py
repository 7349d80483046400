"""How the cells of a column of texts spell numbers: read as numbers, and written again in the same spelling."""

__all__ = ["MISSING", "Decimal", "is_missing", "is_number", "marks_decimals", "read_texts", "spell_numbers"]

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from copyist.files.arrow import Cells, pa, pc
from copyist.files.dates import read_dates
from copyist.files.readings import Reading, Values, read_numbers, refused

Decimal: TypeAlias = Literal["point", "comma"]
"""What parts the decimals of a table from its whole numbers; the other one parts thousands."""

MISSING = frozenset(
    {"", "?", "-", ".", "..", "na", "n/a", "<na>", "nan", "nat", "nil", "none", "null", "#n/a", "#na", "\\n"}
)
"""Cells, in upper or lower case, that mean a missing number."""

_FLAGS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
"""Pairs of cells, in upper or lower case, that mean 0 and 1."""

_MARKS = ("%", "‰", "€", "$", "£", "¥", "₹")
"""What stands before or behind all numbers of a column."""

_GROUPS = " \u00a0\u202f\u2009'’"
"""What parts thousands beside the comma and the point."""

_EXPONENT = r"(?:[eE][+-]?\d+)?$"
_ENGLISH = r"^[+-]?(?:[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}|\d+)?(?:\.\d*)?" + _EXPONENT
_CONTINENTAL = r"^[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)?(?:,\d*)?" + _EXPONENT
_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+$"
_GROUPED = rf"^[+-]?(?:\d{{1,3}}(?:[{_GROUPS}]\d{{3}})+|\d+)(?:[.,]\d+)?$"


_FEWEST_BELOW = 5
"""Rows of numbers below a text that show it to be of a second head, such as units."""


def is_missing(cell: str) -> bool:
    """Whether a cell means that a number is missing."""
    return cell.strip().lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell is one number with a decimal point, as people write them: Python's `1_003` is none."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.isascii()


def marks_decimals(columns: Iterable[Sequence[str]], *, delimiter: str) -> Decimal | None:
    """Whether some cells prove that decimals come behind a comma, or behind a point; None for neither, or both.

    A column with a cell that is no number proves nothing, and neither does one of addresses such as `192.168.100.101`.

    Args:
        columns: the first cells of each; the first of them may be a unit.
        delimiter: what parts the cells; where it is a comma, thousands parted by points prove no decimal comma.
    """
    found = {
        mark
        for column in columns
        if not any(map(_is_no_number, column[1:] or column))
        for cell in column
        for mark in _proven(cell.strip())
        if mark == "point" or "," in cell or delimiter != ","
    }
    return None if len(found) != 1 else "comma" if "comma" in found else "point"


def read_texts(cells: Cells, *, decimal: Decimal | None = None) -> Reading:
    """A column of texts as numbers: plain, with parted thousands, a decimal comma, a unit, flags or dates.

    Args:
        cells: (N,) of texts.
        decimal: what marks decimals in all of the table, where that is known.
    """
    if decimal != "comma" and not _any(cells, r"^[+-]?0\d+$"):
        reading = _read_plain(cells, decimal)
        if reading is not None:
            return reading
    trimmed = pc.utf8_trim_whitespace(cells)
    bare = pc.if_else(pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(sorted(MISSING))), None, trimmed)
    if _any(bare, r"^[+-]?0\d+$"):
        row, cell = _first(bare, r"^[+-]?0\d+$")
        return refused(f"{cell!r} in row {row}", why="whose leading zeros make it a text")
    reading = _read_known(bare, decimal)
    if reading is not None:
        return reading
    row, cell = next((row, cell) for row, cell in enumerate(bare.to_pylist()) if not _is_plain(cell))
    if row == 0 and len(bare) > _FEWEST_BELOW:
        below = _read_known(bare.slice(1), decimal)
        if below is not None and below.values is not None:
            return refused(f"{cell!r} in row 0", why="above nothing but numbers", remedy="remove that line of the file")
    return refused(f"{cell!r} in row {row}")


def _read_known(bare: Cells, decimal: Decimal | None) -> Reading | None:
    """By the first reader that knows the cells; None where none does."""
    if bare.null_count == len(bare):
        return read_numbers(np.full(len(bare), np.nan), spell_numbers)
    for reader in (_read_plain, lambda *_: _read_flags(bare), lambda *_: read_dates(bare), _read_styled):
        reading = reader(bare, decimal)
        if reading is not None:
            return reading
    return None


def spell_numbers(values: Values) -> Cells:
    """Each number in the fewest digits that tell it from its neighbors."""
    short = values.astype(np.float32)
    return pc.cast(pa.array(short if (short == values).all() else values), pa.string())


def _read_plain(cells: Cells, decimal: Decimal | None) -> Reading | None:
    values = _cast(cells)
    if values is None:
        return None
    pointed = decimal == "comma" and _any(cells, r"\.")
    if pointed and _all(pc.if_else(pc.match_substring(cells, "."), cells, "1"), _CONTINENTAL):
        return None
    whole = bool(np.nanmax(np.abs(values), initial=0.0) >= 2.0**53) and _all(cells, r"^[+-]?\d+$")
    return read_numbers(values, spell_numbers, whole=whole)


def _read_flags(cells: Cells) -> Reading | None:
    lower = pc.utf8_lower(cells)
    seen = set(pc.unique(lower).to_pylist()) - {None}
    pair = next((pair for pair in _FLAGS if seen <= set(pair)), None)
    if pair is None:
        return None
    texts = {text.lower(): text for text in pc.unique(cells).to_pylist() if text is not None}
    like = next(iter(texts.values()))
    no, yes = (texts.get(text) or (text.upper() if like.isupper() else text.title() if like.istitle() else text)
               for text in pair)  # fmt: skip
    values = np.asarray(pc.cast(pc.equal(lower, pair[1]), pa.float64()).to_numpy(), dtype=np.float64)
    return Reading(
        kind=f"boolean, 0 for {no} and 1 for {yes}",
        values=values,
        spell=lambda new: pa.array(np.where(new >= 0.5, yes, no).tolist(), pa.string()),
    )


def _read_styled(cells: Cells, decimal: Decimal | None) -> Reading | None:
    """Numbers with a unit, with parted thousands, or with a decimal comma."""
    first = str(next(cell for cell in cells.to_pylist() if cell is not None))
    mark = next((mark for mark in _MARKS if mark in first), "")
    bare, before, after = cells, "", ""
    if mark:
        if not pc.all(pc.match_substring(cells, mark)).as_py():
            return None
        left, _, right = first.partition(mark)
        before, after = (
            (mark + _space(right), "") if left in ("", "+", "-") else ("", left[len(left.rstrip()) :] + mark)
        )
        bare = pc.utf8_trim_whitespace(pc.replace_substring(cells, mark, "", max_replacements=1))
        bare = pc.replace_substring_regex(bare, r"^([+-])\s+", r"\1")
    parted = re.search(rf"\d([{_GROUPS}])\d{{3}}", " / ".join(_samples(bare, rf"\d[{_GROUPS}]\d")))
    group = parted[1] if parted else ""
    if group:
        if not _all(bare, _GROUPED):
            return None
        bare = pc.replace_substring_regex(bare, f"[{_GROUPS}]", "")
    comma = _comma(bare, decimal)
    if comma is None:
        return None
    if comma == "unknown":
        row, cell = _first(bare, ",")
        return refused(
            f"{cell!r} in row {row}",
            why="where the comma may part thousands or decimals",
            remedy="add ?decimal=point, or ?decimal=comma where it parts decimals",
        )
    point = "," if comma == "comma" else "."
    other = "." if comma == "comma" else ","
    if not group and _any(bare, re.escape(other)):
        group = other
    plain = pc.replace_substring(bare, other, "")
    values = _cast(pc.replace_substring(plain, ",", ".") if comma == "comma" else plain)
    if values is None:
        return None
    words = ["number", *([f"in {mark}"] if mark else []), *(["with decimal comma"] if comma == "comma" else [])]

    def spell(new: Values) -> Cells:
        return pa.array([_styled(text, before, after, group, point) for text in spell_numbers(new).to_pylist()])

    return read_numbers(values, spell, kind=" ".join(words))


def _comma(cells: Cells, decimal: Decimal | None) -> Literal["comma", "point", "unknown"] | None:
    """What marks decimals in a column; None where its cells are no numbers."""
    english, continental = _all(cells, _ENGLISH), _all(cells, _CONTINENTAL)
    if english and continental:
        return decimal or ("unknown" if _any(cells, ",") else "point")
    return "point" if english else "comma" if continental else None


def _is_no_number(cell: str) -> bool:
    """Whether a cell is a text, or digits parted by points in a way that thousands are not, or that addresses are."""
    bare = cell.strip()
    if is_missing(bare):
        return False
    if re.search(r"\d", bare) is None or re.search(r"[^\W\d_eE]", bare):
        return True
    if not re.fullmatch(r"\d+(?:\.\d+){2,}", bare):
        return False
    groups = bare.split(".")
    return not re.match(_THOUSANDS, bare) or (len(groups) == 4 and all(int(group) < 256 for group in groups))


def _proven(cell: str) -> list[Decimal]:
    """What a cell alone proves to mark its decimals."""
    if not ({",", "."} & set(cell)) or re.search(r"[^\d.,+\-eE%€$£ ]", cell):
        return []
    bare = cell.strip("%€$£ ")
    english, continental = re.match(_ENGLISH, bare), re.match(_CONTINENTAL, bare)
    return ["point"] if english and not continental else ["comma"] if continental and not english else []


def _styled(text: str, before: str, after: str, group: str, point: str) -> str:
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    if "e" in digits:
        digits = np.format_float_positional(float(digits), trim="-") if float(digits) < 1e15 else digits
    whole, dot, fraction = digits.partition(".")
    if group and whole.isdigit():
        whole = f"{int(whole):,}".replace(",", group)
    return f"{sign}{before}{whole}{point if dot else ''}{fraction}{after}"


def _cast(cells: Cells) -> Any:
    """The numbers (N,), or None where a cell is none."""
    try:
        values = pc.cast(cells, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return np.asarray(values, dtype=np.float64)


def _is_plain(cell: str | None) -> bool:
    return cell is None or is_number(cell)


def _any(cells: Cells, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())


def _all(cells: Cells, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py())


def _first(cells: Cells, pattern: str) -> tuple[int, str]:
    """The first cell that matches, and its row."""
    row = int(pc.index(pc.match_substring_regex(cells, pattern), True).as_py())
    return row, cells[row].as_py()


def _samples(cells: Cells, pattern: str) -> list[str]:
    return pc.filter(cells, pc.match_substring_regex(cells, pattern)).slice(0, 3).to_pylist()


def _space(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]
