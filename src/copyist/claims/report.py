"""Results of claims on disk to pages: a front page, one page per claim with its figures, and all of it as one file."""

__all__ = ["read_claims", "write_claims"]

from collections.abc import Sequence
from pathlib import Path

from copyist.claims.figures import curves_figure, parts_figure, standalone
from copyist.claims.judging import check_consistent
from copyist.claims.page import claim_page, claims_page, front_page
from copyist.claims.result import ClaimResult, result_in
from copyist.errors import DataError
from copyist.outputs import whole_folder, write_text


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
    remarks = {result.name: _remarks(folder, result.name) for result in results}
    charts: dict[str, list[str]] = {}
    missing = [name for name in order if name not in remarks]
    with whole_folder(folder) as out:
        for result in results:
            parts, curves = parts_figure(result), _curves(result)
            charts[result.name] = [parts, *curves.values()]
            write_text(out / f"{result.name}.svg", standalone(parts))
            for file, svg in curves.items():
                write_text(out / file, standalone(svg))
            titles = {file: _title(result, file) for file in curves}
            page = claim_page(result, curves=titles, remarks=remarks[result.name])
            write_text(out / f"{result.name}.md", page)
        write_text(out / "README.md", front_page(results, missing=missing))
        page = claims_page(results, folder, charts=charts, remarks=remarks, missing=missing)
        write_text(out / "report.html", page)
    return results


def _check(path: Path, result: ClaimResult) -> None:
    """Refuse a result that does not hang together, or with the files beside it."""
    if path.stem != result.name:
        raise DataError(f"{path} must have the name of its claim, got {result.name!r}; name it {result.name}.json")
    check_consistent(result, name=str(path))
    for picture in result.pictures:
        file = path.parent / picture.file
        if not file.resolve().is_relative_to(path.parent.resolve()):
            raise DataError(f"{path} may name only files inside its folder, got {picture.file!r}")
        if not file.is_file():
            raise DataError(f"{file} is named by {path} and is not there; run the claim again, with --force")


def _remarks(folder: Path, name: str) -> str:
    """Remarks of an author on a claim."""
    path = folder / "remarks" / f"{name}.md"
    return path.read_text("utf-8").strip() if path.exists() else ""


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
