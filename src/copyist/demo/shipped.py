"""The networks that the demo loads rather than trains: the recipes they were trained by, and their files.

    python -m copyist.demo.shipped                      trains them all again, and writes the files anew
    python -m copyist.demo.shipped copier runs/mine     writes one, from a run or a snapshot of the same recipe

A run that was broken off goes on where it was. Weights are kept in half precision, which makes a file half as large.
"""

__all__ = ["FACES", "LANDSCAPES", "SHIPPED", "WATCHING", "ShippedNet", "ship", "shipped_file", "train_shipped"]

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from copyist.checkpoint import load, read_model, write_tensors
from copyist.checks import check_choice
from copyist.data import open_source
from copyist.errors import CheckpointError
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Reconstructor, needs
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.procedures import denoise
from copyist.settings import dump
from copyist.training import CATALOGUES, Optimization, Recipe, Training, finished_run, train

LANDSCAPES = "scenes?size=32&limit=2048"
"""What the first two networks copy."""

FACES = "faces?size=32"
"""What the third copies."""


@final
@dataclass(frozen=True, kw_only=True)
class ShippedNet:
    """How a network that is shipped is made."""

    recipe: Recipe

    seed: int = 0

    at: float | None = None
    """One of the recipe's snapshots, a PSNR in dB; None is the end of the training."""


def _recipe(
    name: str, data: str, model: UNetConfig, *, steps: int, averaging: float, snapshots: tuple[float, ...] = ()
) -> Recipe:
    return Recipe(
        name=name,
        data=data,
        model=model,
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=32,
            averaging=averaging,
            validate_every=200,
            validation_images=256,
            save_every=200,
            snapshots=snapshots,
            optimization=Optimization(learning_rate=3e-3),
        ),
    )


_PLAIN, _WITH_SKIPS = UNetConfig(width=32, levels=4), UNetConfig(width=32, levels=4, skips=True)

SHIPPED: Mapping[str, ShippedNet] = {
    "copier": ShippedNet(
        recipe=_recipe("unet", LANDSCAPES, _PLAIN, steps=15_000, averaging=0.99, snapshots=(33.0,)), at=33.0
    ),
    "with-skips": ShippedNet(
        recipe=_recipe("unet-skips", LANDSCAPES, _WITH_SKIPS, steps=6000, averaging=0.99, snapshots=(33.0,)), at=33.0
    ),
    "faces": ShippedNet(recipe=_recipe("unet", FACES, UNetConfig(width=16, levels=4), steps=1400, averaging=0.0)),
}
"""How each network is made, by the name of its file."""

WATCHING = ("validate_every", "validation_images", "save_every", "snapshots")
"""Settings of a recipe that decide no weight."""


def shipped_file(name: str) -> Path:
    """The file of a network that comes with the package; its header says how it was trained, and what it reaches.

    Raises:
        UnknownNameError: there is none of that name.
    """
    check_choice("shipped network", name, SHIPPED)
    return Path(__file__).parent / "models" / f"{name}.safetensors"


def train_shipped(runs: Path, *, say: Callable[[str], None]) -> None:
    """Train every shipped network by its recipe, and write its file anew: hours on two cores.

    Args:
        runs: the folder of the runs, one for each name; those that are finished are not trained again.
        say: takes a sentence for each file.

    Raises:
        OutputError, TrainingError, InterruptionError: as for `train`.
    """
    for name, net in SHIPPED.items():
        folder, recipe = runs / name, net.recipe
        fingerprint = open_source(recipe.data).train.fingerprint
        run = finished_run(folder, recipe, seed=net.seed, fingerprint=fingerprint)
        if run is None:
            resume = (folder / "state" / "state.safetensors").exists()
            run = train(recipe, out=folder, seed=net.seed, resume=resume)
        file = run.model_file if net.at is None else run.snapshot_file(net.at)
        reached = ship(file, shipped_file(name), recipe=recipe)
        say(f"{name}: {reached:.2f} dB on held-out images")


def ship(model: Path, out: Path, *, recipe: Recipe) -> float:
    """Write a trained network into a file of half the size, with the PSNR that it reaches in its record.

    Args:
        model: its file, the folder of its run, or a snapshot on the way, whose record says after how many steps.
        out: the file to write.
        recipe: by which it must have been trained, wherever the recipe decides the weights.

    Returns:
        The PSNR of its copies of the test images, in decibels, in half precision; the mean over images.

    Raises:
        CheckpointError: the file cannot be read, or is that of another recipe.
        OutputError: `out` cannot be written.
    """
    file = model / "model.safetensors" if model.is_dir() else model
    header, tensors = read_model(file)
    if _decisive(header.recipe) != _decisive(dump(recipe, CATALOGUES)):
        raise CheckpointError(f"{file} was trained by another recipe than the one it is to be shipped for")
    halved = {name: each.half() if each.is_floating_point() else each for name, each in tensors.items()}
    # Read again as it is shipped, so that the record says what the file itself reaches.
    write_tensors(out, halved, asdict(header))
    net = needs(load(out), Reconstructor, verb="the demo")
    x = open_source(recipe.data).test.images().to(next(net.parameters()).device)
    reached = float(psnr(denoise(net, x), x).mean())
    write_tensors(out, halved, asdict(replace(header, training=header.training | {"psnr": round(reached, 3)})))
    return reached


def _decisive(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Of a recipe's document what decides the weights."""
    training = {name: value for name, value in recipe["training"].items() if name not in WATCHING}
    return {**recipe, "training": training, "name": None}


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _main() -> None:
    match sys.argv[1:]:
        case []:
            train_shipped(Path("runs/demo-models"), say=_say)
        case [name, model]:
            reached = ship(Path(model), shipped_file(name), recipe=SHIPPED[name].recipe)
            _say(f"{name}: {reached:.2f} dB on held-out images")
        case _:
            sys.exit("usage: python -m copyist.demo.shipped [NAME RUN]")


if __name__ == "__main__":
    _main()
