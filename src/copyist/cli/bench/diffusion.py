"""`copyist bench diffusion`: training and sampling against diffusers."""

__all__ = ["diffusion"]

from functools import partial
from typing import Annotated

import typer

from copyist.cli.bench.running import Batch, Out, Rounds, Size, run_bench
from copyist.cli.options import Force, Json


def diffusion(
    of: Annotated[str, typer.Option("--of", help="What is timed: training or sampling.")] = "sampling",
    precision: Annotated[
        str, typer.Option(help="Of ours: float32, or auto for what is fastest here; theirs is float32.")
    ] = "float32",
    size: Size = 32,
    batch: Batch = 32,
    rounds: Rounds = 10,
    steps: Annotated[int, typer.Option(min=1, help="Steps of the sampler.")] = 10,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a diffusion model of pixels against one of diffusers with about as many parameters."""
    from copyist.bench.diffusion_peer import bench_diffusion
    from copyist.checks import check_choice

    check_choice("--of", of, ("training", "sampling"))
    check_choice("--precision", precision, ("float32", "auto"))
    bench = partial(bench_diffusion, of, size=size, batch=batch, rounds=rounds, steps=steps, precision=precision)  # pyright: ignore[reportArgumentType] both were checked
    run_bench(bench, as_json=as_json, out=out, force=force)
