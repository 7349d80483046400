"""A run of seconds, and what the tests ask of runs.

As a program it is a run that a test may kill: `python tiny.py FOLDER [resume] [steps=N]`, which prints its steps.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from copyist.checkpoint import read_tensors
from copyist.errors import CopyistError
from copyist.models import Model, ModelConfig, UNetConfig
from copyist.objectives import Copying, Objective
from copyist.training import HistoryRow, Optimization, Recipe, Run, Training, train


def tiny(
    *,
    data: str = "digits",
    model: ModelConfig | None = None,
    objective: Objective | None = None,
    optimization: Optimization | None = None,
    **training: Any,
) -> Recipe:
    """Forty steps of a small U-Net on digits, saved every ten."""
    settings: dict[str, Any] = {
        "steps": 40,
        "batch_size": 16,
        "save_every": 10,
        "validate_every": 20,
        "validation_images": 24,
        "precision": "float32",
    }
    return Recipe(
        name="tiny",
        data=data,
        model=model or UNetConfig(width=4, levels=2, convolutions=1),
        objective=objective or Copying(),
        training=Training(**(settings | training), optimization=optimization or Optimization(learning_rate=0.01)),
    )


def weights(run: Run | Path) -> dict[str, Tensor]:
    return read_tensors(run.model_file if isinstance(run, Run) else run / "model.safetensors")[1]


def same_bits(one: Run | Path, other: Run | Path) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def rows_of(run: Run) -> list[HistoryRow]:
    """The history but for the time."""
    return [replace(row, seconds=0.0) for row in run.history()]


@dataclass
class Told:
    """An observer that keeps what it was told, and may stop the run at a step."""

    stop_at: int | None = None

    def __post_init__(self) -> None:
        self.sentences: list[str] = []
        self.steps: list[int] = []
        self.phases: list[str] = []
        self.began: tuple[int, int] | None = None

    def report_reading(self, done: int, total: int) -> None:
        pass

    def begin_phase(self, name: str) -> None:
        self.phases.append(name)

    def begin_steps(self, *, step: int, steps: int) -> None:
        self.began = step, steps

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.steps.append(step)
        if step == self.stop_at:
            raise StoppedError

    def notify(self, sentence: str) -> None:
        self.sentences.append(sentence)


class StoppedError(Exception):
    """The run was stopped from outside, at once."""


@dataclass(frozen=True, kw_only=True)
class Failing(Objective):
    """Copying, but for a loss that is not finite in the calls of training with these numbers, from 1."""

    at: tuple[int, ...]
    value: str = "nan"
    counts: list[int]
    """One number, the calls so far; it outlives a resumed run as a disturbance from outside would."""

    def __call__(self, model: Model, x: Tensor, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        loss = Copying()(model, x, generator=generator)
        if not torch.is_grad_enabled():
            return loss
        self.counts[0] += 1
        return loss * float(self.value) if self.counts[0] in self.at else loss


class Printing(Told):
    def finish_step(self, *, step: int, loss: float | None) -> None:
        print(step, flush=True)  # noqa: T201


if __name__ == "__main__":
    steps = next((int(word.removeprefix("steps=")) for word in sys.argv if word.startswith("steps=")), 60)
    try:
        train(tiny(steps=steps), out=sys.argv[1], resume="resume" in sys.argv, observer=Printing())
    except CopyistError as error:
        sys.exit(str(error))
