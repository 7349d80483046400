"""What the demo writes down for its report."""

__all__ = ["Stages", "Trained", "report_document"]

import contextlib
import os
import platform
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

from copyist.data import Splits
from copyist.demo.pictures import Shown
from copyist.devices import resolve
from copyist.models.contracts import Reconstructor
from copyist.settings import dump
from copyist.training import CATALOGUES, Recipe, Run


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One model of the demo."""

    name: str
    role: str
    recipe: Recipe
    run: Run
    model: Reconstructor


class Stages:
    """How long each part took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(self, name: str) -> Generator[None, None, None]:
        """Time what happens in this context under `name`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def report_document(
    *,
    command: str,
    seed: int,
    source: str,
    splits: Splits,
    trained: Sequence[Trained],
    stages: Stages,
    pictures: Mapping[str, Shown],
    walk: Mapping[str, str],
) -> dict[str, Any]:
    """report.json, as `copyist.demo.page` reads it."""
    seconds = {f"train the {each.name}": each.run.history()[-1].seconds for each in trained} | stages.seconds
    return {
        "title": "copyist: learning by copying",
        "command": command,
        "seed": seed,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "data": {
            "source": source,
            "num_train": len(splits.train),
            "num_test": len(splits.test),
            "shape": list(splits.train.image_shape),
            "split": "split by photograph, never by crop" if source.startswith("photos") else "split by content",
            "fingerprint": splits.train.fingerprint[:16],
        },
        "models": [_model(each) for each in trained],
        "stages": [{"name": name, "seconds": spent} for name, spent in seconds.items()],
        "versions": _versions(next(trained[0].model.parameters()).device),
        "pictures": {name: asdict(shown) for name, shown in pictures.items()},
        "walk": dict(walk),
    }


def _model(trained: "Trained") -> dict[str, Any]:
    history = trained.run.history()
    document = dump(trained.recipe, CATALOGUES)
    model, training = document["model"], document["training"]
    settings = {name: value for name, value in model.items() if value not in (None, [], "unet", "unet-skips")}
    folder = f"models/{trained.run.folder.name}"
    return {
        "name": trained.name,
        "kind": model["kind"],
        "role": trained.role,
        "num_parameters": sum(parameter.numel() for parameter in trained.model.parameters()),
        "steps": history[-1].step,
        "batch_size": trained.recipe.training.batch_size,
        "seconds": history[-1].seconds,
        "file": f"{folder}/model.safetensors",
        "history": f"{folder}/history.csv",
        "recipe": {
            "recipe": trained.recipe.name,
            "objective": document["objective"]["kind"],
            **settings,
            "optimizer": training["optimization"]["optimizer"],
            "learning rate": training["optimization"]["learning_rate"],
            "flips": training["flip"],
        },
    }


def _versions(device: torch.device) -> dict[str, str]:
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{os.cpu_count()} CPU cores"
    return {
        "copyist": version("copyist"),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "Python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"{named}, {torch.get_num_threads()} threads, {resolve('auto', device)}",
    }
