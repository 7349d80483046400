"""Results on disk to one HTML page that needs nothing but itself."""

__all__ = ["distances", "loss_curves", "write_report"]

from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from copyist.checks import require
from copyist.demo import counts, findings
from copyist.demo.document import SAMPLE_STEPS, Film, LossCurve, SampleNeighbors, Shown
from copyist.demo.results import DemoResults, read_results
from copyist.demo.tables import Block, blocks, measures, methods, settings
from copyist.drawing import wording
from copyist.drawing.charts import LINE, MUTED, SERIES, Dot, Panel, dots, new_figure, plain, svg_text, under_figure
from copyist.drawing.embedding import EmbeddedPicture, data_uri, embedded_png
from copyist.evaluation.denoising_table import DenoisingTable
from copyist.evidence import Interval
from copyist.outputs import write_text

PLACES = ("noise", "blend", "passes", "filters", "steps", "samples", "beside", "neighbors", "real")
"""The pictures that have their place on the page."""


def write_report(folder: Path, out: Path) -> None:
    """Write the results in a folder as one page: no other files, no scripts, no network.

    Equal results give equal bytes. Parts that were not measured are left out.

    Args:
        folder: results as `copyist.demo.document` describes them.
        out: the HTML file.

    Raises:
        DataError: a result is missing or half-written; the sentence names the file.
        MissingExtraError: Jinja2 or matplotlib is not installed.
        OutputError: `out` cannot be written.
    """
    jinja2 = require("jinja2", extra="report", purpose="a report")
    results = read_results(folder)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "count": wording.count, "duration": wording.duration, "number": wording.number, "percent": wording.percent,
        "setting": wording.setting, "bounds": wording.bounds, "by_name": asdict,
    }  # fmt: skip
    package = resources.files("copyist.demo")
    styles = (resources.files("copyist.drawing"), package)
    template = environment.from_string((package / "page.html.j2").read_text("utf-8"))
    safe = jinja2.utils.markupsafe.Markup
    page = template.render(
        style=safe("".join((place / "page.css").read_text("utf-8") for place in styles)),
        charts={name: safe(svg) for name, svg in _charts(results).items()},
        **_content(results),
    )
    write_text(out, page)


@plain
def loss_curves(curves: Mapping[str, LossCurve]) -> str:
    """Training loss as a line and held-out loss as dots, by the name of the model, on a logarithmic scale."""
    figure = new_figure(8.6, 3.1)
    axes = figure.add_subplot()
    for i, (name, curve) in enumerate(curves.items()):
        color = SERIES[i % len(SERIES)]
        axes.plot(curve.steps, curve.loss, color=color, linewidth=1.2, label=name)
        if curve.validation:
            steps, losses = zip(*curve.validation, strict=True)
            axes.plot(steps, losses, "o--", color=color, markersize=4, linewidth=0.8, label=f"{name}, held out")
    positive = all(value > 0 for curve in curves.values() for value in curve.loss)
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
def distances(samples: SampleNeighbors) -> str:
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


def _content(results: DemoResults) -> dict[str, Any]:
    """The values of the template, without the charts."""
    report, table, real = results.report, results.table, results.real
    first, second = findings.headline(results)
    roles = {model.name: model.role for model in report.models}
    return {
        "report": report,
        "table": table,
        "real": real,
        "samples": results.samples,
        "subject": results.subject,
        "small": next((model for model in report.models if model.role == "walker"), None),
        "headline": first,
        "dek": second,
        "provenance": findings.provenance(results),
        "filters": findings.on_filters(table, results.subject.name),
        "in_order": counts.on_samples(results),
        "num_steps": SAMPLE_STEPS,
        "the_walk": counts.on_the_walk(results),
        "walks": counts.on_walks(results),
        "stages": [{**asdict(stage), "film": _film(results, stage.film)} for stage in report.walk_stages],
        "on_real": findings.on_real(results),
        "real_filters": findings.on_filters(real, findings.only_model(real)) if real else "",
        "key_figures": findings.key_figures(results),
        "explanation": findings.explanation(results),
        "gain": findings.on_gain(results),
        "batches": findings.on_batches(results),
        "blocks": blocks(table, roles) if table else [],
        "real_blocks": blocks(real, roles) if real else [],
        "measures": measures(table) if table else [],
        "settings": settings(table) if table else [],
        "pictures": {name: _shown(results, shown) for name, shown in report.pictures.items()},
        "others": [name for name in report.pictures if name not in PLACES],
        "films": {name: _film(results, film) for name, film in report.films.items()},
    }


def _charts(results: DemoResults) -> dict[str, str]:
    """The charts that the results allow, by name."""
    charts: dict[str, str] = {}
    curves = {model.name: model.curve for model in results.report.models if model.curve and model.curve.steps}
    if curves:
        charts["loss"] = loss_curves(curves)
    table = results.table
    if table and table.rows:
        charts["denoising"] = dots(
            [_panel(table, block) for block in blocks(table, {})],
            series=methods(table), axis="distance left", name="denoising", unity="as noisy as before",
        )  # fmt: skip
    if table and len(table.batches) > 1:
        series = {batch.method: table.methods.get(batch.method, False) for batch in table.batches}
        shown = [_dot(b.method, wording.batch(b.batch, b.size), b.ratio) for b in table.batches]
        charts["batches"] = dots([Panel(title="", dots=shown)], series=series, axis="distance left", name="batches")
    if results.samples and results.samples.samples:
        charts["memory"] = distances(results.samples)
    return charts


def _panel(table: DenoisingTable, block: Block) -> Panel:
    rows = [row for row in table.rows if row.corruption == block.kind]
    return Panel(title=block.title, dots=[_dot(row.method, str(row.condition), row.ratio) for row in rows])


def _dot(series: str, place: str, measured: Interval) -> Dot:
    return Dot(series=series, place=place, value=measured.mean, low=measured.low, high=measured.high)


def _shown(results: DemoResults, shown: Shown) -> dict[str, Any]:
    strips = [{"label": each.label, "picture": _picture(results, each.file)} for each in shown.strips]
    return {"strips": strips, "heads": shown.heads, "caption": shown.caption}


def _film(results: DemoResults, film: Film) -> dict[str, Any]:
    return {
        "video": data_uri("video/mp4", results.read(film.video)),
        "sheet": _picture(results, film.sheet),
        "label": film.label,
    }


def _picture(results: DemoResults, name: str) -> EmbeddedPicture:
    where = str(results.folder / name)
    return embedded_png(results.read(name), caption="", name=where, remedy="write the results again")
