"""`copyist claims list`."""

__all__ = ["list_claims"]

from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Json, as_path
from copyist.cli.terminal import show


def list_claims(
    results: Annotated[
        Path | None,
        typer.Option("--results", help="A folder of results: show verdicts too.", parser=as_path, metavar="PATH"),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the claims by name, each with its sentence, and with its verdicts where a folder of results is given.

    The first verdict is on what the source asks, the second on what is asked beyond that.
    """
    from copyist.claims import catalogue
    from copyist.claims.declaration import Declaration
    from copyist.claims.judging import check_consistent
    from copyist.claims.result_file import read_result
    from copyist.drawing.text import text_table
    from copyist.errors import DataError

    if results is not None and not results.is_dir():
        raise DataError(f"{results} must be a folder of results, and there is none; run copyist claims run first")
    found = {name: Declaration.of(name, each.claim).to_document() for name, each in catalogue.experiments().items()}
    for name, each in found.items():
        path = (results or Path()) / f"{name}.json"
        if results is not None:
            result = read_result(path) if path.exists() else None
            if result is not None:
                check_consistent(result, name=str(path))
            each["verdict"] = "not run" if result is None else result.verdict
            each["beyond"] = None if result is None else result.beyond

    shown = ("sentence",) if results is None else ("verdict", "beyond", "sentence")
    rows = [(name, *(each[what] or "–" for what in shown)) for name, each in found.items()]
    show(text_table(rows, sides=("left",)), found, as_json=as_json)
