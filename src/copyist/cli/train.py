"""`copyist train`."""

__all__ = ["train"]

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from copyist.cli.launch import explain_lost_peers, is_first, relaunch
from copyist.cli.options import Data, Devices, Force, Json, Nodes, Out, parse_seed
from copyist.cli.terminal import TrainingBar, show
from copyist.drawing.wording import counted

_AFTERMATH = "what the run has saved is kept, and --resume goes on from there"


def train(
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Argument(help="A name that 'copyist recipes' lists; with --resume it may be left out.", metavar="RECIPE"),
    ] = None,
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
    first_stage: Annotated[
        str | None,
        typer.Option(
            "--first-stage",
            help="The autoencoder in whose codes a latent diffusion model works; one is trained unless given.",
            metavar="MODEL",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything random; 0 unless given.", parser=parse_seed)
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the last state in the folder; what is not given is as the run was started."
        ),
    ] = False,
    force: Force = False,
    devices: Devices = 1,
    nodes: Nodes = 1,
    as_json: Json = False,
) -> None:
    """Train a model by a recipe, into a folder that also holds its history and the state to resume from."""
    if relaunch(devices=devices, nodes=nodes, aftermath=_AFTERMATH):
        return
    from copyist.errors import ArgumentError
    from copyist.recipes import configured, resumed
    from copyist.training import train as run_training

    if recipe is None and not resume:
        raise ArgumentError("a recipe must be given to be trained, got none; 'copyist recipes' lists those there are")
    chosen = (
        resumed(out, name=recipe, data=data, steps=steps, assignments=settings or [])
        if resume or recipe is None
        else configured(recipe, data=data, steps=steps, assignments=settings or [])
    )
    if first_stage is not None and not resume and chosen.first_stage is not None:
        usual = configured(chosen.name, data=chosen.data).first_stage
        if chosen.first_stage != usual:
            raise ArgumentError(
                "a first stage that is given is as it is, got settings of one that is trained (first_stage.…) too; "
                "leave these out, or --first-stage"
            )
    shown = TrainingBar(chosen.name) if is_first() else contextlib.nullcontext()
    with explain_lost_peers(aftermath=_AFTERMATH), shown as bar:
        run = run_training(
            chosen,
            out=out,
            seed=seed,
            start=start,
            first_stage=first_stage,
            resume=resume,
            overwrite=force,
            observer=bar,
        )

    if not is_first():
        return
    last, kept, record = run.history()[-1], run.kept, run.store.read_header().training
    measured = "".join(f", {name} {_measure(name, value)}" for name, value in kept.measures.items())
    best = "" if kept.step == last.step else f", of which those after {kept.step} are kept"
    lines = (
        f"trained {chosen.name} on {chosen.data} for {counted(last.step, 'step')}{best} in {last.seconds:.0f} s, "
        f"in batches of {chosen.training.batch_size}: held-out loss {_loss(kept.validation_loss)}{_beside(record)}"
        f"{measured}\nthe model is {run.model_file}"
    )
    if run.layers:
        lines += f"\nbefore, its layers were trained one by one: {', '.join(str(layer.folder) for layer in run.layers)}"
    if run.first_stage is not None:
        before = run.first_stage.history()[-1].seconds
        lines += f"\nbefore, its first stage was trained in {before:.0f} s: {run.first_stage.model_file}"
    result = {
        "model": str(run.model_file),
        "steps": last.step,
        "kept_step": kept.step,
        "loss": kept.loss,
        "validation_loss": kept.validation_loss,
        "mean_image_loss": record.get("mean_image_loss"),
        "diverged": record.get("diverged", False),
        "measures": kept.measures,
        "seconds": last.seconds,
        "batch_size": chosen.training.batch_size,
        "first_stage": None if run.first_stage is None else str(run.first_stage.model_file),
        "layers": [str(layer.model_file) for layer in run.layers],
    }
    show(lines, result, as_json=as_json)


def _loss(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.5f}"


def _beside(record: Mapping[str, Any]) -> str:
    """What the held-out loss stands beside, where training was no better than none."""
    loss, mean, first = (record.get(name) for name in ("validation_loss", "mean_image_loss", "first_loss"))
    if record.get("diverged") and first is not None:
        return f" (diverged: {_loss(first)} before the first step)"
    return "" if loss is None or mean is None or loss <= mean else f" (the mean image's: {_loss(mean)})"


_COUNTS = ("silent_units", "dead_units", "active_units", "revivals")
"""Measures that number things; those of a batch may be means over batches."""


def _measure(name: str, value: float) -> str:
    if name not in _COUNTS:
        return f"{value:.4f}"
    return f"{value:.0f}" if value.is_integer() else f"{value:.1f}"
