"""A run without a folder: the same bits, and nothing on the disk."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from copyist.errors import ArgumentError, OutputError, TrainingError
from copyist.models import MLPConfig
from copyist.objectives import Copying, CrossEntropy
from copyist.training import Pretraining, Recipe, Run, train
from training.tiny import Failing, Told, rows_of, tiny, weights


def same_as_on_disk(run: Run, other: Run) -> bool:
    ours, theirs = run.model.state_dict(), weights(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name].cpu(), theirs[name]) for name in theirs)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is to stay empty."""
    place = tmp_path / "empty"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setenv("HOME", str(place))
    return place


@pytest.mark.parametrize(
    "recipe",
    [
        tiny(),
        tiny(averaging=0.9, patience=1, validate_every=5),
        tiny(model=MLPConfig(widths=(5,)), data="cancer"),
    ],
)
def test_a_run_in_memory_has_the_bits_and_the_history_of_one_on_disk(
    recipe: Recipe, empty: Path, tmp_path: Path
) -> None:
    told, also = Told(), Told()
    run = train(recipe, seed=3, observer=told)
    assert not list(empty.iterdir())
    other = train(recipe, seed=3, out=tmp_path / "run", observer=also)
    assert same_as_on_disk(run, other)
    assert rows_of(run) == rows_of(other)
    assert (told.began, told.steps, told.sentences) == (also.began, also.steps, also.sentences)
    model, loaded = run.model, other.load()
    assert (model.training, model.trained_on, model.config) == (False, loaded.trained_on, loaded.config)
    assert all(weight.requires_grad for weight in model.parameters())


def test_the_model_is_one_and_load_gives_another_each_time(empty: Path, tmp_path: Path) -> None:
    for out in (None, tmp_path / "run"):
        run = train(tiny(steps=2), out=out)
        assert run.model is run.model
        assert run.load() is not run.load()
        assert run.load() is not run.model


def test_layers_are_pretrained_in_memory_too(empty: Path, tmp_path: Path) -> None:
    stack = MLPConfig(widths=(24, 12), activation="sigmoid", output="sigmoid")
    recipe = replace(
        tiny(model=stack, objective=CrossEntropy(), flip=False),
        pretraining=Pretraining(objectives=(Copying(),), steps=20),
    )
    told = Told()
    run, other = train(recipe, observer=told), train(recipe, out=tmp_path / "run")
    assert told.sentences[0] == "pretraining layer 1 of 2, in memory"
    assert same_as_on_disk(run, other)
    assert len(run.layers) == 2
    for layer, also in zip(run.layers, other.layers, strict=True):
        assert same_as_on_disk(layer, also)
        assert rows_of(layer) == rows_of(also)


def test_a_loss_that_is_not_finite_goes_back_to_what_is_kept_in_memory(empty: Path, tmp_path: Path) -> None:
    runs: list[Run] = []
    for out in (None, tmp_path / "run"):
        told = Told()
        runs.append(train(tiny(objective=Failing(at=(17,), counts=[0])), out=out, observer=told))
        assert told.sentences[0].startswith("the loss was not finite at step 17; went back to step 10 and lowered")
    assert same_as_on_disk(*runs)
    assert rows_of(runs[0]) == rows_of(runs[1])


def test_a_run_in_memory_has_no_files_and_cannot_be_resumed(empty: Path) -> None:
    run = train(tiny(steps=1))
    for ask in (lambda: run.folder, lambda: run.model_file):
        with pytest.raises(OutputError, match=r"^a run must have been trained into a folder to have files, got one"):
            ask()
    with pytest.raises(ArgumentError, match=r"^a run must have a folder to be resumed, got out=None; give the folder"):
        train(tiny(), resume=True)


def test_a_run_in_memory_that_is_interrupted_says_that_nothing_is_kept(empty: Path) -> None:
    class Interrupting(Told):
        def finish_step(self, *, step: int, loss: float | None) -> None:
            if step == 15:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(TrainingError, match=r"^interrupted after 15 steps in memory, of which nothing is kept; t"):
        train(tiny(), observer=Interrupting())


def test_the_process_is_left_as_it_was(empty: Path) -> None:
    before: list[Any] = [torch.random.get_rng_state(), torch.is_grad_enabled(), signal.getsignal(signal.SIGINT)]
    train(tiny(steps=2))
    after = [torch.random.get_rng_state(), torch.is_grad_enabled(), signal.getsignal(signal.SIGINT)]
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]
