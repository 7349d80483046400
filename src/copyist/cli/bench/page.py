"""`copyist bench page`: what benchmarks of speed wrote, as one page."""

__all__ = ["page"]

from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Force, as_path


def page(
    files: Annotated[
        list[Path], typer.Argument(help="What benchmarks wrote by --out.", parser=as_path, metavar="FILE…")
    ],
    out: Annotated[Path, typer.Option(help="The page, in Markdown.", parser=as_path, metavar="PATH")],
    force: Force = False,
) -> None:
    """Write one page on what benchmarks of speed, of tables and of the codec measured."""
    from copyist.bench.page import performance_page
    from copyist.outputs import check_output, write_text

    check_output(out, overwrite=force)
    write_text(out, performance_page(files))
    typer.echo(f"the page is {out}")
