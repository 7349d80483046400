"""What a run that goes on is compared by, and what may be asked of one that has stopped."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import copyist
from copyist import devices
from copyist.bf16_probe import Probe
from copyist.checkpoint import read_tensors
from copyist.data import open_source
from copyist.errors import ArgumentError, CheckpointError
from copyist.models import MLPConfig
from copyist.training import Optimization, Recipe, train
from training.tiny import StoppedError, Told, rows_of, same_bits, tiny, weights

SMALL = MLPConfig(widths=(6,))


def small(data: Path | str = "digits", *, optimization: Optimization | None = None, **training: Any) -> Recipe:
    settings: dict[str, Any] = {"steps": 8, "save_every": 4, "validate_every": 4} | training
    return tiny(data=str(data), model=SMALL, optimization=optimization, **settings)


def pictures(folder: Path, count: int = 20) -> Path:
    folder.mkdir()
    for index in range(count):
        pixels = np.random.default_rng(index).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02}.png")
    return folder


@pytest.mark.parametrize("spelling", ["slash", "moved", "dotted", "zipped"])
def test_the_same_content_is_the_same_data_wherever_it_lies(tmp_path: Path, spelling: str) -> None:
    folder = pictures(tmp_path / "mine")
    alone = train(small(folder), out=tmp_path / "alone")
    with pytest.raises(StoppedError):
        train(small(folder), out=tmp_path / "run", observer=Told(stop_at=6))
    place = {
        "slash": lambda: f"{folder}/",
        "moved": lambda: str(folder.rename(tmp_path / "yours")),
        "dotted": lambda: f"{tmp_path}/./mine",
        "zipped": lambda: shutil.make_archive(str(tmp_path / "packed"), "zip", folder),
    }[spelling]()
    resumed = train(small(place), out=tmp_path / "run", resume=True)
    assert same_bits(resumed, alone)
    assert copyist.checkpoint.read_header(resumed.model_file).data["source"] == place


def test_other_content_at_the_same_place_is_refused_by_its_number(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "mine")
    train(small(folder), out=tmp_path / "run")
    for path in list(folder.iterdir())[:8]:
        path.unlink()
    with pytest.raises(CheckpointError, match=r"mine with 18 examples to train on, got other content, .* with 10 exam"):
        train(None, out=tmp_path / "run", resume=True)


def test_a_run_without_a_recipe_goes_on_with_its_own(tmp_path: Path) -> None:
    alone = train(small(averaging=0.9), out=tmp_path / "alone", seed=3)
    with pytest.raises(StoppedError):
        train(small(averaging=0.9), out=tmp_path / "run", seed=3, observer=Told(stop_at=6))
    assert same_bits(train(None, out=tmp_path / "run", resume=True), alone)
    with pytest.raises(ArgumentError, match=r"^a run must have a recipe to be started, got none; give one, such as "):
        train(None, out=tmp_path / "other")


def test_more_steps_go_on_from_the_last_one_with_the_rate_of_their_schedule(tmp_path: Path) -> None:
    constant = Optimization(schedule="constant", warmup=0, learning_rate=0.01)
    long = small(steps=14, optimization=constant)
    alone = train(long, out=tmp_path / "alone")
    run = train(small(optimization=constant), out=tmp_path / "run")
    told = Told()
    more = train(long, out=tmp_path / "run", resume=True, observer=told)
    assert told.began == (8, 14)
    assert told.sentences[0].startswith("the run goes on to 14 steps in place of 8; after step 8 the learning rate ")
    # A constant rate has no memory of the number of steps.
    assert same_bits(more, alone)
    assert run.history()[-1].step == 14
    # Of a cosine it is that of the new number from there on, as the very step is taken in a run of that length.
    train(small(), out=tmp_path / "cosine")
    train(small(steps=14), out=tmp_path / "cosine", resume=True)
    rates = {row.step: row.learning_rate for row in train(small(steps=14), out=tmp_path / "long").history()}
    found = {row.step: row.learning_rate for row in copyist.training.read_history(tmp_path / "cosine" / "history.csv")}
    assert found[14] == rates[14]
    assert found[8] < rates[8]


def test_fewer_steps_end_a_run_that_was_stopped_and_its_last_step_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(small(steps=40, validate_every=100), out=tmp_path / "run", observer=Told(stop_at=14))
    run = train(small(steps=12, validate_every=100), out=tmp_path / "run", resume=True)
    assert run.kept.step == 12
    x = open_source("digits").test.subset(24).images()
    with torch.no_grad():
        expected = float(F.mse_loss(copyist.reconstruct(run.load(), x), x))
    assert run.kept.validation_loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("free", [{"save_every": 3}, {"validate_every": 2}, {"validation_images": 7}])
def test_what_decides_no_weights_may_differ(tmp_path: Path, free: dict[str, Any]) -> None:
    alone = train(small(), out=tmp_path / "alone")
    with pytest.raises(StoppedError):
        train(small(), out=tmp_path / "run", observer=Told(stop_at=6))
    assert same_bits(train(small(**free), out=tmp_path / "run", resume=True), alone)


def test_looks_may_not_differ_where_they_decide_which_weights_are_kept(tmp_path: Path) -> None:
    train(small(patience=3), out=tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"was started with validate_every=4, got 2; .*\(--from .*run\)$"):
        train(small(patience=3, validate_every=2), out=tmp_path / "run", resume=True)


def test_a_run_from_other_weights_goes_on_without_them(tmp_path: Path) -> None:
    base, other = (train(small(), out=tmp_path / name, seed=seed) for name, seed in (("base", 1), ("other", 2)))
    alone = train(small(), out=tmp_path / "alone", start=base.folder)
    with pytest.raises(StoppedError):
        train(small(), out=tmp_path / "run", start=base.folder, observer=Told(stop_at=6))
    with pytest.raises(CheckpointError, match=r"from other weights than those given; leave --from out to resume it$"):
        train(small(), out=tmp_path / "run", start=other.folder, resume=True)
    resumed = train(small(), out=tmp_path / "run", resume=True)
    assert same_bits(resumed, alone)
    headers = [copyist.checkpoint.read_header(run.model_file).training["start"] for run in (resumed, alone)]
    assert headers[0] == headers[1]


@pytest.mark.parametrize("settings", [{}, {"averaging": 0.9}, {"averaging": 0.9, "patience": 9}])
def test_a_run_that_was_stopped_has_the_model_of_its_last_saved_state(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(StoppedError):
        train(small(**settings), out=tmp_path / "run", observer=Told(stop_at=6))
    said: list[str] = []
    model = copyist.load(tmp_path / "run", say=said.append)
    assert said == [
        f"the run in {tmp_path / 'run'} is not finished: this is its model after 4 of 8 steps; copyist train --resume "
        f"--out {tmp_path / 'run'} goes on with it"
    ]
    # What it would be if it had been told to end there.
    ended = train(replace_steps(small(**settings), 4), out=tmp_path / "run", resume=True)
    assert all(torch.equal(model.state_dict()[name].cpu(), weight) for name, weight in weights(ended).items())
    said.clear()
    copyist.load(tmp_path / "run", say=said.append)
    assert not said


def test_a_run_that_goes_on_no_longer_shows_the_model_of_fewer_steps(tmp_path: Path) -> None:
    train(small(), out=tmp_path / "run")
    with pytest.raises(StoppedError):
        train(small(steps=20), out=tmp_path / "run", resume=True, observer=Told(stop_at=14))
    with pytest.warns(UserWarning, match=r"is not finished: this is its model after 12 of 20 steps; "):
        copyist.load(tmp_path / "run")
    finished = train(small(steps=20), out=tmp_path / "run", resume=True)
    assert rows_of(finished)[-1].step == 20
    assert read_tensors(finished.model_file)[0]["training"]["steps"] == 20


def replace_steps(recipe: Recipe, steps: int) -> Recipe:
    return replace(recipe, training=replace(recipe.training, steps=steps))


def test_a_run_goes_on_in_the_precision_that_it_was_begun_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other work does to a look at the machine must not change the weights."""
    monkeypatch.setattr(devices, "_cpu_does_bf16", lambda: True)
    monkeypatch.setattr(devices, "bf16_probe", lambda device: Probe(largest_error=0.002, slowdown=1.0))
    alone = train(small(precision="auto"), out=tmp_path / "alone")
    with pytest.raises(StoppedError):
        train(small(precision="auto"), out=tmp_path / "run", observer=Told(stop_at=6))
    monkeypatch.setattr(devices, "bf16_probe", lambda device: Probe(largest_error=0.002, slowdown=9.0))
    resumed = train(small(precision="auto"), out=tmp_path / "run", resume=True)
    assert same_bits(resumed, alone)
    assert copyist.checkpoint.read_header(resumed.model_file).training["precision"] == "bf16"
    other = train(small(precision="auto"), out=tmp_path / "other")
    assert copyist.checkpoint.read_header(other.model_file).training["precision"] == "float32"
    assert not same_bits(other, alone)
