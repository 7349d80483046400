"""`copyist bench generators`: diffusion of pixels and of codes, and copiers, after equal budgets."""

__all__ = ["generators"]

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.bench.running import SEEDS, Out, run_bench
from copyist.cli.options import Force, Json

if TYPE_CHECKING:
    from copyist.bench.generators import GeneratorBench

_BUDGETS = [60.0, 240.0, 960.0]


def generators(
    data: Annotated[
        str, typer.Option("--data", help="A source of images with sides of multiples of 8.", metavar="SOURCE")
    ] = "scenes?size=32",
    budget: Annotated[
        list[float], typer.Option(min=1, help="Processor seconds of training; may be given repeatedly.")
    ] = _BUDGETS,
    seed: Annotated[list[int], typer.Option(min=0, help="Seed of all; may be given repeatedly.")] = SEEDS,
    count: Annotated[int, typer.Option(min=32, help="Samples, and test images.")] = 512,
    as_json: Json = False,
    out: Out = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the trials in --out.")] = False,
    force: Force = False,
) -> None:
    """Train diffusion of pixels, diffusion of codes and a copier for equal budgets, and compare their samples."""
    from copyist.bench.generators import GeneratorBench, bench_generators
    from copyist.errors import ArgumentError, DataError
    from copyist.outputs import write_text

    begun = None
    if resume and out is None:
        raise ArgumentError("--resume must come with the file of trials to go on with; name it by --out")
    if out is not None and resume and out.is_file():
        try:
            begun = GeneratorBench.from_json(out.read_text("utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{out} holds no such trials ({error}); begin anew (--force without --resume)") from error

    def keep(result: "GeneratorBench") -> None:
        if out is not None:
            write_text(out, result.to_json() + "\n")

    bench = partial(bench_generators, data, budgets=budget, seeds=seed, num_images=count, begun=begun, found=keep)
    run_bench(bench, as_json=as_json, out=out, force=force or resume)
