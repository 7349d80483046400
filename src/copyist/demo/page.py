"""Results on disk to one HTML page that needs nothing but itself."""

__all__ = ["write_report"]

from importlib import resources
from pathlib import Path
from typing import Any

from copyist.checks import require
from copyist.demo import findings
from copyist.demo.figures import distances, loss_curves
from copyist.demo.reading import Results, read_results
from copyist.demo.tables import Block, blocks, column, measures, methods, settings
from copyist.drawing import wording
from copyist.drawing.charts import Dot, Panel, dots
from copyist.drawing.embedding import EmbeddedPicture, data_uri, embedded_png
from copyist.outputs import write_text

PLACES = ("rows", "passes", "skips", "steps", "samples", "neighbors")
"""The pictures that have their place on the page."""


def write_report(folder: Path, out: Path) -> None:
    """Write the results in a folder as one page: no other files, no scripts, no network.

    Equal results give equal bytes. Parts that were not measured are left out.

    Args:
        folder: results as `copyist.demo.results` describes them.
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
        "setting": wording.setting, "interval": wording.interval,
    }  # fmt: skip
    package = resources.files("copyist.demo")
    template = environment.from_string((package / "page.html.j2").read_text("utf-8"))
    safe = jinja2.utils.markupsafe.Markup
    page = template.render(
        style=safe((resources.files("copyist.drawing") / "page.css").read_text("utf-8")),
        charts={name: safe(svg) for name, svg in _charts(results).items()},
        **_content(results),
    )
    write_text(out, page)


def _content(results: Results) -> dict[str, Any]:
    """Everything the template speaks of, but the charts."""
    report, evaluation = results.report, results.evaluation
    pictures = {name: _picture(results, p.file, p.caption) for name, p in report.pictures.items()}
    first, second = findings.headline(results)
    roles = {model.name: model.role for model in report.models}
    return {
        "report": report,
        "evaluation": evaluation,
        "samples": results.samples,
        "subject": results.subject,
        "headline": first,
        "dullest": second,
        "key_figures": findings.key_figures(results),
        "explanation": findings.explanation(results),
        "gain": findings.on_gain(results),
        "batches": findings.on_batches(results),
        "blocks": blocks(evaluation, roles) if evaluation else [],
        "measures": measures(evaluation) if evaluation else [],
        "settings": settings(evaluation) if evaluation else [],
        "pictures": {name: pictures[name] for name in PLACES if name in pictures},
        "others": [picture for name, picture in pictures.items() if name not in PLACES],
        "walk": _walk(results),
    }


def _charts(results: Results) -> dict[str, str]:
    """The charts that the results allow, by name."""
    charts: dict[str, str] = {}
    if any(history.steps for history in results.histories):
        charts["loss"] = loss_curves(results.histories)
    evaluation = results.evaluation
    if evaluation and evaluation.rows:
        charts["denoising"] = dots(
            [_panel(results, block) for block in blocks(evaluation, {})],
            series=methods(evaluation), axis="distance left", name="denoising", unity="as noisy as before",
        )  # fmt: skip
    if evaluation and len(evaluation.batches) > 1:
        strong = {name for name, is_model in methods(evaluation).items() if is_model}
        series = {batch.method: batch.method in strong for batch in evaluation.batches}
        panel = Panel(
            title="",
            dots=[Dot(series=b.method, place=wording.batch(b.batch, b.size), value=b.ratio.mean,
                      low=b.ratio.low, high=b.ratio.high) for b in evaluation.batches],
        )  # fmt: skip
        charts["batches"] = dots([panel], series=series, axis="distance left", name="batches")
    if results.samples and results.samples.samples:
        charts["memory"] = distances(results.samples)
    return charts


def _panel(results: Results, block: Block) -> Panel:
    evaluation = results.evaluation
    assert evaluation is not None
    corruptions = [c for c in evaluation.corruptions if c.family == block.family]
    return Panel(
        title=block.title,
        dots=[
            Dot(series=r.method, place=column(c), value=r.ratio.mean, low=r.ratio.low, high=r.ratio.high)
            for c in corruptions
            for r in evaluation.rows
            if r.under == c
        ],
    )


def _walk(results: Results) -> dict[str, Any] | None:
    walk = results.report.walk
    if walk is None:
        return None
    return {
        "sheet": _picture(results, walk.contact_sheet, walk.caption),
        "video": data_uri("video/mp4", results.read(walk.video)) if walk.video else None,
        "poster": _picture(results, walk.poster, "") if walk.poster else None,
        "caption": walk.caption,
    }


def _picture(results: Results, name: str, caption: str) -> EmbeddedPicture:
    where = str(results.folder / name)
    return embedded_png(results.read(name), caption=caption, name=where, remedy="write the results again")
