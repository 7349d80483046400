"""`copyist bench`: our speed against plain reference loops, as ratios, in one run."""

__all__ = ["app"]

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from copyist.bench.results import Result

app = typer.Typer(help="Measure our speed against plain reference loops, both in one run, as ratios.")

Widths = Annotated[list[int], typer.Option("--width", min=1, help="Base width of the U-Net; may be given repeatedly.")]
Size = Annotated[int, typer.Option(min=16, help="Side of an image in pixels, a multiple of 8.")]
Batch = Annotated[int, typer.Option(min=1, help="Images per batch.")]
Rounds = Annotated[int, typer.Option(min=1, help="Turns that each side is timed for.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Out = Annotated[Path | None, typer.Option(help="Also write the JSON to this file.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
_WIDTHS = [16, 32]


@app.callback(invoke_without_command=True)
def every(context: typer.Context) -> None:
    """Measure our speed against plain reference loops, all of them unless one is named."""
    if context.invoked_subcommand is not None:
        return
    from copyist.bench.sample import bench_sample
    from copyist.bench.train import bench_train
    from copyist.bench.vae import bench_vae
    from copyist.bench.walk import bench_walk

    for result in (bench_train(say=_say), bench_sample(say=_say), bench_walk(say=_say), bench_vae(say=_say)):
        _show(result, as_json=False, out=None)


@app.command(short_help="Time a step of training, and compare what is learned.")
def train(
    width: Widths = _WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    loss_steps: Annotated[int, typer.Option(min=0, help="Also compare held-out losses after so many steps.")] = 0,
    as_json: AsJson = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training, and with --loss-steps compare what is learned in as many steps."""
    from copyist.bench.train import bench_train

    _check(out, force=force)
    result = bench_train(widths=width, size=size, batch=batch, rounds=rounds, loss_steps=loss_steps, say=_say)
    _show(result, as_json=as_json, out=out)


@app.command()
def sample(
    width: Widths = _WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: AsJson = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time sampling from noise in 10 steps."""
    from copyist.bench.sample import bench_sample

    _check(out, force=force)
    result = bench_sample(widths=width, size=size, batch=batch, rounds=rounds, say=_say)
    _show(result, as_json=as_json, out=out)


@app.command()
def walk(
    width: Widths = _WIDTHS,
    size: Size = 64,
    batch: Batch = 32,
    rounds: Rounds = 20,
    as_json: AsJson = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time walks of 10 steps."""
    from copyist.bench.walk import bench_walk

    _check(out, force=force)
    result = bench_walk(widths=width, size=size, batch=batch, rounds=rounds, say=_say)
    _show(result, as_json=as_json, out=out)


@app.command()
def vae(
    size: Annotated[int, typer.Option(min=1, help="Side of an image in pixels.")] = 28,
    batch: Batch = 100,
    rounds: Rounds = 20,
    as_json: AsJson = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Time a step of training a variational autoencoder."""
    from copyist.bench.vae import bench_vae

    _check(out, force=force)
    result = bench_vae(size=size, batch=batch, rounds=rounds, say=_say)
    _show(result, as_json=as_json, out=out)


def _check(out: Path | None, *, force: bool) -> None:
    from copyist.outputs import check_output

    if out is not None:
        check_output(out, overwrite=force)


def _show(result: "Result", *, as_json: bool, out: Path | None) -> None:
    from copyist.outputs import write_text

    if out is not None:
        write_text(out, result.to_json() + "\n")
    typer.echo(result.to_json() if as_json else str(result))


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
