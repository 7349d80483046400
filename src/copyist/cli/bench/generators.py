"""`copyist bench generators`, `first-stages` and `copying`: how near samples are to real images."""

__all__ = ["copying", "first_stages", "generators"]

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.bench.running import SEEDS, Out, Resume, keep_trials, run_bench, trials_begun
from copyist.cli.options import Force, Json, as_path

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
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Also draw distances over budgets, as SVG.", parser=as_path, metavar="PATH"),
    ] = None,
    as_json: Json = False,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train diffusion of pixels, diffusion of codes and a copier for equal budgets, and compare their samples."""
    from copyist.bench.generators import bench_generators
    from copyist.bench.generators_chart import generators_chart
    from copyist.bench.generators_result import GeneratorBench
    from copyist.checks import require
    from copyist.errors import ArgumentError
    from copyist.outputs import check_output, write_text

    if chart is not None:
        require("matplotlib", extra="report", purpose="a chart")
        if chart.suffix.lower() != ".svg":
            raise ArgumentError(f"--chart writes .svg, got {chart}; choose a name that ends in .svg")
        if chart == out:
            raise ArgumentError(f"--chart and --out must be two files, got {chart} for both; choose another name")
        check_output(chart, overwrite=force or resume)
    begun = trials_begun(GeneratorBench.from_json, out, resume=resume)
    bench = partial(
        bench_generators,
        data,
        budgets=budget,
        seeds=seed,
        num_images=count,
        begun=begun,
        found=partial(keep_trials, out),
    )
    result = run_bench(bench, as_json=as_json, out=out, force=force or resume)
    if chart is not None:
        write_text(chart, generators_chart(result))


def first_stages(
    data: Annotated[str, typer.Option("--data", help="A source of images.", metavar="SOURCE")] = (
        "scenes?size=16&limit=2000"
    ),
    option: Annotated[
        list[str] | None, typer.Option("--option", help="One of the first stages; may be given repeatedly.")
    ] = None,
    seed: Annotated[list[int], typer.Option(min=0, help="Seed of all; may be given repeatedly.")] = [0],  # noqa: B006
    first_steps: Annotated[int, typer.Option(min=1, help="Steps of each first stage.")] = 250,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each denoiser.")] = 300,
    count: Annotated[int, typer.Option(min=32, help="Samples, and test images.")] = 256,
    as_json: Json = False,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train first stages in several ways, a denoiser in the codes of each, and measure copies, codes and samples."""
    from copyist.bench.first_stages import OPTIONS, FirstStages, bench_first_stages

    begun = trials_begun(FirstStages.from_json, out, resume=resume)
    bench = partial(
        bench_first_stages,
        data,
        options=option or (*OPTIONS, "masked-encoder"),
        seeds=seed,
        first_steps=first_steps,
        steps=steps,
        num_images=count,
        begun=begun,
        found=partial(keep_trials, out),
    )
    run_bench(bench, as_json=as_json, out=out, force=force or resume)


def copying(
    model: Annotated[
        list[Path], typer.Argument(help="Models that copy, such as trainings of one recipe.", parser=as_path)
    ],
    data: Annotated[
        str | None,
        typer.Option("--data", help="A source; what the first model was trained on unless given.", metavar="SOURCE"),
    ] = None,
    way: Annotated[
        list[str] | None, typer.Option("--way", help="One of the ways to sample; may be given repeatedly.")
    ] = None,
    count: Annotated[int, typer.Option(min=32, help="Samples, and test images.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Sample models that were only trained to copy, by schedules, by repeated copies and from laws of their codes."""
    from copyist.bench.copying import bench_copying
    from copyist.bench.copying_ways import WAYS

    bench = partial(
        bench_copying,
        model,
        data=data,
        ways=way or tuple(WAYS),
        num_images=count,
        seed=seed,
        found=partial(keep_trials, out),
    )
    run_bench(bench, as_json=as_json, out=out, force=force)
