"""Charts as small SVG pictures that take the colors and the font of the page they stand on."""

__all__ = [
    "INK",
    "LINE",
    "MARKERS",
    "MUTED",
    "SERIES",
    "Dot",
    "Panel",
    "dots",
    "new_figure",
    "plain",
    "plain_ticks",
    "standalone",
    "svg_text",
    "under_figure",
]

import functools
import hashlib
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from copyist.checks import require
from copyist.drawing.compact_svg import compact_svg
from copyist.drawing.wording import number

P = ParamSpec("P")

INK = "#010101"
"""The color of text."""

MUTED = "#020202"
"""The color of labels and of what stands behind."""

LINE = "#030303"
"""The color of axes and grids."""

SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404", "#0a0505", "#0a0606")
"""The colors of what is compared."""

VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line"} | {color: f"series-{i}" for i, color in enumerate(SERIES)}
"""Colors that stand for the page's own, which differ by day and by night."""

_BY_DAY = {
    "ink": "#1b1c1f", "muted": "#63656c", "line": "#dfdfdb", "sans": "system-ui, Helvetica, Arial, sans-serif",
    "series-0": "#1d5fbf", "series-1": "#c8590f", "series-2": "#2b8456", "series-3": "#7c4dbd", "series-4": "#b3325f",
    "series-5": "#16808c",
}  # fmt: skip

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "p")
"""The shapes of what is compared, where colors do not tell it apart."""


def plain(draw: Callable[P, str]) -> Callable[P, str]:
    """Draw with text as text: names are taken as they are, dollar signs included."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> str:
        matplotlib = require("matplotlib", extra="report", purpose="a report with charts")
        with matplotlib.rc_context({"svg.fonttype": "none", "text.parse_math": False}):
            return draw(*args, **kwargs)

    return drawn


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One measured value with its interval."""

    series: str
    place: str
    """The line of the panel it stands on."""

    value: float
    low: float
    high: float
    """Not drawn where it is not a number."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Dots on one axis."""

    title: str
    dots: Sequence[Dot]


@plain
def dots(panels: Sequence[Panel], *, series: dict[str, bool], axis: str, name: str, unity: str | None = None) -> str:
    """One panel of dots beside another, with a line at 1.

    Args:
        panels: what to draw.
        series: the names of all series; those with True are drawn large and in color, the others small and gray.
        axis: what the values are.
        name: for the identifiers inside the picture, which must be unique on the page.
        unity: what is written at the line at 1, in the first panel.
    """
    panels = [Panel(title=panel.title, dots=[d for d in panel.dots if math.isfinite(d.value)]) for panel in panels]
    longest = max(len({dot.place for dot in panel.dots}) for panel in panels)
    figure = new_figure(
        3.4 * len(panels) if len(panels) > 1 else 6.4, 1.35 + 0.42 * longest + (0.25 if len(series) > 4 else 0)
    )
    all_axes = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    limit = 1.06 * max([1.1, *(dot.value for panel in panels for dot in panel.dots if series[dot.series])])
    handles: dict[str, Any] = {}
    for panel, axes in zip(panels, all_axes, strict=True):
        handles = _draw_panel(axes, panel, series, limit) | handles
        axes.set_title(panel.title, fontsize=9.5, color=INK, loc="left", fontweight="bold")
        axes.set_xlabel(axis)
        axes.axvline(1.0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if unity:
        all_axes[0].annotate(
            unity, (1.0, 1), (-4, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="right", va="top", fontsize=8, color=MUTED,
        )  # fmt: skip
    shown = [label for label in series if label in handles]
    under_figure(figure, ([handles[label] for label in shown], shown))
    return svg_text(figure, name)


def _draw_panel(axes: Any, panel: Panel, series: dict[str, bool], limit: float) -> dict[str, Any]:
    """Draw the dots and give one drawn dot per series, for the legend; dots beyond the limit are described in words."""
    places = list(dict.fromkeys(dot.place for dot in panel.dots))
    colored = [label for label, strong in series.items() if strong]
    gray = [label for label, strong in series.items() if not strong]
    handles: dict[str, Any] = {}
    for dot in panel.dots:
        strong = series[dot.series]
        order = (colored if strong else gray).index(dot.series)
        color = SERIES[order % len(SERIES)] if strong else MUTED
        y = places.index(dot.place) + (0.16 * (order - (len(colored) - 1) / 2) if strong else 0.0)
        if strong and math.isfinite(dot.high - dot.low):
            axes.plot([dot.low, dot.high], [y, y], color=color, linewidth=1.6, zorder=3)
        if dot.value > limit:
            axes.text(
                limit, y - 0.12, f"{dot.series} {number(dot.value)} →", ha="right", va="bottom", fontsize=7, color=MUTED
            )
        handles[dot.series] = axes.scatter(
            [dot.value], [y], s=42 if strong else 20, zorder=4 if strong else 2, linewidths=0.9,
            marker="o" if strong else MARKERS[order % len(MARKERS)],
            facecolors=color if strong else "none", edgecolors=color,
        )  # fmt: skip
    axes.set_yticks(range(len(places)), places)
    axes.set_xlim(min([0.0, *(dot.value for dot in panel.dots)]), limit)
    axes.set_ylim(len(places) - 0.45, -0.55)
    axes.grid(True, axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    return handles


def new_figure(width: float, height: float) -> Any:
    """An empty figure, in inches of 100 pixels."""
    matplotlib = require("matplotlib.figure", extra="report", purpose="a report with charts")
    return matplotlib.Figure(figsize=(width, height), layout="constrained", facecolor="none")


def under_figure(figure: Any, handles_and_labels: tuple[list[Any], list[str]]) -> None:
    """A legend below everything."""
    handles, labels = handles_and_labels
    labels = [label if not label.startswith("_") else f"\u200b{label}" for label in labels]  # matplotlib hides those.
    figure.legend(
        handles, labels, loc="outside lower left", ncols=min(len(labels), 4), frameon=False, fontsize=8, labelcolor=INK
    )


def plain_ticks(axis: Any) -> None:
    """Powers of ten as plain numbers; formulas are not drawn, since names are taken as they are."""
    ticker: Any = require("matplotlib.ticker", extra="report", purpose="a report with charts")
    axis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def svg_text(figure: Any, name: str) -> str:
    """The picture without its XML head, with the page's colors and font, and with identifiers of its own."""
    matplotlib = require("matplotlib", extra="report", purpose="a report with charts")
    for axes in figure.axes:
        axes.set_facecolor("none")
        axes.tick_params(which="both", colors=MUTED, labelsize=8, labelcolor=INK)
        axes.xaxis.label.set(color=MUTED, fontsize=8)
        axes.yaxis.label.set(color=MUTED, fontsize=8)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(LINE)
    text = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata=nothing, facecolor="none")
    svg = text.getvalue()
    svg = compact_svg(svg[svg.index("<svg") :])
    own = f"i{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    svg = re.sub(r'\bid="', f'id="{own}', svg)
    svg = svg.replace("url(#", f"url(#{own}").replace('href="#', f'href="#{own}')
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans)", svg)
    size = f'style="max-width: {100 * figure.get_figwidth():.0f}px"'
    svg = re.sub(r'(<svg [^>]*?)\s*width="[^"]*"', rf"\1 {size}", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?)\s*height="[^"]*"', r"\1", svg, count=1)
    return re.sub("|".join(VARIABLES), lambda found: f"var(--{VARIABLES[found[0]]})", svg)


def standalone(svg: str) -> str:
    """The same picture as a file of its own, by day and on white."""
    colored = re.sub(r"var\(--([\w-]+)\)", lambda found: _BY_DAY[found[1]], svg)
    head, body = re.match(r"(<svg [^>]*>)(.*)", colored, flags=re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}<rect width="100%" height="100%" fill="#fff"/>{body}'
