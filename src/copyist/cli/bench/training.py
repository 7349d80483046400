"""`copyist bench`: steps of training."""

__all__ = ["losses", "roofline", "scaling", "shards", "train", "vae"]

from functools import partial
from typing import Annotated

import typer

from copyist.cli.bench.running import (
    WIDTHS,
    Batch,
    Out,
    Resume,
    Rounds,
    Size,
    Widths,
    keep_trials,
    run_bench,
    trials_begun,
)
from copyist.cli.options import Force, Json
from copyist.errors import ArgumentError


def train(
    width: Widths = WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training."""
    from copyist.bench.unet_training import bench_train

    bench = partial(bench_train, widths=width, size=size, batch=batch, rounds=rounds)
    run_bench(bench, as_json=as_json, out=out, force=force)


def roofline(
    width: Widths = WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 5,
    precision: Annotated[
        str, typer.Option(help="Of ours: auto, float32 or bf16; the reference is in float32.")
    ] = "auto",
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Hold a step of training against the machine's measured limits of arithmetic and memory, kind by kind."""
    from copyist.bench.roofline import bench_roofline
    from copyist.checks import check_choice

    check_choice("--precision", precision, ("auto", "float32", "bf16"))
    bench = partial(bench_roofline, widths=width, size=size, batch=batch, rounds=rounds, precision=precision)  # pyright: ignore[reportArgumentType] it was checked
    run_bench(bench, as_json=as_json, out=out, force=force)


def losses(
    width: Annotated[int, typer.Option(min=1, help="Base width of the U-Net.")] = 16,
    size: Size = 64,
    batch: Batch = 32,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each of the three runs of a seed.")] = 300,
    seed: Annotated[list[int], typer.Option(min=0, help="Seed of all; may be given repeatedly.")] = [*range(8)],  # noqa: B006
    as_json: Json = False,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Compare what is learned in equal steps: in the precision of auto, in float32 and in it rounded otherwise."""
    from copyist.bench.losses import LossBench, bench_losses

    bench = partial(
        bench_losses,
        width=width,
        size=size,
        batch=batch,
        steps=steps,
        seeds=seed,
        begun=trials_begun(LossBench.from_json, out, resume=resume),
        found=partial(keep_trials, out),
    )
    run_bench(bench, as_json=as_json, out=out, force=force or resume)


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

    run_bench(partial(bench_vae, size=size, batch=batch, rounds=rounds), as_json=as_json, out=out, force=force)


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
    run_bench(bench, as_json=as_json, out=out, force=force)


def shards(
    source: Annotated[
        str, typer.Option(help="What is read: shards, or hf, a set saved by 'datasets' and mapped.")
    ] = "shards",
    width: Annotated[int, typer.Option(min=1, help="Base width of the U-Net.")] = 16,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 10,
    encoding: Annotated[str | None, typer.Option(help="Of images in the shards: png, unless given, or npy.")] = None,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training on shards, or on a saved set, against the same images in memory."""
    from copyist.bench.shards import bench_shards
    from copyist.checks import check_choice

    check_choice("--source", source, ("shards", "hf"))
    check_choice("--encoding", encoding or "png", ("png", "npy"))
    if source == "hf" and encoding is not None:
        raise ArgumentError(f"--encoding is of shards, got {encoding} with --source hf; leave one out")
    bench = partial(
        bench_shards,
        source=source,  # pyright: ignore[reportArgumentType] it was checked
        width=width,
        size=size,
        batch=batch,
        rounds=rounds,
        encoding=encoding or "png",
    )
    run_bench(bench, as_json=as_json, out=out, force=force)
