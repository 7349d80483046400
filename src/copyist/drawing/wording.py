"""Numbers as a reader wants them: short, aligned, with their unit."""

__all__ = ["JOINER", "SPACE", "batch", "count", "duration", "interval", "number", "percent", "setting"]

import math

from copyist.evidence import Interval

SPACE = "\u00a0"
"""A space at which no line breaks."""

JOINER = "\u2060"
"""Nothing at all, at which no line breaks."""


def number(value: float | None, digits: int = 2) -> str:
    """A number with fixed digits after the point, or a dash for what was not measured."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−") if abs(value) < 1e5 else f"{value:.1e}".replace("-", "−")


def interval(measured: Interval, digits: int = 2) -> str:
    """The 95 % interval, or nothing where one image alone tells none."""
    if math.isnan(measured.low) or math.isnan(measured.high):
        return ""
    return f"{number(measured.low, digits)}{JOINER}–{JOINER}{number(measured.high, digits)}"


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{100 * share:.0f}{SPACE}%".replace("-", "−")


def count(value: int) -> str:
    """A count: in full below a hundred thousand, else in millions or thousands."""
    if value < 100_000:
        return f"{value:,}"
    return f"{value / 1e6:.1f} million" if value >= 1_000_000 else f"{value / 1e3:.0f} thousand"


def duration(seconds: float) -> str:
    """A time in the two largest units that matter."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def setting(value: object) -> str:
    """A setting of a recipe or a statistic of a code."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}".replace("e-0", "e-")
    if isinstance(value, list):
        return " × ".join(setting(part) for part in value)
    return str(value)


def batch(kind: str, size: int) -> str:
    """What is in a batch, and how many."""
    return kind if size == 1 else f"{kind}, {size}" if kind != "eights" else kind
