"""Pages on claims: in Markdown a front page with all verdicts and a page each, and all of it as one HTML file."""

__all__ = ["Chapter", "Sentence", "Sentences", "claim_page", "claims_page", "front_page"]

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias, final

from copyist.checks import require
from copyist.claims import tables, wording
from copyist.claims.glance import GlancePicture, glance_picture
from copyist.claims.result import ClaimResult
from copyist.drawing.embedding import EmbeddedPicture, embedded_webp
from copyist.drawing.wording import count, duration
from copyist.evidence import Verdict


@final
@dataclass(frozen=True)
class Sentence:
    """What is claimed, of a claim that may have no result yet."""

    text: str

    is_ours: bool = False
    """Whether no source says it."""


Sentences: TypeAlias = Mapping[str, Sentence]
"""By the claim's name, in the order of the source."""


@final
@dataclass(frozen=True, kw_only=True)
class Chapter:
    """What a claim's page is made of, besides its result."""

    result: ClaimResult

    chart: str
    """Its parts and controls, as SVG in the colors of the page."""

    curves: Mapping[str, tuple[str, str]]
    """By the file of each figure of curves its title and its SVG."""

    remarks: str
    """Of an author, in Markdown; the first paragraph begins the page."""


def front_page(results: Sequence[ClaimResult], *, sentences: Sentences, first_run: bool = False) -> str:
    """All verdicts at a glance, in Markdown.

    Args:
        results: in the order of the tables.
        sentences: of all claims; those without a result are told as not measured yet.
        first_run: whether the folder has a page on the first suite.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    page = _template("front_page.md.j2", html=False).render(_glance(results, sentences), first_run=first_run)
    return page.rstrip() + "\n"


def claim_page(chapter: Chapter) -> str:
    """One claim in Markdown: what was seen, the verdicts, numbers, figures, pictures, and how it was made.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    words, rest = wording.paragraphs(chapter.remarks)
    curves = {file: title for file, (title, _) in chapter.curves.items()}
    page = _template("claim_page.md.j2", html=False).render(
        result=chapter.result, curves=curves, words=words, rest=rest
    )
    return re.sub(r"\n{3,}", "\n\n", page).rstrip() + "\n"


def claims_page(chapters: Sequence[Chapter], folder: Path, *, sentences: Sentences) -> str:
    """All claims as one HTML page that needs nothing but itself.

    Args:
        chapters: in the order of the page.
        folder: where their pictures lie.
        sentences: as for `front_page`.

    Raises:
        DataError: a picture is half-written.
        MissingExtraError: Jinja2 is not installed.
    """
    safe = _jinja2().utils.markupsafe.Markup
    styles = (resources.files("copyist.drawing") / "page.css", resources.files("copyist.claims") / "page.css")
    results = [chapter.result for chapter in chapters]
    glance = _glance(results, sentences)
    return _template("page.html.j2", html=True).render(
        glance,
        style=safe("".join(each.read_text("utf-8") for each in styles)),
        results=results,
        words={each.result.name: [_marked(part) for part in wording.paragraphs(each.remarks)] for each in chapters},
        charts={each.result.name: [safe(svg) for svg in (each.chart, *_svgs(each))] for each in chapters},
        small={name: _small(folder, each) or safe(each.svg) for name, each in glance["glances"].items()},
        pictures={
            result.name: [_picture(folder / each.file, each.caption) for each in result.pictures] for result in results
        },
    )


def _glance(results: Sequence[ClaimResult], sentences: Sentences) -> dict[str, Any]:
    """What a page on all claims shows first: how many stand, and of each the picture that lets a reader see it."""
    theirs = [result for result in results if not result.claim.is_ours]
    ours = [result for result in results if result.claim.is_ours]
    measured = {result.name for result in results}
    missing = {name: sentence for name, sentence in sentences.items() if name not in measured}
    waiting: dict[bool, list[Verdict]] = {
        is_ours: ["open"] * sum(each.is_ours == is_ours for each in missing.values()) for is_ours in (False, True)
    }
    beyond = wording.counts(result.beyond for result in theirs)
    return {
        "sections": [("What the sources say", theirs), ("Questions of our own", ours)],
        "missing": missing,
        "theirs": wording.counts([*(result.verdict for result in theirs), *waiting[False]]),
        "ours": wording.counts([*(result.verdict for result in ours), *waiting[True]]),
        "beyond": beyond,
        "asked_beyond": sum(beyond.values()),
        "glances": {result.name: glance_picture(result) for result in results},
    }


def _jinja2() -> Any:
    return require("jinja2", extra="report", purpose="a report")


def _template(name: str, *, html: bool) -> Any:
    """A template of this folder, with the functions of `wording` and `tables`."""
    jinja2 = _jinja2()
    environment = jinja2.Environment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "copies": wording.copies, "count": count, "counts_converged": tables.counts_converged,
        "duration": duration, "escaped": _escaped,
        "instrument_rows": tables.instrument_rows, "interval": wording.interval, "json": _json,
        "listed": wording.listed, "mean_kind": wording.mean_kind, "missed": tables.missed, "net_rows": tables.net_rows,
        "quoted": _quoted, "repeating": wording.repeating, "short": wording.short, "summary": wording.summary,
        "verdict_label": wording.verdict_label,
    }  # fmt: skip
    environment.globals |= {
        "beyond_meaning": wording.BEYOND, "converged": wording.CONVERGED, "marks": wording.MARKS,
        "meanings": wording.MEANINGS, "other_readings": tables.other_readings,
    }  # fmt: skip
    return environment.from_string((resources.files("copyist.claims") / name).read_text("utf-8"))


def _svgs(chapter: Chapter) -> list[str]:
    return [svg for _, svg in chapter.curves.values()]


def _picture(path: Path, caption: str) -> EmbeddedPicture:
    return embedded_webp(path.read_bytes(), caption=caption, name=str(path), remedy="run the claim again, with --force")


def _small(folder: Path, glance: GlancePicture) -> EmbeddedPicture | None:
    return None if glance.picture is None else _picture(folder / glance.picture.small, glance.caption)


def _marked(text: str) -> Any:
    """An author's Markdown as HTML: what is bold or code, and no links, whose pages are not there."""
    html = str(_jinja2().utils.markupsafe.escape(text))
    html = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", html)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", html)
    return _jinja2().utils.markupsafe.Markup(re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<em>\1</em>", html))


def _escaped(text: str) -> str:
    """Text that Markdown takes as it is."""
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", " ".join(text.split()))


def _quoted(text: str) -> str:
    """Text as the value of an attribute in a table of Markdown."""
    plain = str(_jinja2().utils.markupsafe.escape(" ".join(text.split())))
    return plain.replace("|", "&#124;").replace("`", "&#96;").replace("*", "&#42;").replace("_", "&#95;")


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
