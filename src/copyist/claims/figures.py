"""Figures of a claim: each part against its bound with the controls beside it, and curves over seeds."""

__all__ = ["curves_figure", "parts_figure"]

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from copyist.claims.result import ClaimResult, Curves
from copyist.claims.wording import interval, verdict_label
from copyist.drawing.charts import (
    INK,
    LINE,
    MARKERS,
    MUTED,
    SERIES,
    new_figure,
    plain,
    plain_ticks,
    svg_text,
    under_figure,
)
from copyist.evidence import Interval, Verdict

_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""So that lines differ without color."""

_LABEL = 38
"""Letters of a label that fit beside a figure."""

_TENFOLD = 10

_FEW = 8
"""Places that an axis can name one by one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One part or control as it is drawn."""

    name: str
    ends: Interval
    values: Sequence[float]
    verdict: Verdict | None = None
    """None for a control."""

    between: tuple[float, float] = (-math.inf, math.inf)
    """Where a part must lie; infinite where nothing bounds it."""

    is_ratio: bool = False
    """Whether a part is judged on a logarithmic scale."""

    @property
    def numbers(self) -> list[float]:
        """All that must be in sight."""
        return [each for each in (*self.values, *self.between, self.ends.low, self.ends.high) if math.isfinite(each)]

    @property
    def largest(self) -> float:
        """The largest magnitude among them."""
        return max(map(abs, self.numbers), default=0.0)


@plain
def parts_figure(result: ClaimResult) -> str:
    """Parts and controls as dots with intervals, those of one kind on one axis; the bound's good side is shaded."""
    panels = _panels(result)
    heights = [len(panel) + 0.9 for panel in panels]
    figure = new_figure(8.6, 0.3 + 0.36 * sum(heights))
    all_axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, panel in zip(all_axes, panels, strict=True):
        _draw(axes, panel)
    return svg_text(figure, result.name)


@plain
def curves_figure(curves: Sequence[Curves], name: str) -> str:
    """The mean over seeds as a line, and each seed as a thin one.

    Args:
        curves: one per seed, over the same places.
        name: for the identifiers inside the picture, which must be unique on a page.
    """
    first = curves[0]
    figure = new_figure(8.6, 3.3)
    axes = figure.add_subplot()
    handles: list[Any] = []
    for i, label in enumerate(first.lines):
        color, dashes = SERIES[i % len(SERIES)], _DASHES[i % len(_DASHES)]
        seeds = [curve.lines[label] for curve in curves if label in curve.lines and curve.x == first.x]
        if len(seeds) > 1:
            for line in seeds:
                axes.plot(first.x, line, color=color, linewidth=0.6, alpha=0.55, zorder=2)
        mean = [math.fsum(values) / len(values) for values in zip(*seeds, strict=True)]
        handles += axes.plot(
            first.x, mean, color=color, linewidth=1.8, linestyle=dashes, zorder=3,
            marker=MARKERS[i % len(MARKERS)], markersize=4 if len(mean) <= 40 else 0,
        )  # fmt: skip
    axes.set_title(first.title, fontsize=9.5, color=INK, loc="left", fontweight="bold")
    axes.set_xlabel(first.x_label)
    axes.set_ylabel(textwrap.fill(first.y_label, _LABEL))
    if first.log_x and any(x > 0 for x in first.x):
        axes.set_xscale("log")
        if len(first.x) <= _FEW:
            axes.set_xticks([x for x in first.x if x > 0])
        plain_ticks(axes.xaxis)
    if first.log_y and any(y > 0 for curve in curves for line in curve.lines.values() for y in line):
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.grid(True, color=LINE, linewidth=0.5)
    if first.lines:
        under_figure(figure, (handles, [label.replace("_", " ").strip() for label in first.lines]))
    return svg_text(figure, name)


def _panels(result: ClaimResult) -> list[list[Row]]:
    """Rows whose names begin alike and whose sizes are alike share an axis; parts come before controls."""
    bounds = result.claim.bounds
    parts = [
        Row(
            name=part.name, ends=part.interval, values=result.per_seed(part.name), verdict=part.verdict,
            between=bounds.get(part.name, (-math.inf, math.inf)), is_ratio=declared.scale == "log",
        )
        for part, declared in zip(result.parts, result.claim.parts, strict=True)
    ]  # fmt: skip
    controls = [Row(name=each.name, ends=each.interval, values=result.per_seed(each.name)) for each in result.controls]
    panels: list[list[Row]] = []
    for row in (*parts, *controls):
        home = next((panel for panel in panels if _alike(panel, row)), None)
        if home is None:
            panels.append([row])
        else:
            home.append(row)
    return panels


def _alike(panel: Sequence[Row], row: Row) -> bool:
    """Whether a row fits on an axis: never so large that it squeezes the others, and a part not squeezed itself."""
    if panel[0].name.partition("_")[0] != row.name.partition("_")[0]:
        return False
    here = max(each.largest for each in panel)
    return row.largest <= 10 * here and (row.verdict is None or here <= 10 * row.largest)


def _draw(axes: Any, rows: Sequence[Row]) -> None:
    low, high = _limits(axes, rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for y, row in enumerate(rows):
        _draw_row(axes, y, row, low, high)
    axes.set_yticks(range(len(rows)), [row.name.replace("_", " ") for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row.verdict else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)


def _limits(axes: Any, rows: Sequence[Row]) -> tuple[float, float]:
    """Set the scale and the ends of an axis: logarithmic where ratios on it lie more than tenfold apart."""
    numbers = [each for row in rows for each in row.numbers] or [0.0, 1.0]
    low, high = min(numbers), max(numbers)
    if any(row.is_ratio for row in rows) and low > 0 and high > _TENFOLD * low:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
        room = (high / low) ** 0.06
        low, high = low / room, high * room
    else:
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
        low, high = low - room, high + room
    axes.set_xlim(low, high)
    return low, high


def _draw_row(axes: Any, y: int, row: Row, low: float, high: float) -> None:
    color = SERIES[0] if row.verdict else MUTED
    if row.verdict and any(map(math.isfinite, row.between)):
        ends = [bound if math.isfinite(bound) else edge for bound, edge in zip(row.between, (low, high), strict=True)]
        axes.fill_betweenx([y - 0.36, y + 0.36], *ends, color=LINE, linewidth=0, zorder=0)
        for bound in filter(math.isfinite, row.between):
            axes.plot([bound, bound], [y - 0.36, y + 0.36], color=INK, linewidth=1.6, zorder=1)
    axes.plot(row.values, [y + 0.2] * len(row.values), "|", color=MUTED, markersize=5, zorder=2)
    if math.isfinite(row.ends.low) and math.isfinite(row.ends.high):
        axes.plot([row.ends.low, row.ends.high], [y, y], color=color, linewidth=2 if row.verdict else 1.1, zorder=3)
    if math.isfinite(row.ends.mean):
        axes.scatter(
            [row.ends.mean], [y], s=44 if row.verdict else 24, marker="o" if row.verdict else "D",
            facecolors=color if row.verdict else "none", edgecolors=color, zorder=4,
        )  # fmt: skip
    told = interval(row.ends) + (f"  {verdict_label(row.verdict)}" if row.verdict else "")
    axes.annotate(
        told, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        color=INK if row.verdict else MUTED, fontweight="bold" if row.verdict else "normal", annotation_clip=False,
    )  # fmt: skip
