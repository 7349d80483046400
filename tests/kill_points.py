"""Kill training at random instants, resume it, and compare all weights bit for bit with a run that was left alone.

    python tests/kill_points.py --points 200 --out docs/evidence/kill-points.json

Every point is a process of its own, forked from one that has imported everything but computed nothing, and ended by
SIGKILL at a time drawn evenly from the duration of the whole run. Every third resumed run is killed once more. After
each kill every file in the folder under its final name must load. Results are written as they come, the points beside
the summary; a second call goes on from there.
"""

import argparse
import importlib
import json
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import sklearn.datasets
import torch
from PIL import Image

import copyist
from copyist.checkpoint import read_tensors
from copyist.corruption import GaussianNoise
from copyist.errors import CopyistError
from copyist.models import MLPConfig, ModelConfig, UNetConfig
from copyist.objectives import Copying, Denoising, Objective
from copyist.outputs import write_text
from copyist.training import Optimization, Recipe, Training, read_history, train

# Imported before any fork, so that a child begins with training and not with imports.
for module in ("skimage.data", "torch._dynamo", "torch.utils.tensorboard.writer"):
    importlib.import_module(module)

SAVE_EVERY = 10

MODELS: dict[str, ModelConfig] = {
    "unet-batch": UNetConfig(width=4, levels=2, convolutions=1, statistics="batch"),
    "unet-running": UNetConfig(width=4, levels=2, convolutions=1, statistics="running"),
    "unet-hidden-none": UNetConfig(width=4, levels=2, convolutions=1, statistics="none", hidden=(6, 3, 6)),
    "mlp": MLPConfig(widths=(24, 5), activation="gelu"),
}

OBJECTIVES: dict[str, Objective] = {"copying": Copying(), "denoising": Denoising(corruption=GaussianNoise(sigma=0.2))}


def recipes() -> dict[str, Recipe]:
    """Every combination that is tried, by a name that says it."""
    made: dict[str, Recipe] = {}
    axes = product(MODELS, OBJECTIVES, (0.0, 0.99), (0, 3), (1, 2), ("adam", "sgd"))
    for index, (model, objective, averaging, patience, accumulation, optimizer) in enumerate(axes):
        data = "faces?size=16" if index % 5 == 0 else "digits"
        steps = 60 + 10 * (index * 7 % 10)
        name = f"{model} {objective} {data} steps={steps} averaging={averaging} patience={patience}"
        training = Training(
            steps=steps,
            batch_size=16,
            averaging=averaging,
            patience=patience,
            validate_every=5 if patience else 20,
            validation_images=16,
            save_every=SAVE_EVERY,
            optimization=Optimization(accumulation=accumulation, optimizer=optimizer, learning_rate=0.01),
        )
        made[f"{name} accumulation={accumulation} {optimizer}"] = Recipe(
            name="tiny", data=data, model=MODELS[model], objective=OBJECTIVES[objective], training=training
        )
    return made


@dataclass
class Child:
    """A process that does one thing, quietly."""

    pid: int
    started: float

    @classmethod
    def doing(cls, action: Callable[[], object], *, errors: Path) -> "Child":
        pid = os.fork()
        if pid:
            return cls(pid, time.perf_counter())
        status = 1
        try:
            sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
            action()
            status = 0
        except BaseException as error:
            errors.write_text("".join(traceback.format_exception(error)))
        os._exit(status)

    def killed_after(self, seconds: float) -> bool:
        """Kill it, and say whether it was still at work."""
        time.sleep(max(0.0, self.started + seconds - time.perf_counter()))
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        return os.WIFSIGNALED(status)

    def finished(self) -> bool:
        """Wait for it, and say whether it ended well."""
        _, status = os.waitpid(self.pid, 0)
        return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def go_on(recipe: Recipe, folder: Path, *, seed: int) -> None:
    """Resume a run as a user would: start it where no state was written yet."""
    if (folder / "state" / "state.safetensors").exists():
        train(recipe, out=folder, seed=seed, resume=True)
    else:
        train(recipe, out=folder, seed=seed, overwrite=True)


def broken_files(folder: Path) -> list[str]:
    """The files under a final name that do not load."""
    broken: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name.startswith("."):
            continue
        try:
            match path.suffix:
                case ".safetensors":
                    read_tensors(path)
                case ".csv":
                    read_history(path)
                case ".png":
                    with Image.open(path) as image:
                        image.load()
                case _:
                    # Events are appended to, and readers pass over a record that is cut short.
                    assert path.name.startswith("events.")
        except (CopyistError, OSError, AssertionError) as error:
            broken.append(f"{path.relative_to(folder)}: {error}")
    return broken


def unfinished_files(folder: Path) -> int:
    return len(list(folder.rglob(".*.part")))


def same_bits(one: Path, other: Path) -> bool:
    a, b = (read_tensors(path / "model.safetensors")[1] for path in (one, other))
    return a.keys() == b.keys() and all(
        a[key].dtype == b[key].dtype and a[key].numpy().tobytes() == b[key].numpy().tobytes() for key in a
    )


class Trial:
    """Runs left alone, by recipe, and runs that are killed."""

    def __init__(self, place: Path, *, seed: int) -> None:
        self.place, self.seed = place, seed
        self.recipes = recipes()
        self.alone: dict[str, tuple[Path, float]] = {}

    def left_alone(self, name: str) -> tuple[Path, float]:
        """The folder of the run that nobody disturbed, and how long it took."""
        if name not in self.alone:
            folder = self.place / f"alone-{len(self.alone)}"
            child = Child.doing(lambda: train(self.recipes[name], out=folder, seed=self.seed), errors=self._errors)
            if not child.finished():
                raise RuntimeError(self._errors.read_text())
            self.alone[name] = folder, time.perf_counter() - child.started
        return self.alone[name]

    def point(self, index: int) -> dict[str, Any]:
        """One killed run, resumed to the end."""
        draws = random.Random(f"{self.seed} {index}")
        name = draws.choice(list(self.recipes))
        reference, duration = self.left_alone(name)
        folder = self.place / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        kills: list[dict[str, Any]] = []
        broken: list[str] = []
        for _ in range(2 if index % 3 == 2 else 1):
            after = draws.uniform(0, duration)
            child = Child.doing(lambda: go_on(self.recipes[name], folder, seed=self.seed), errors=self._errors)
            running = child.killed_after(after)
            step = -1
            if (folder / "state" / "state.safetensors").exists():
                step = read_tensors(folder / "state" / "state.safetensors")[0]["counters"]["step"]
            kills.append(
                {
                    "after_seconds": round(after, 4),
                    "still_running": running,
                    "state_at_step": step,
                    "unfinished_files": unfinished_files(folder),
                }
            )
            broken += broken_files(folder)
        child = Child.doing(lambda: go_on(self.recipes[name], folder, seed=self.seed), errors=self._errors)
        finished = child.finished()
        broken += broken_files(folder)
        return {
            "recipe": name,
            "kills": kills,
            "resumed_to_the_end": finished,
            "error": "" if finished else self._errors.read_text(),
            "same_bits": finished and same_bits(folder, reference),
            "same_history": finished and _rows(folder) == _rows(reference),
            "broken_files": broken,
            "unfinished_files_left": unfinished_files(folder),
        }

    @property
    def _errors(self) -> Path:
        return self.place / "error.txt"


def _rows(folder: Path) -> list[Any]:
    return [replace(row, seconds=0.0) for row in read_history(folder / "history.csv")]


def summary(points: list[dict[str, Any]]) -> dict[str, Any]:
    kills = [kill for point in points for kill in point["kills"]]
    running = [kill for kill in kills if kill["still_running"]]
    return {
        "points": len(points),
        "same_bits": sum(point["same_bits"] for point in points),
        "same_history": sum(point["same_history"] for point in points),
        "points_with_broken_files": sum(bool(point["broken_files"]) for point in points),
        "kills": len(kills),
        "kills_while_running": len(running),
        "kills_before_the_first_state": sum(kill["state_at_step"] < 0 for kill in running),
        "kills_in_the_middle_of_writing": sum(kill["unfinished_files"] > 0 for kill in running),
        "unfinished_files_left_at_the_end": sum(point["unfinished_files_left"] for point in points),
        "states_resumed_from": dict(sorted(Counter(str(kill["state_at_step"]) for kill in running).items())),
        "recipes": len({point["recipe"] for point in points}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill training at random instants and compare resumed runs.")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sklearn.datasets.load_digits()
    copyist.open_source("digits")
    every = arguments.out.with_suffix(".points.json")
    known: dict[str, Any] = json.loads(every.read_text()) if every.exists() else {"points": [], "seconds": 0.0}
    points, before, started = known["points"], known["seconds"], time.perf_counter()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        trial = Trial(Path(place), seed=arguments.seed)
        for index in range(len(points), arguments.points):
            points.append(trial.point(index))
            document = {
                "command": f"python tests/kill_points.py --points {arguments.points} --seed {arguments.seed}",
                "versions": {name: version(name) for name in ("copyist", "torch", "accelerate", "safetensors")}
                | {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"},
                "seconds": round(before + time.perf_counter() - started, 1),
                "summary": summary(points),
            }
            write_text(arguments.out, json.dumps(document, indent=1) + "\n")
            write_text(every, json.dumps(document | {"points": points}, indent=1) + "\n")
    failed = [point for point in points if not point["same_bits"] or point["broken_files"]]
    print(json.dumps(summary(points), indent=1))  # noqa: T201
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
