"""Results of claims on disk to pages: a front page, one page per claim with its figures, and all of it as one file."""

__all__ = ["read_claims", "write_claims"]

from collections.abc import Sequence
from pathlib import Path

from copyist.claims.figures import curves_figure, parts_figure
from copyist.claims.glance import glance_picture
from copyist.claims.judging import check_consistent
from copyist.claims.page import Chapter, Sentences, claim_page, claims_page, front_page
from copyist.claims.result import ClaimResult
from copyist.claims.result_file import result_in
from copyist.drawing.charts import standalone
from copyist.errors import DataError
from copyist.outputs import whole_folder, write_text

FIRST_RUN = "first-run.md"
"""A page on the first suite, written by hand, to which the front page points."""


def read_claims(folder: Path, *, order: Sequence[str] = ()) -> list[ClaimResult]:
    """Read every result of a claim in a folder; JSON files about other things are passed over.

    Args:
        folder: the results.
        order: names of claims that come first, in this order; others follow by name.

    Raises:
        DataError: there is none, or one is half-written, of another version, or names a file that is not there.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} must be a folder of results, and there is none; run copyist claims run first")
    results: list[ClaimResult] = []
    for path in sorted(folder.glob("*.json")):
        result = result_in(path)
        if result is not None:
            _check(path, result)
            results.append(result)
    if not results:
        raise DataError(f"{folder} must hold results of claims, and there is none; run copyist claims run first")
    places = {name: place for place, name in enumerate(order)}
    return sorted(results, key=lambda result: (places.get(result.name, len(places)), result.name))


def write_claims(folder: Path, *, sentences: Sentences | None = None) -> list[ClaimResult]:
    """Write the pages beside the results; all of them, or none.

    What lies in `folder`/remarks/NAME.md is taken into the page of that claim: its first paragraph begins the page, the
    rest ends it. Equal results give equal bytes.

    Args:
        folder: the results of claims, one JSON file each.
        sentences: of all claims, in the order of the pages; those that have no result are told as not measured yet.

    Returns:
        The results in the order of the front page.

    Raises:
        DataError: there are no results, or one is half-written or of another version.
        MissingExtraError: Jinja2 or matplotlib is not installed.
        OutputError: a page cannot be written.
    """
    sentences = sentences or {}
    results = read_claims(folder, order=list(sentences))
    chapters = [_chapter(folder, result) for result in results]
    has_first = (folder / FIRST_RUN).is_file()
    with whole_folder(folder) as out:
        for chapter in chapters:
            name = chapter.result.name
            write_text(out / f"{name}.svg", standalone(chapter.chart))
            for file, (_, svg) in chapter.curves.items():
                write_text(out / file, standalone(svg))
            small = glance_picture(chapter.result).svg
            if small:
                write_text(out / f"{name}-small.svg", standalone(small))
            write_text(out / f"{name}.md", claim_page(chapter))
        write_text(out / "README.md", front_page(results, sentences=sentences, first_run=has_first))
        write_text(out / "report.html", claims_page(chapters, folder, sentences=sentences))
    return results


def _chapter(folder: Path, result: ClaimResult) -> Chapter:
    """A result with its figures, and what an author says of it."""
    return Chapter(
        result=result, chart=parts_figure(result), curves=_curves(result), remarks=_remarks(folder, result.name)
    )


def _check(path: Path, result: ClaimResult) -> None:
    """Refuse a result that does not hang together, or with the files beside it."""
    if path.stem != result.name:
        raise DataError(f"{path} must have the name of its claim, got {result.name!r}; name it {result.name}.json")
    check_consistent(result, name=str(path))
    for named in (file for picture in result.pictures for file in (picture.file, picture.small)):
        file = path.parent / named
        if not file.resolve().is_relative_to(path.parent.resolve()):
            raise DataError(f"{path} may name only files inside its folder, got {named!r}")
        if not file.is_file():
            raise DataError(f"{file} is named by {path} and is not there; run the claim again, with --force")


def _remarks(folder: Path, name: str) -> str:
    """Remarks of an author on a claim."""
    path = folder / "remarks" / f"{name}.md"
    return path.read_text("utf-8").strip() if path.exists() else ""


def _curves(result: ClaimResult) -> dict[str, tuple[str, str]]:
    """The title and a figure of every entry of curves, by its file."""
    figures: dict[str, tuple[str, str]] = {}
    for short in dict.fromkeys(short for run in result.seeds.values() for short in run.curves):
        curves = [run.curves[short] for run in result.seeds.values() if short in run.curves]
        name = f"{result.name}-{short}"
        figures[f"{name}.svg"] = curves[0].title, curves_figure(curves, name)
    return figures
