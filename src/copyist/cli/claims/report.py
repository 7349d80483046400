"""`copyist claims report`."""

__all__ = ["report"]

from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Json, as_path
from copyist.cli.terminal import show


def report(
    folder: Annotated[
        Path, typer.Argument(help="Results of 'claims run'; the pages are written here.", metavar="DIR", parser=as_path)
    ],
    as_json: Json = False,
) -> None:
    """Write pages on results into their folder: a front page, a page per claim, and all of it as one HTML file."""
    from copyist.claims import catalogue
    from copyist.claims.report import write_claims
    from copyist.claims.wording import counts

    results = write_claims(folder, sentences=catalogue.sentences())

    numbers = {verdict: number for verdict, number in counts(each.verdict for each in results).items() if number}
    beyond = {verdict: number for verdict, number in counts(each.beyond for each in results).items() if number}
    page = folder / "report.html"
    text = ", ".join(f"{number} {verdict}" for verdict, number in numbers.items())
    if beyond:
        text += f"; beyond: {', '.join(f'{number} {verdict}' for verdict, number in beyond.items())}"
    found = {"front_page": str(folder / "README.md"), "report": str(page), "verdicts": numbers, "beyond": beyond}
    show(f"{text}; see {folder / 'README.md'} or {page}", found, as_json=as_json)
