"""Results of claims on disk to pages: a front page, one page per claim with its figures, and all of it as one file."""

__all__ = ["write_claims"]

from collections.abc import Sequence
from pathlib import Path

from copyist.claims.figures import curves_figure, parts_figure, standalone
from copyist.claims.markdown import claim_page, front_page
from copyist.claims.on_disk import ClaimResult
from copyist.claims.page import claims_page
from copyist.claims.reading import read_claims
from copyist.outputs import whole_folder, write_text


def write_claims(folder: Path, *, order: Sequence[str] = ()) -> list[ClaimResult]:
    """Write the pages beside the results; all of them, or none.

    What lies in `folder`/remarks/NAME.md is taken into the page of that claim, as it is. Equal results give equal
    bytes.

    Args:
        folder: the results of claims, one JSON file each.
        order: names of claims that come first, in this order; the front page names those that have no result.

    Returns:
        The results in the order of the front page.

    Raises:
        DataError: there are no results, or one is half-written or of another version.
        MissingExtraError: Jinja2 or matplotlib is not installed.
        OutputError: a page cannot be written.
    """
    results = read_claims(folder, order=order)
    charts: dict[str, list[str]] = {}
    missing = [name for name in order if name not in {result.name for result in results}]
    with whole_folder(folder) as out:
        for result in results:
            parts, curves = parts_figure(result), _curves(result)
            charts[result.name] = [parts, *curves.values()]
            write_text(out / f"{result.name}.svg", standalone(parts))
            for file, svg in curves.items():
                write_text(out / file, standalone(svg))
            titles = {file: _title(result, file) for file in curves}
            write_text(out / f"{result.name}.md", claim_page(result, curves=titles))
        write_text(out / "README.md", front_page(results, missing=missing))
        write_text(out / "report.html", claims_page(results, folder, charts=charts, missing=missing))
    return results


def _curves(result: ClaimResult) -> dict[str, str]:
    """A figure for every entry of curves, by its file."""
    names = dict.fromkeys(name for run in result.seeds.values() for name in run.curves)
    return {
        f"{result.name}-{name}.svg": curves_figure(
            [run.curves[name] for run in result.seeds.values() if name in run.curves], f"{result.name}-{name}"
        )
        for name in names
    }


def _title(result: ClaimResult, file: str) -> str:
    short = file.removeprefix(f"{result.name}-").removesuffix(".svg")
    return next(run.curves[short].title for run in result.seeds.values() if short in run.curves)
