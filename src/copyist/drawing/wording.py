"""Numbers as a reader wants them: short, aligned, with their unit."""

__all__ = [
    "SPACE",
    "answer",
    "batch",
    "bounds",
    "count",
    "counted",
    "duration",
    "estimate",
    "number",
    "percent",
    "setting",
    "short",
]

import math

from copyist.evidence import Interval, Judgement

SPACE = "\u00a0"
"""A space at which no line breaks."""


def number(value: float | None, digits: int = 2) -> str:
    """A number with fixed digits after the point, or a dash for what was not measured."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−") if abs(value) < 1e5 else f"{value:.1e}".replace("-", "−")


def short(value: float) -> str:
    """A number with three digits that count, or a dash for what is not a number."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    text = f"{value:,.0f}" if 1000 <= size < 1e7 else f"{value:.2e}" if not 1e-3 <= size < 1e7 else f"{value:#.3g}"
    return text.rstrip(".").replace("-", "−")


def estimate(measured: Interval, digits: int | None = None, *, unit: str = "", half_width: bool = False) -> str:
    """A mean with its 95 % interval: "0.42 [0.40, 0.44]"; the mean alone where one value alone tells no interval.

    Args:
        measured: the mean and the ends of its interval.
        digits: after the point; None shows three digits that count.
        unit: what follows the mean, with the space before it.
        half_width: whether to write "0.42 ± 0.02" instead, for narrow columns; the interval must be centered.
    """
    mean = _digits(measured.mean, digits) + unit
    if half_width:
        reach = (measured.high - measured.low) / 2
        return mean if math.isnan(reach) else f"{mean} ± {_digits(reach, digits)}{unit}"
    return f"{mean} {bounds(measured, digits)}".rstrip()


def bounds(measured: Interval, digits: int | None = None) -> str:
    """The ends of a 95 % interval, "[0.40, 0.44]"; nothing where one value alone tells none."""
    if not (math.isfinite(measured.low) and math.isfinite(measured.high)):
        return ""
    return f"[{_digits(measured.low, digits)}, {_digits(measured.high, digits)}]"


def _digits(value: float, digits: int | None) -> str:
    return short(value) if digits is None else number(value, digits)


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{100 * share:.0f}{SPACE}%".replace("-", "−")


def count(value: int) -> str:
    """A count: in full below a hundred thousand, else in millions or thousands."""
    if value < 100_000:
        return f"{value:,}"
    return f"{value / 1e6:.1f} million" if value >= 1_000_000 else f"{value / 1e3:.0f} thousand"


def counted(number: int, thing: str) -> str:
    """One image, several images."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


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


def answer(judgement: Judgement) -> str:
    """A judgement as the answer to a question."""
    return {"supported": "yes", "refuted": "no", "inconclusive": "?"}[judgement]
