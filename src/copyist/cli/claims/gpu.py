"""`copyist claims gpu`."""

__all__ = ["gpu"]

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.claims.interruption import interruptible
from copyist.cli.options import Json, as_path
from copyist.cli.terminal import say, show


def gpu(
    out: Annotated[
        Path,
        typer.Option("--out", help="The folder of the results.", show_default=False, parser=as_path, metavar="PATH"),
    ],
    models: Annotated[
        Path | None,
        typer.Option(
            "--models", help="Where trained models are kept; OUT/models unless given.", parser=as_path, metavar="PATH"
        ),
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="When training ends, to go on in the next call.")] = 9.0,
    faces: Annotated[
        str | None, typer.Option("--faces", help="Other pictures of 64x64 than the embedded faces.", metavar="SOURCE")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Train and measure all of it at toy size.")] = False,
    as_json: Json = False,
) -> None:
    """Train nets of the source's size on landscapes and faces of 64x64, and measure and draw what they do.

    Each stage is kept as it is done, and training is kept at the end of the time: the same command goes on.
    """
    from copyist.claims.large import run_large
    from copyist.claims.large_plan import LargePlan, toy_plan
    from copyist.drawing.text import text_table

    plan = toy_plan() if dry_run else LargePlan()
    plan = plan if faces is None else replace(plan, faces=faces)
    with interruptible():
        results, left = run_large(
            out,
            models=out / "models" if models is None else models,
            minutes=minutes,
            plan=plan,
            progress=lambda name, seconds: say(f"{name}: {seconds:.0f} s"),
        )

    rows = [(each.name, name, f"{value:.4g}") for each in results for name, value in each.values.items()]
    lines = [text_table(rows, sides=("left", "left", "right"))] if rows else []
    if left:
        lines.append(f"left for the next call of the same command: {', '.join(left)}")
    show("\n".join(lines), {"stages": [asdict(each) for each in results], "left": left}, as_json=as_json)
