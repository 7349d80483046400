"""All claims as one HTML page that needs nothing but itself."""

__all__ = ["claims_page"]

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from copyist.checks import require
from copyist.claims import wording as claims_wording
from copyist.claims.on_disk import ClaimResult
from copyist.drawing import wording
from copyist.drawing.embedding import EmbeddedPicture, embedded_png


def claims_page(
    results: Sequence[ClaimResult],
    folder: Path,
    *,
    charts: Mapping[str, Sequence[str]],
    missing: Sequence[str] = (),
) -> str:
    """The page.

    Args:
        results: in the order of the page.
        folder: where their pictures lie.
        charts: SVG pictures by the claim's name.
        missing: names of claims that have no result here.

    Raises:
        DataError: a picture is half-written.
        MissingExtraError: Jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra="report", purpose="a report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "duration": wording.duration, "interval": claims_wording.interval, "listed": claims_wording.listed,
        "repeating": claims_wording.repeating, "summary": claims_wording.summary,
    }  # fmt: skip
    package = resources.files("copyist.claims")
    shared = (resources.files("copyist.demo") / "page.css").read_text("utf-8")
    safe = jinja2.utils.markupsafe.Markup
    return environment.from_string((package / "page.html.j2").read_text("utf-8")).render(
        style=safe(shared + (package / "page.css").read_text("utf-8")),
        results=results,
        missing=missing,
        counts=claims_wording.counts(results),
        marks=claims_wording.MARKS,
        charts={name: [safe(svg) for svg in svgs] for name, svgs in charts.items()},
        pictures={
            result.name: [_picture(folder / each.file, each.caption) for each in result.pictures] for result in results
        },
    )


def _picture(path: Path, caption: str) -> EmbeddedPicture:
    return embedded_png(path.read_bytes(), caption=caption, name=str(path), remedy="run the claim again, with --force")
