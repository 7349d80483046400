"""`copyist bench`: sampling, walks, exported files and pages, and whole folders."""

__all__ = ["denoising", "exported", "sample", "walk", "web"]

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.bench.running import WIDTHS, Batch, Out, Rounds, Size, Widths, check_size, run_bench
from copyist.cli.options import Force, Json, as_path
from copyist.errors import ArgumentError


def sample(
    width: Widths = WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time sampling from noise in 10 steps."""
    from copyist.bench.generation import bench_generation

    bench = partial(bench_generation, "sample", widths=width, size=size, batch=batch, rounds=rounds)
    run_bench(bench, as_json=as_json, out=out, force=force)


def walk(
    width: Widths = WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time walks of 10 steps."""
    from copyist.bench.generation import bench_generation

    bench = partial(bench_generation, "walk", widths=width, size=size, batch=batch, rounds=rounds)
    run_bench(bench, as_json=as_json, out=out, force=force)


def exported(
    width: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Base width of the U-Net; may be given repeatedly; 16 and 32 unless given."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=16, help="Side of an image in pixels, a multiple of 8; 64 unless given.")
    ] = None,
    batch: Batch = 32,
    rounds: Rounds = 20,
    int8: Annotated[
        bool, typer.Option("--int8", help="Set the demo's nets in eight bits beside float32, at their own size.")
    ] = False,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time copies by an exported file in ONNX Runtime against the model in PyTorch, or eight bits against float32."""
    from copyist.bench.eight_bits import bench_eight_bits
    from copyist.bench.exported import bench_export

    if int8 and (width, size) != (None, None):
        raise ArgumentError("--int8 takes the demo's nets at their own width and size; leave --width and --size out")
    if size is not None:
        check_size(size)
    sides = partial(bench_export, widths=width or WIDTHS, size=size or 64, batch=batch, rounds=rounds)
    bits = partial(bench_eight_bits, batch=batch, rounds=rounds)
    run_bench(bits if int8 else sides, as_json=as_json, out=out, force=force)


def web(
    page: Annotated[
        Path | None,
        typer.Option(
            help="A page that 'export --to web' wrote; that of a U-Net is exported unless given.",
            parser=as_path,
            metavar="FILE",
        ),
    ] = None,
    width: Annotated[int | None, typer.Option(min=1, help="Base width of that U-Net; 32 unless given.")] = None,
    size: Annotated[
        int, typer.Option(min=8, help="Side of the pictures that the page works on; of that U-Net, a multiple of 8.")
    ] = 64,
    rounds: Annotated[int, typer.Option(min=1, help="Times that the rate of 20 pictures is read.")] = 10,
    served: Annotated[
        bool, typer.Option("--served", help="Serve the page, as 'explore' does, and not open it as a file.")
    ] = False,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Read how many pictures a second an exported page denoises in a headless Chromium."""
    from copyist.bench.page_rate import bench_page_rate

    if page is None:
        check_size(size)
    elif width is not None:
        raise ArgumentError(f"--width is of the U-Net that is exported, got {width} beside --page; leave one out")
    bench = partial(bench_page_rate, page=page, width=width or 32, size=size, rounds=rounds, served=served)
    run_bench(bench, as_json=as_json, out=out, force=force)


def denoising(
    count: Annotated[int, typer.Option(min=1, help="Pictures in the folder.")] = 1000,
    size: Size = 256,
    ending: Annotated[str, typer.Option("--format", help="Of the files: png, jpg or webp.")] = "png",
    width: Annotated[int, typer.Option(min=1, help="Base width of the U-Net.")] = 16,
    batch: Batch = 32,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each is measured.")] = 3,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time denoise on a folder of pictures, against decoding, computing and encoding by themselves."""
    from copyist.bench.denoising_folder import bench_denoising_folder
    from copyist.checks import check_choice

    check_choice("--format", ending, ("png", "jpg", "webp"))
    bench = partial(
        bench_denoising_folder, num_images=count, size=size, ending=ending, width=width, batch=batch, rounds=rounds
    )
    run_bench(bench, as_json=as_json, out=out, force=force)
