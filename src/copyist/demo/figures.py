"""The charts of the demo's page: losses over training, and how far samples lie from training images."""

__all__ = ["distances", "loss_curves"]

from collections.abc import Sequence
from typing import Any

from copyist.checks import require
from copyist.demo.results import History, Samples
from copyist.drawing.charts import LINE, MUTED, SERIES, new_figure, plain, svg_text, under_figure


@plain
def loss_curves(histories: Sequence[History]) -> str:
    """Training loss as a line and held-out loss as dots, per model, on a logarithmic scale."""
    figure = new_figure(8.6, 3.1)
    axes = figure.add_subplot()
    for i, history in enumerate(histories):
        color = SERIES[i % len(SERIES)]
        axes.plot(history.steps, history.loss, color=color, linewidth=1.2, label=history.model)
        if history.validation:
            steps, losses = zip(*history.validation, strict=True)
            axes.plot(
                steps, losses, "o--", color=color, markersize=4, linewidth=0.8, label=f"{history.model}, held out"
            )
    positive = all(value > 0 for history in histories for value in history.loss)
    if positive:
        ticker: Any = require("matplotlib.ticker", extra="report", purpose="a report with charts")
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_xlabel("step")
    axes.set_ylabel("mean squared error")
    axes.grid(True, axis="y", color=LINE, linewidth=0.5)
    under_figure(figure, axes.get_legend_handles_labels())
    return svg_text(figure, "loss")


@plain
def distances(samples: Samples) -> str:
    """How far samples lie from their nearest training images, over the band of held-out images."""
    figure = new_figure(8.6, 1.45)
    axes = figure.add_subplot()
    values = [sample.distance for sample in samples.samples]
    band = axes.axvspan(samples.held_out.low, samples.held_out.high, color=LINE, label="held-out images, their range")
    middle = axes.axvline(samples.held_out.median, color=MUTED, linewidth=1.2, label="their median")
    shown = axes.scatter(
        values, [0.5] * len(values), marker="|", s=240, color=SERIES[0], linewidths=1.5, label="samples", zorder=3
    )
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_xlabel("distance to the nearest training image")
    under_figure(figure, ([shown, band, middle], ["samples", "range of held-out images", "their median"]))
    return svg_text(figure, "memory")
