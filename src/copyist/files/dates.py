"""Dates and times as numbers: days since 1970-01-01, and the way back into the same form."""

__all__ = ["DATE_KIND", "days_of", "microseconds_of", "read_dates", "slashed_days"]

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.files.arrow import Cells, pa, pc
from copyist.files.readings import Reading, Values, refused

DATE_KIND = "date, in days since 1970-01-01"
"""What a column of dates is called."""

_DAY = 86_400_000_000
"""Microseconds."""

_FORMS = (
    (r"^(\d{4})-(\d{2})-(\d{2})", r"\1-\2-\3", "{y}-{m}-{d}"),
    (r"^(\d{4})/(\d{2})/(\d{2})", r"\1-\2-\3", "{y}/{m}/{d}"),
    (r"^(\d{2})\.(\d{2})\.(\d{4})", r"\3-\2-\1", "{d}.{m}.{y}"),
)
"""Of dates: what they look like, how they become ISO 8601, and how they are written again."""

_SLASHES = r"^(\d{2})/(\d{2})/(\d{4})"

_REST = r"(?:([ T])\d{2}:\d{2}(:\d{2}(?:\.\d{1,6})?)?)?( ?(?:Z|[+-]\d{2}:?\d{2}))?$"
"""Of a date: the time of day, and the zone."""


def days_of(microseconds: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Days of 64 bits, whole days and the rest apart, so that the sum is rounded once."""
    return microseconds // _DAY + (microseconds % _DAY) / _DAY


def microseconds_of(days: Values, *, step: int = 1) -> npt.NDArray[np.int64]:
    """Microseconds since 1970-01-01, in whole steps, within the years that four digits name."""
    within = np.clip(days.astype(np.float64), -719_162, 2_932_896)
    return (np.rint(within * (_DAY / step)) * step).astype(np.int64)


def read_dates(cells: Cells) -> Reading | None:
    """A column of dates, all of one form; None where a cell is none.

    Args:
        cells: (N,) of texts, null where one is missing.
    """
    first = str(next(cell for cell in cells.to_pylist() if cell is not None))
    form = next((form for form in _FORMS if re.match(form[0], first)), None)
    if form is None and re.match(_SLASHES, first):
        form = _slashed(cells)
        if form is None:
            row = pc.index(pc.is_valid(cells), True).as_py()
            return refused(f"{first!r} in row {row}", why="which may be a day of two months")
    if form is None:
        return None
    pattern, iso, written = form
    rest = re.match(pattern + _REST, first)
    if rest is None:
        return None
    separator, seconds, zone = rest.groups()[-3:]
    clock = "" if separator is None else f"{separator}\\d{{2}}:\\d{{2}}"
    clock += r":\d{2}(?:\.\d{1,6})?" if seconds else ""
    zone = zone or ""
    if not pc.all(pc.match_substring_regex(cells, f"{pattern}{clock}{re.escape(zone)}$")).as_py():
        return None
    texts = pc.replace_substring_regex(cells, pattern, iso)
    texts = pc.replace_substring_regex(texts, f"{re.escape(zone)}$", "") if zone else texts
    try:
        stamps = pc.cast(pc.cast(texts, pa.timestamp("us")), pa.int64())
    except pa.ArrowInvalid:
        return None
    missing = np.asarray(pc.is_null(stamps).to_numpy(), dtype=np.bool_)
    values = np.where(missing, np.nan, days_of(np.asarray(pc.fill_null(stamps, 0).to_numpy(), dtype=np.int64)))
    unit = _unit(cells, separator, seconds)

    def spell(new: Values) -> Cells:
        return pa.array([text + zone for text in _written(new, unit, written, separator)], pa.string())

    return Reading(kind=DATE_KIND, values=values, spell=spell, is_exact=True)


def slashed_days(texts: Sequence[str | None], *, day_first: bool) -> npt.NDArray[np.float64] | None:
    """Days of dates such as 03/04/2024, which do not tell by themselves whether the day comes first.

    Args:
        texts: (N,), None where one is missing.
        day_first: whether it does.

    Returns:
        (N,), NaN where one is missing; None where a text is no such date, or none is a date at all.
    """
    cells = pa.chunked_array([pa.array(texts, pa.string())])
    if not pc.any(pc.is_valid(cells)).as_py() or not pc.all(pc.match_substring_regex(cells, f"{_SLASHES}$")).as_py():
        return None
    iso = pc.replace_substring_regex(cells, _SLASHES, r"\3-\2-\1" if day_first else r"\3-\1-\2")
    reading = read_dates(iso)
    return None if reading is None else reading.values


def _slashed(cells: Cells) -> Any:
    """The form of dates with slashes, by a day that is no month; None where there is none, or on both places."""
    if not pc.all(pc.match_substring_regex(cells, _SLASHES)).as_py():
        return None
    one, two = (
        pc.max(pc.cast(pc.utf8_slice_codeunits(cells, start, start + 2), pa.int32())).as_py() for start in (0, 3)
    )
    if (one > 12) == (two > 12):
        return None
    if one > 12:
        return _SLASHES, r"\3-\2-\1", "{d}/{m}/{y}"
    return _SLASHES, r"\3-\1-\2", "{m}/{d}/{y}"


def _unit(cells: Cells, separator: str | None, seconds: str | None) -> Any:
    """The smallest unit of time that is written."""
    if separator is None:
        return "D"
    if not seconds:
        return "m"
    if not pc.any(pc.match_substring_regex(cells, r":\d{2}\.\d")).as_py():
        return "s"
    return "us" if pc.any(pc.match_substring_regex(cells, r":\d{2}\.\d{4}")).as_py() else "ms"


def _written(days: Values, unit: Any, form: str, separator: str | None) -> list[str]:
    step = {"D": _DAY, "m": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1}[unit]
    stamps = microseconds_of(days, step=step).view("datetime64[us]")
    found: list[str] = []
    for text in np.datetime_as_string(stamps, unit=unit).tolist():
        date, _, clock = text.partition("T")
        year, month, day = date.split("-")
        found.append(form.format(y=year, m=month, d=day) + (f"{separator}{clock}" if separator else ""))
    return found
