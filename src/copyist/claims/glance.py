"""What lets a reader see a claim, in small: one picture, or a chart of a few hundred bytes."""

__all__ = ["GlancePicture", "glance_picture", "small_curves", "small_parts"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import final

from copyist.claims.declaration import DeclaredPart
from copyist.claims.result import ClaimResult, Curves, NamedPicture
from copyist.drawing.wording import short
from copyist.evidence import Interval, to_scale

WIDTH, HEIGHT = 250, 150
"""Of a small chart of curves, in pixels."""

MOST_ROWS = 7
"""Parts in a small chart."""

MOST_LINES = 5
"""Curves in a small chart."""

MOST_POINTS = 30
"""Along a curve of a small chart."""


@final
@dataclass(frozen=True, kw_only=True)
class GlancePicture:
    """What is shown of a claim on a page of many."""

    caption: str

    picture: NamedPicture | None
    """Rows of images; None where a chart is shown."""

    svg: str
    """The chart, in the colors of the page it stands on; empty where rows of images are shown."""


def glance_picture(result: ClaimResult) -> GlancePicture:
    """The picture or the curves that the claim names as what lets a reader see it; else the chart of its parts."""
    name = result.claim.picture
    for picture in result.pictures:
        if picture.name == name:
            return GlancePicture(caption=picture.caption, picture=picture, svg="")
    curves = [run.curves[name] for run in result.seeds.values() if name in run.curves]
    if curves:
        return GlancePicture(caption=curves[0].title, picture=None, svg=small_curves(curves))
    caption = "Each part against its bound, on a scale of its own; the shaded side is where all of it must lie."
    return GlancePicture(caption=caption, picture=None, svg=small_parts(result))


def small_curves(curves: Sequence[Curves]) -> str:
    """The mean over seeds of each line, with the ends of both axes in numbers.

    Args:
        curves: one per seed, over the same places.
    """
    first = curves[0]
    lines = {label: _mean(curves, label) for label in list(first.lines)[:MOST_LINES]}
    right = WIDTH - 8
    xs, ys = list(first.x), [y for line in lines.values() for y in line]
    across = _Axis.over(xs, log=first.log_x, start=8, end=right)
    up = _Axis.over(ys, log=first.log_y, start=HEIGHT - 36, end=16)
    drawn = [
        _text(8, 10, f"{_cut(first.y_label)}: {short(up.low)} to {short(up.high)}"),
        _text(8, HEIGHT - 24, short(across.low)),
        _text(right, HEIGHT - 24, f"{_cut(first.x_label)} {short(across.high)}", anchor="end"),
        f'<path d="M8 16V{HEIGHT - 36}H{right}" fill="none" stroke="var(--line)"/>',
    ]
    for i, (label, line) in enumerate(lines.items()):
        drawn.append(
            f'<path d="{_path(across, up, xs, line)}" fill="none" stroke="var(--series-{i})" stroke-width="2"/>'
        )
        # One below the other: fonts differ in width.
        words = _cut(label.replace("_", " ").strip(), 40)
        drawn.append(_text(8, HEIGHT - 8 + 13 * i, words, color=f"var(--series-{i})", weight=600))
    return _svg(WIDTH, HEIGHT + 13 * max(0, len(lines) - 1), drawn)


def small_parts(result: ClaimResult) -> str:
    """Each part's interval against its bound, on a scale of its own; those of the source first."""
    pairs = sorted(zip(result.claim.parts, result.parts, strict=True), key=lambda pair: not pair[0].source)
    drawn: list[str] = []
    for i, (declared, found) in enumerate(pairs[:MOST_ROWS]):
        between = result.claim.bounds.get(declared.name, (-math.inf, math.inf))
        name = declared.name.replace("_", " ")
        drawn.append(_text(4, 26 * i + 11, name, weight=600 if declared.source else 400))
        drawn.append(_text(WIDTH - 4, 26 * i + 11, short(found.interval.mean), anchor="end"))
        drawn += _strip(declared, found.interval, between, y=26 * i + 19)
    if len(pairs) > MOST_ROWS:
        drawn.append(_text(4, 26 * MOST_ROWS + 11, f"and {len(pairs) - MOST_ROWS} more"))
    return _svg(WIDTH, 26 * min(len(pairs), MOST_ROWS + 1), drawn)


def _strip(part: DeclaredPart, interval: Interval, between: tuple[float, float], *, y: float) -> list[str]:
    """One line with the shaded side of its bound, and the interval on it."""
    bounds = [to_scale(each, part.scale) for each in between]
    ends = [to_scale(each, part.scale) for each in (interval.low, interval.mean, interval.high)]
    seen = [each for each in (*bounds, *ends) if math.isfinite(each)]
    if not seen:
        return []
    reach = 0.3 * (max(seen) - min(seen)) or 1.0
    axis = _Axis(low=min(seen) - reach, high=max(seen) + reach, log=False, start=4, end=WIDTH - 4)
    low, high = (axis.at(min(max(bound, axis.low), axis.high)) for bound in bounds)
    drawn = [f'<path d="M4 {y}H{WIDTH - 4}" stroke="var(--line)"/>']
    drawn.append(f'<path d="M{low} {y}H{high}" stroke="var(--line)" stroke-width="9"/>')
    drawn += [
        f'<path d="M{axis.at(bound)} {y - 6}V{y + 6}" stroke="var(--ink)" stroke-width="1.5"/>'
        for bound in bounds
        if math.isfinite(bound)
    ]
    if math.isfinite(ends[0]) and math.isfinite(ends[2]):
        drawn.append(
            f'<path d="M{axis.at(ends[0])} {y}H{axis.at(ends[2])}" stroke="var(--series-0)" stroke-width="2.5"/>'
        )
    if math.isfinite(ends[1]):
        drawn.append(f'<circle cx="{axis.at(ends[1])}" cy="{y}" r="3.5" fill="var(--series-0)"/>')
    return drawn


@final
@dataclass(frozen=True, kw_only=True)
class _Axis:
    """From numbers to pixels."""

    low: float
    high: float
    log: bool
    start: float
    end: float

    @classmethod
    def over(cls, numbers: Sequence[float], *, log: bool, start: float, end: float) -> "_Axis":
        """From the smallest of the numbers to the largest; of those that have a place on it."""
        here = [each for each in numbers if math.isfinite(each) and (each > 0 or not log)] or [1.0, 2.0]
        return cls(low=min(here), high=max(here), log=log, start=start, end=end)

    def at(self, value: float) -> float:
        """The pixel, to a tenth; not a number for what has no place."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return math.nan
        low, high, here = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        share = (here - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def _cut(words: str, length: int = 30) -> str:
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"


def _mean(curves: Sequence[Curves], label: str) -> list[float]:
    lines = [each.lines[label] for each in curves if label in each.lines and each.x == curves[0].x]
    return [math.fsum(values) / len(values) for values in zip(*lines, strict=True)]


def _path(across: _Axis, up: _Axis, xs: Sequence[float], ys: Sequence[float]) -> str:
    """A line through the points that have a place, broken where one has not."""
    step = max(1, math.ceil(len(xs) / MOST_POINTS))
    chosen = sorted({*range(0, len(xs), step), len(xs) - 1})
    parts: list[str] = []
    begin = True
    for i in chosen:
        x, y = across.at(xs[i]), up.at(ys[i])
        if math.isnan(x) or math.isnan(y):
            begin = True
            continue
        parts.append(f"{'M' if begin else 'L'}{x:g} {y:g}")
        begin = False
    return "".join(parts) or "M0 0"


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", color: str = "var(--ink)", weight: int = 400
) -> str:
    extra = ("" if anchor == "start" else f' text-anchor="{anchor}"') + ("" if weight == 400 else ' font-weight="600"')
    return f'<text x="{x:g}" y="{y:g}" fill="{color}"{extra}>{escape(words)}</text>'


def _svg(width: float, height: float, drawn: Sequence[str]) -> str:
    head = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    font = 'style="font: 10px var(--sans)"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head} {font}>{"".join(drawn)}</svg>'
