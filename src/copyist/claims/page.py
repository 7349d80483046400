"""Pages on claims: in Markdown a front page with all verdicts and a page each, and all of it as one HTML file."""

__all__ = ["claim_page", "claims_page", "front_page"]

import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from copyist.checks import require
from copyist.claims import wording
from copyist.claims.result import ClaimResult
from copyist.drawing.embedding import EmbeddedPicture, embedded_png
from copyist.drawing.wording import duration


def front_page(results: Sequence[ClaimResult], *, missing: Sequence[str] = ()) -> str:
    """All verdicts at a glance, in Markdown.

    Args:
        results: in the order of the table.
        missing: names of claims that have no result here.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    page = _template("front_page.md.j2", html=False).render(results=results, missing=missing)
    return page.rstrip() + "\n"


def claim_page(result: ClaimResult, *, curves: Mapping[str, str], remarks: str = "") -> str:
    """One claim in Markdown: sentence, verdict, numbers, figures, pictures, and how it was made.

    Args:
        result: the claim, run.
        curves: the title of each figure of curves, by its file.
        remarks: remarks of an author on it, in Markdown.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    page = _template("claim_page.md.j2", html=False).render(result=result, curves=curves, remarks=remarks)
    return page.rstrip() + "\n"


def claims_page(
    results: Sequence[ClaimResult],
    folder: Path,
    *,
    charts: Mapping[str, Sequence[str]],
    remarks: Mapping[str, str],
    missing: Sequence[str] = (),
) -> str:
    """All claims as one HTML page that needs nothing but itself.

    Args:
        results: in the order of the page.
        folder: where their pictures lie.
        charts: SVG pictures by the claim's name.
        remarks: remarks of an author, by the claim's name.
        missing: names of claims that have no result here.

    Raises:
        DataError: a picture is half-written.
        MissingExtraError: Jinja2 is not installed.
    """
    safe = _jinja2().utils.markupsafe.Markup
    styles = (resources.files("copyist.drawing") / "page.css", resources.files("copyist.claims") / "page.css")
    return _template("page.html.j2", html=True).render(
        style=safe("".join(each.read_text("utf-8") for each in styles)),
        results=results,
        missing=missing,
        remarks=remarks,
        charts={name: [safe(svg) for svg in svgs] for name, svgs in charts.items()},
        pictures={
            result.name: [_picture(folder / each.file, each.caption) for each in result.pictures] for result in results
        },
    )


def _jinja2() -> Any:
    return require("jinja2", extra="report", purpose="a report")


def _template(name: str, *, html: bool) -> Any:
    """A template of this folder, with the functions of `wording`."""
    jinja2 = _jinja2()
    environment = jinja2.Environment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "counts": wording.counts, "duration": duration, "escaped": _escaped, "interval": wording.interval,
        "json": _json, "verdict_label": wording.verdict_label, "listed": wording.listed, "repeating": wording.repeating,
        "summary": wording.summary,
    }  # fmt: skip
    environment.globals |= {"marks": wording.MARKS}
    return environment.from_string((resources.files("copyist.claims") / name).read_text("utf-8"))


def _picture(path: Path, caption: str) -> EmbeddedPicture:
    return embedded_png(path.read_bytes(), caption=caption, name=str(path), remedy="run the claim again, with --force")


def _escaped(text: str) -> str:
    """Text that Markdown takes as it is."""
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", " ".join(text.split()))


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
