"""`copyist demo`."""

__all__ = ["demo"]

import contextlib
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Force, Json, Seed, as_path
from copyist.cli.terminal import TrainingBar, bar, say, show


class _Watch:
    def training(self, name: str) -> TrainingBar:
        return TrainingBar(f"training the {name}")

    def counting(self, name: str) -> contextlib.AbstractContextManager[Callable[[int, int], None]]:
        return bar(name)

    def said(self, sentence: str) -> None:
        say(sentence)


def demo(
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Where everything goes; what is there already is not redone.", parser=as_path, metavar="PATH"
        ),
    ] = Path("demo"),
    data: Annotated[
        str, typer.Option("--data", help="Another source than the photographs.", metavar="SOURCE")
    ] = "photos",
    steps: Annotated[int | None, typer.Option("--steps", help="Steps of each training.")] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train a copier on real images in a few minutes, let it denoise, walk and sample, and write a report of it all."""
    import time

    from copyist.checks import require
    from copyist.demo.page import write_report
    from copyist.demo.run import run_demo

    # Minutes of training must not end in a missing part.
    for module in ("av", "matplotlib", "jinja2"):
        require(module, extra="report", purpose="the report of the demo")
    start = time.perf_counter()
    command = shlex.join(["copyist", *sys.argv[1:]])
    run_demo(out, data=data, steps=steps, seed=seed, command=command, overwrite=force, watch=_Watch())
    report = out / "report.html"
    write_report(out, report)

    seconds = time.perf_counter() - start
    text = f"done in {seconds:.0f} s; open {report.resolve().as_uri()} in a browser"
    show(text, {"report": str(report), "seconds": round(seconds, 1)}, as_json=as_json)
