"""`copyist train`."""

__all__ = ["train"]

from typing import Annotated

import typer

from copyist.cli.launch import is_first, relaunch
from copyist.cli.options import Data, Force, Json, Out, Seed
from copyist.cli.terminal import TrainingBar, counted, show


def train(
    recipe: Annotated[str, typer.Argument(help="A name that 'copyist recipes' lists.", metavar="RECIPE")],
    out: Out,
    data: Data = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Steps of the optimizer.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the recipe, such as width=32; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="A model whose weights are taken over where names agree.", metavar="MODEL"),
    ] = None,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last state in the folder.")] = False,
    force: Force = False,
    devices: Annotated[int, typer.Option("--devices", help="Processes on this machine, one per device.", min=1)] = 1,
    nodes: Annotated[int, typer.Option("--nodes", help="Machines, each started with this command.", min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Train a model by a recipe, into a folder that also holds its history and the state to resume from."""
    if relaunch(devices=devices, nodes=nodes):
        return
    from copyist.recipes import configured
    from copyist.training import train as run_training

    chosen = configured(recipe, data=data, steps=steps, assignments=settings or [])
    with TrainingBar(recipe) as bar:
        run = run_training(chosen, out=out, seed=seed, start=start, resume=resume, overwrite=force, observer=bar)

    if not is_first():
        return
    last = run.history()[-1]
    measured = "".join(f", {name} {_measure(name, value)}" for name, value in last.measures.items())
    lines = (
        f"trained {recipe} on {chosen.data} for {counted(last.step, 'step')} in {last.seconds:.0f} s, "
        f"in batches of {chosen.training.batch_size}: held-out loss {last.validation_loss:.5f}{measured}\n"
        f"the model is {run.model_file}"
    )
    if run.layers:
        lines += f"\nbefore, its layers were trained one by one: {', '.join(str(layer.folder) for layer in run.layers)}"
    result = {
        "model": str(run.model_file),
        "steps": last.step,
        "loss": last.loss,
        "validation_loss": last.validation_loss,
        "measures": last.measures,
        "seconds": last.seconds,
        "batch_size": chosen.training.batch_size,
        "layers": [str(layer.model_file) for layer in run.layers],
    }
    show(lines, result, as_json=as_json)


_COUNTS = ("silent_units", "dead_units", "active_units", "revivals")
"""Measures that number things; those of a batch may be means over batches."""


def _measure(name: str, value: float) -> str:
    if name not in _COUNTS:
        return f"{value:.4f}"
    return f"{value:.0f}" if value.is_integer() else f"{value:.1f}"
