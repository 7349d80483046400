"""`copyist bench`: our speed against plain reference loops, as ratios, in one run."""

__all__ = ["app"]

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.options import Force, Json, as_path

if TYPE_CHECKING:
    from copyist.bench.codec import CodecBench
    from copyist.bench.denoising_folder import FolderBench
    from copyist.bench.detection_result import DetectionBench
    from copyist.bench.first_stages import FirstStages
    from copyist.bench.image_detection import ImageDetection
    from copyist.bench.timings import BenchResult

app = typer.Typer(help="Measure our speed against plain reference loops, both in one run, as ratios.")

Widths = Annotated[list[int], typer.Option("--width", min=1, help="Base width of the U-Net; may be given repeatedly.")]
Size = Annotated[int, typer.Option(min=16, help="Side of an image in pixels, a multiple of 8.")]
Batch = Annotated[int, typer.Option(min=1, help="Images per batch.")]
Rounds = Annotated[int, typer.Option(min=1, help="Turns that each side is timed for.")]
Out = Annotated[Path | None, typer.Option(help="Also write the JSON to this file.", parser=as_path, metavar="PATH")]
_WIDTHS = [16, 32]
_SEEDS = [0, 1, 2]


@app.callback(invoke_without_command=True)
def every(context: typer.Context) -> None:
    """Measure our speed against plain reference loops, all of them unless one is named."""
    if context.invoked_subcommand is not None:
        return
    from copyist.bench.generation import bench_generation
    from copyist.bench.unet_training import bench_train
    from copyist.bench.vae_training import bench_vae

    for bench in (bench_train, partial(bench_generation, "sample"), partial(bench_generation, "walk"), bench_vae):
        _run(bench)


@app.command(short_help="Time a step of training, and compare what is learned.")
def train(
    width: Widths = _WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    loss_steps: Annotated[int, typer.Option(min=0, help="Also compare held-out losses after so many steps.")] = 0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training, and with --loss-steps compare what is learned in as many steps."""
    from copyist.bench.unet_training import bench_train

    bench = partial(bench_train, widths=width, size=size, batch=batch, rounds=rounds, loss_steps=loss_steps)
    _run(bench, as_json=as_json, out=out, force=force)


@app.command()
def sample(
    width: Widths = _WIDTHS,
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
    _run(bench, as_json=as_json, out=out, force=force)


@app.command()
def walk(
    width: Widths = _WIDTHS,
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
    _run(bench, as_json=as_json, out=out, force=force)


@app.command()
def vae(
    size: Annotated[int, typer.Option(min=1, help="Side of an image in pixels.")] = 28,
    batch: Batch = 100,
    rounds: Rounds = 20,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training a variational autoencoder."""
    from copyist.bench.vae_training import bench_vae

    _run(partial(bench_vae, size=size, batch=batch, rounds=rounds), as_json=as_json, out=out, force=force)


@app.command("export", short_help="Time copies by an exported file.")
def exported(
    width: Widths = _WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time copies by an exported file in ONNX Runtime against the model in PyTorch."""
    from copyist.bench.exported import bench_export

    bench = partial(bench_export, widths=width, size=size, batch=batch, rounds=rounds)
    _run(bench, as_json=as_json, out=out, force=force)


@app.command("denoise", short_help="Time denoising a folder of pictures.")
def denoising(
    count: Annotated[int, typer.Option(min=1, help="Pictures in the folder.")] = 1000,
    size: Annotated[int, typer.Option(min=16, help="Side of a picture in pixels.")] = 256,
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
    _run(bench, as_json=as_json, out=out, force=force)


@app.command(short_help="Time a step that several processes share.")
def scaling(
    processes: Annotated[int, typer.Option(min=2, help="Processes that share a batch, of one thread each.")] = 2,
    width: Annotated[int, typer.Option(min=1, help="Base width of the U-Net.")] = 16,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    statistics: Annotated[
        str, typer.Option("--batch-statistics", help="Over the whole batch, synchronized, or per-device.")
    ] = "synchronized",
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training that several processes share, against one process with the same batch."""
    from copyist.bench.scaling import bench_scaling
    from copyist.checks import check_choice

    check_choice("--batch-statistics", statistics, ("synchronized", "per-device"))
    bench = partial(
        bench_scaling, processes=processes, width=width, size=size, batch=batch, rounds=rounds, statistics=statistics
    )
    _run(bench, as_json=as_json, out=out, force=force)


@app.command(short_help="Time a step of training on shards.")
def shards(
    width: Annotated[int, typer.Option(min=1, help="Base width of the U-Net.")] = 16,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 10,
    encoding: Annotated[str, typer.Option(help="Of images in the shards: png or npy.")] = "png",
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training on shards, against the same images in memory."""
    from copyist.bench.shards import bench_shards

    bench = partial(bench_shards, width=width, size=size, batch=batch, rounds=rounds, encoding=encoding)
    _run(bench, as_json=as_json, out=out, force=force)


@app.command(short_help="Compare our detector of tables with those without a network.")
def tables(
    folder: Annotated[Path, typer.Argument(help="Holds .npz files with X and y, 1 for an outlier.", parser=as_path)],
    splits: Annotated[int, typer.Option(min=1, help="Random parts of each table.")] = 3,
    most: Annotated[int, typer.Option(min=50, help="Rows of a table that are trained on, at most.")] = 8000,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Fit detectors on 60 % of each table, with its outliers and without, and rank the rest."""
    from copyist.bench.table_detection import bench_table_detection, read_tables

    found = read_tables(folder)
    _run(partial(bench_table_detection, found, splits=splits, most_train=most), as_json=as_json, out=out, force=force)


@app.command(short_help="Fit detectors of images, and score them on known defects.")
def images(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds train/good, test/good, a folder in test for each kind of defect, and ground_truth with masks.",
            parser=as_path,
            metavar="FOLDER",
        ),
    ],
    seed: Annotated[list[int], typer.Option(min=0, help="Seed of a detector; may be given repeatedly.")] = _SEEDS,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="Score those pictures of test apart in whose names the pattern is found; may be given repeatedly.",
            metavar="NAME=PATTERN",
        ),
    ] = None,
    calibration: Annotated[
        float, typer.Option(help="Share of the images to train on that the threshold comes from.")
    ] = 0.2,
    outliers: Annotated[
        float,
        typer.Option(help="Share of pictures with a defect, drawn from test, among the images to train on."),
    ] = 0.0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Fit the detector of images on good ones, and score it on others beside principal axes and nearest patches."""
    from copyist.bench.image_detection import bench_image_detection
    from copyist.settings import read_assignments

    bench = partial(
        bench_image_detection,
        folder,
        seeds=seed,
        parts=read_assignments(part or []),
        calibration=calibration,
        outliers=outliers,
    )
    _run(bench, as_json=as_json, out=out, force=force)


@app.command("first-stages", short_help="Compare ways to train the first stage of latent diffusion.")
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
    force: Force = False,
) -> None:
    """Train first stages in several ways, a denoiser in the codes of each, and measure copies, codes and samples."""
    from copyist.bench.first_stages import OPTIONS, bench_first_stages
    from copyist.outputs import write_text

    def keep(result: "FirstStages") -> None:
        if out is not None:
            write_text(out, result.to_json() + "\n")

    bench = partial(
        bench_first_stages,
        data,
        options=option or (*OPTIONS, "masked-encoder"),
        seeds=seed,
        first_steps=first_steps,
        steps=steps,
        num_images=count,
        found=keep,
    )
    _run(bench, as_json=as_json, out=out, force=force)


@app.command(short_help="Compare our image codec with JPEG, WebP and AVIF.")
def codec(
    folder: Annotated[str, typer.Argument(help="A folder of pictures.", metavar="FOLDER")],
    model: Annotated[
        str | None, typer.Option(help="A model file or run; the usual model of compress unless given.", metavar="MODEL")
    ] = None,
    effort: Annotated[int, typer.Option(min=0, help="Also refine each file in so many steps.")] = 0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Compress pictures at every quality, ours and Pillow's, and compare size, distortion and speed."""
    from copyist.bench.codec import bench_codec

    _run(partial(bench_codec, folder, model=model, effort=effort), as_json=as_json, out=out, force=force)


def _run(
    bench: Callable[..., "BenchResult | CodecBench | DetectionBench | FirstStages | FolderBench | ImageDetection"],
    *,
    as_json: bool = False,
    out: Path | None = None,
    force: bool = False,
) -> None:
    from copyist.outputs import check_output, write_text

    if out is not None:
        check_output(out, overwrite=force)
    result = bench(say=_say)
    if out is not None:
        write_text(out, result.to_json() + "\n")
    typer.echo(result.to_json() if as_json else str(result))


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
