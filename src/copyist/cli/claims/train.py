"""`copyist claims train`."""

__all__ = ["train"]

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from copyist.cli.claims.interruption import interruptible, parse_seeds
from copyist.cli.options import Json, as_path
from copyist.cli.terminal import counting, show


def train(
    models: Annotated[
        Path,
        typer.Option(
            "--models",
            help="Where they are kept; name the same folder to claims run.",
            show_default=False,
            parser=as_path,
            metavar="PATH",
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="plain, skips, no-norm, per-image, hidden or deep; all unless given.", metavar="[NAME]..."),
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", help="smoke: seconds each, standard, or gpu: the source's sizes.")
    ] = "standard",
    seeds: Annotated[str, typer.Option("--seeds", help="Such as 0,1,2.", metavar="LIST")] = "0,1,2",
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Nets at once; as many as cores unless given, or 1 with a GPU.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train the standard ladder: copiers of landscapes, kept at several qualities; an interrupted run goes on."""
    from copyist.claims.nets.ladder import LADDER, Variant
    from copyist.claims.nets.training import LadderNet, train_ladder
    from copyist.claims.result import Scale
    from copyist.drawing.text import text_table
    from copyist.jobs import on_backend

    def tell(net: LadderNet, seconds: float, done: int, total: int) -> None:
        update(f"{net.variant}, seed {net.seed}, {net.rungs[-1].psnr:.1f} dB, {seconds:.0f} s", done, total)

    with on_backend("loky") as at_once, counting("nets") as update, interruptible():
        nets = train_ladder(
            cast("list[Variant]", names or LADDER),
            scale=cast("Scale", scale),
            models=models,
            seeds=parse_seeds(seeds),
            jobs=at_once if jobs is None else jobs,
            progress=tell,
        )

    rows = [
        (f"{net.variant}, seed {net.seed}", f"{rung.psnr:.1f} dB", f"{rung.visits:,} images", f"{rung.seconds:,.0f} s")
        for net in nets
        for rung in net.rungs
    ]
    document = {"nets": [asdict(net) for net in nets]}
    show(text_table(rows, sides=("left",)), document, as_json=as_json)
