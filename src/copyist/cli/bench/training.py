"""`copyist bench`: steps of training."""

__all__ = ["scaling", "shards", "train", "vae"]

from functools import partial
from typing import Annotated

import typer

from copyist.cli.bench.running import WIDTHS, Batch, Out, Rounds, Size, Widths, run_bench
from copyist.cli.options import Force, Json


def train(
    width: Widths = WIDTHS,
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
    run_bench(bench, as_json=as_json, out=out, force=force)


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
    run_bench(bench, as_json=as_json, out=out, force=force)
