"""What the loop does for an objective beside minimizing it: it warms up, measures, and repairs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import pytest
import torch
from torch import Tensor

from copyist.data import open_source
from copyist.drawing.grids import rows, write_png
from copyist.errors import CopyistError, ShapeError
from copyist.models import MLPConfig, Model
from copyist.objectives import OBJECTIVES, Copying, CrossEntropy, KLSparsity, MaskedCopying, Objective, Repair
from copyist.randomness import generator
from copyist.training import Pretraining, Recipe, train
from training.tiny import tiny


@final
@dataclass(frozen=True, kw_only=True)
class Growing(Objective):
    """Copying, weighted by how much of the training is over; it blackens one weight of the model after every step."""

    weight: float = 1.0

    def at_progress(self, progress: float) -> Objective:
        return replace(self, weight=progress)

    def __call__(self, model: Model, x: Tensor, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return self.weight * Copying()(model, x, generator=generator) + 100 * self.weight

    def measures(
        self, model: Model, x: Tensor, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        return {"brightness": float(x.mean()), "weight": self.weight}

    @property
    def repair(self) -> Repair:
        return self._blacken

    def _blacken(self, model: Model, x: Tensor, *, step: int, generator: torch.Generator) -> None:
        assert not torch.is_grad_enabled()
        next(model.parameters()).fill_(step)


def test_an_objective_warms_up_with_the_steps_and_is_judged_when_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OBJECTIVES, "growing", Growing)
    run = train(tiny(objective=Growing()), out=tmp_path / "run")
    history = run.history()
    # Steps 0 to 9 of 40 weigh 0 to 9 / 40: the hundred grows as their means do; the copy's error is below one.
    for row, first in zip(history, (0, 10, 20, 30), strict=True):
        mean = (first + 4.5) / 40
        assert 100 * mean <= row.loss <= 101 * mean
    looks = [row for row in history if row.validation_loss is not None]
    assert all(100 <= row.validation_loss <= 101 for row in looks if row.validation_loss is not None)
    assert [row.measures["weight"] for row in looks] == [1.0, 1.0]
    assert looks[0].measures["brightness"] == looks[1].measures["brightness"]
    assert all(not row.measures for row in history if row.validation_loss is None)


def test_an_objective_repairs_the_weights_after_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES, "growing", Growing)
    model = train(tiny(objective=Growing()), out=tmp_path / "run").load()
    assert (next(model.parameters()) == 40).all()


def test_an_objective_decides_what_pictures_show(tmp_path: Path) -> None:
    run = train(tiny(objective=MaskedCopying()), out=tmp_path / "run")
    model, x = run.load(), open_source("digits").test.subset(24).images(0, 16)
    with torch.no_grad():
        shown = MaskedCopying().pictures(model, x, generator=generator(0, "picture"))
    write_png(tmp_path / "again.png", rows({name: batch[:8] for name, batch in shown.items()}))
    assert (run.folder / "samples/step-0000040.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_images_that_an_objective_does_not_take_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(
        ShapeError, match=r"^image sides must be multiples of the patch of 3, got 8x8; resize the images"
    ):
        train(tiny(objective=MaskedCopying(patch=3)), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "recipe",
    [
        tiny(model=MLPConfig(widths=(5,), activation="relu"), objective=KLSparsity(weight=0.1)),
        replace(
            tiny(model=MLPConfig(widths=(6, 5), activation="relu")),
            pretraining=Pretraining(objectives=(Copying(), CrossEntropy()), steps=2),
        ),
        replace(tiny(model=MLPConfig(widths=(6, 5))), pretraining=Pretraining(objectives=(MaskedCopying(),), steps=2)),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(CopyistError):
        train(recipe, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
