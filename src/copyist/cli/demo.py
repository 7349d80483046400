"""`copyist demo`."""

__all__ = ["demo"]

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Force, Json, Seed, as_path
from copyist.cli.terminal import WholeBar, show


def demo(
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Where everything goes; what is there already is not redone.", parser=as_path, metavar="PATH"
        ),
    ] = Path("demo"),
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Train on this source, and show that, in place of the networks that come with copyist.",
            metavar="SOURCE",
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Steps of each training.")] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Show in five minutes what copying teaches: noise taken off, images out of noise, the walk, and every control."""
    import time

    from copyist.checks import require
    from copyist.demo.page import write_report
    from copyist.demo.run import run_demo

    # Minutes of work must not end in a missing part.
    for module in ("av", "matplotlib", "jinja2"):
        require(module, extra="report", purpose="the report of the demo")
    start = time.perf_counter()
    command = shlex.join(["copyist", *sys.argv[1:]])
    with WholeBar() as watch:
        run_demo(out, data=data, steps=steps, seed=seed, command=command, overwrite=force, watch=watch)
    report = out / "report.html"
    write_report(out, report)

    seconds = time.perf_counter() - start
    text = f"done in {seconds:.0f} s; open {report.resolve().as_uri()} in a browser"
    show(text, {"report": str(report), "seconds": round(seconds, 1)}, as_json=as_json)
