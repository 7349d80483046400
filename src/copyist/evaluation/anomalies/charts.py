"""The charts of a report on anomalies."""

__all__ = ["columns_chart", "curves_chart", "drift_chart", "histogram_chart"]

import math
from typing import Any

from copyist.checks import require
from copyist.drawing.charts import INK, LINE, MUTED, SERIES, new_figure, plain, svg_text, under_figure
from copyist.drawing.wording import short
from copyist.evaluation.anomalies.report import AnomalyReport
from copyist.evaluation.anomalies.report_parts import DriftPath
from copyist.metrics.ranking import Ranking


@plain
def histogram_chart(report: AnomalyReport) -> str:
    """The anomalies of the calibration and of the examples, as shares of each, with the threshold."""
    found = report.histogram
    figure = new_figure(9.6, 3.3)
    axes = figure.add_subplot()
    handles: list[Any] = []
    for counts, color, filled in ((found.calibration, MUTED, False), (found.examples, SERIES[0], True)):
        whole = max(1, sum(counts))
        shares = [count / whole for count in counts]
        handles.append(
            axes.stairs(shares, found.edges, color=color, linewidth=1.3, fill=filled, alpha=0.55 if filled else 1.0)
        )
    line = axes.axvline(report.threshold, color=SERIES[1], linewidth=1.5)
    if found.is_logarithmic:
        ticker: Any = require("matplotlib.ticker", extra="report", purpose="a report with charts")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: short(value)))
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_xlabel("anomaly" + (", on a logarithmic scale" if found.is_logarithmic else ""))
    axes.set_ylabel("share in each bin")
    axes.set_xlim(found.edges[0], found.edges[-1])
    labels = [
        f"calibration: {report.num_calibration} normal ones", f"{report.num_examples} {report.noun} judged",
        f"threshold, {short(report.threshold)}",
    ]  # fmt: skip
    under_figure(figure, ([*handles, line], labels))
    return svg_text(figure, "histogram")


@plain
def curves_chart(found: Ranking, *, name: str) -> str:
    """ROC on the left, precision–recall on the right, each with what chance gives."""
    figure = new_figure(8.2, 3.9)
    left, right = figure.subplots(1, 2)
    left.plot(*zip(*found.roc, strict=True), color=SERIES[0], linewidth=1.8)
    left.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    right.plot(*zip(*found.precision_recall, strict=True), color=SERIES[0], linewidth=1.8)
    share = found.num_anomalous / (found.num_anomalous + found.num_normal)
    right.axhline(share, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    titles = f"ROC, area {found.auroc.mean:.3f}", f"precision–recall, {found.average_precision.mean:.3f}"
    for axes, title, x, y in (
        (left, titles[0], "share of normal ones flagged", "share of anomalies flagged"),
        (right, titles[1], "share of anomalies flagged (recall)", "anomalies among flagged (precision)"),
    ):
        axes.set_title(title, fontsize=9.5, color=INK, loc="left", fontweight="bold")
        axes.set(xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        axes.set_aspect("equal")
        axes.grid(True, color=LINE, linewidth=0.5)
    return svg_text(figure, name)


@plain
def columns_chart(report: AnomalyReport) -> str:
    """The mean share of each column, as bars."""
    shown = report.columns[:12]
    figure = new_figure(8.2, 0.6 + 0.27 * len(shown))
    axes = figure.add_subplot()
    axes.barh(range(len(shown)), [share for _, share in shown], color=SERIES[0], height=0.62)
    axes.set_yticks(range(len(shown)), [name if len(name) <= 32 else f"{name[:31]}…" for name, _ in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("mean share of the anomaly")
    axes.tick_params(axis="y", length=0)
    return svg_text(figure, "columns")


@plain
def drift_chart(found: DriftPath) -> str:
    """The martingale over the examples, with the level of the alarm."""
    figure = new_figure(9.6, 2.9)
    axes = figure.add_subplot()
    axes.plot(*zip(*found.path, strict=True), color=SERIES[0], linewidth=1.5)
    level = -math.log10(found.level)
    axes.axhline(level, color=SERIES[1], linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate(
        f"alarm, {1 / found.level:g}", (0, level), (4, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", fontsize=8, color=INK,
    )  # fmt: skip
    axes.set_xlabel("examples seen, in their order")
    axes.set_ylabel("log10 of the martingale")
    return svg_text(figure, "drift")
