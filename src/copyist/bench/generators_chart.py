"""How near samples of several kinds are to real images, by the budget of their training, as a chart."""

__all__ = ["generators_chart"]

import math
from typing import Any

from copyist.baselines.instruments import JUDGE
from copyist.bench.generators_result import KINDS, GeneratorBench
from copyist.drawing.charts import (
    INK,
    LINE,
    MARKERS,
    MUTED,
    SERIES,
    new_figure,
    plain,
    plain_ticks,
    standalone,
    svg_text,
    under_figure,
)


@plain
def generators_chart(result: GeneratorBench) -> str:
    """An SVG picture of its own: geometric means of distances over budgets, with Student's 95 % intervals, and the
    distance of training images, which no kind can be expected to get below."""
    return standalone(svg_text(_figure(result), "generators"))


def _figure(result: GeneratorBench) -> Any:
    figure = new_figure(8.6, 4.2)
    axes = figure.add_subplot()
    handles = []
    for i, kind in enumerate(KINDS):
        found = {budget: result.interval(kind, budget=budget) for budget in result.budgets}
        found = {budget: each for budget, each in found.items() if math.isfinite(each.mean)}
        # A little apart, so that intervals of one budget do not hide each other.
        places = [budget * 1.02 ** (i - (len(KINDS) - 1) / 2) for budget in found]
        color = SERIES[i % len(SERIES)]
        for place, each in zip(places, found.values(), strict=True):
            if math.isfinite(each.low):
                axes.plot([place, place], [each.low, each.high], color=color, linewidth=1.2, zorder=2)
        means = [each.mean for each in found.values()]
        handles += axes.plot(places, means, color=color, linewidth=1.8, marker=MARKERS[i], markersize=5, zorder=3)
    floor = result.floor[JUDGE]
    axes.axhline(floor, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.annotate(
        "training images", (1, floor), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", va="bottom", fontsize=8, color=MUTED,
    )  # fmt: skip
    axes.set_title(f"{result.data}: distance of samples to test images", fontsize=9.5, color=INK, loc="left")
    axes.set_xlabel("processor seconds of training")
    axes.set_ylabel(f"Fréchet distance, {JUDGE}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(result.budgets)
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)
    axes.grid(True, color=LINE, linewidth=0.5)
    under_figure(figure, (handles, [*KINDS]))
    return figure
