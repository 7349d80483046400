"""A run without a folder, or on arrays: the same bits, and nothing on the disk."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from copyist.checkpoint import read_header
from copyist.data import Splits, open_source
from copyist.errors import ArgumentError, CheckpointError, DataError, OutputError, TrainingError
from copyist.models import ConvClassifier, ConvClassifierConfig, MLPConfig
from copyist.objectives import Classification, Copying, CrossEntropy
from copyist.training import Pretraining, Recipe, Run, finished_run, train
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
    after: list[Any] = [torch.random.get_rng_state(), torch.is_grad_enabled(), signal.getsignal(signal.SIGINT)]
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_arrays_train_as_a_source_of_the_same_examples(empty: Path) -> None:
    digits = open_source("digits")
    splits = Splits.from_arrays(digits.train.array, digits.test.array, name="my digits")
    run, other = train(tiny(data="photos"), data=splits), train(tiny())
    ours, theirs = run.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert rows_of(run) == rows_of(other)


def test_the_model_file_says_that_it_was_trained_on_arrays(empty: Path, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 4))
    splits = Splits.from_arrays(rows, calibration=0.25, columns=list("abcd"))
    recipe = tiny(model=MLPConfig(widths=(3,)), data="cancer")
    run = train(recipe, data=splits, out=tmp_path / "run")
    header = read_header(run.model_file)
    assert header.recipe["data"] == header.data["source"] == "arrays"
    assert header.data["fingerprint"] == splits.train.fingerprint
    assert (header.data["columns"], header.data["num_train"], header.data["num_test"]) == (list("abcd"), 40, 6)
    # What is set apart for calibration is not learned from.
    assert header.data["mean"] == pytest.approx(splits.train.array.mean(0), rel=1e-5)
    with pytest.raises(
        CheckpointError, match=r"on arrays with 40 examples to train on, got other content, arrays with 54"
    ):
        train(recipe, data=Splits.from_arrays(rows, columns=list("abcd")), out=tmp_path / "run", resume=True)
    assert train(recipe, data=splits, out=tmp_path / "run", resume=True).model_file.exists()


def test_another_source_takes_the_place_of_the_recipes(empty: Path, tmp_path: Path) -> None:
    run = train(tiny(data="photos", steps=2), data="digits?limit=50", out=tmp_path / "run")
    assert read_header(run.model_file).recipe["data"] == "digits?limit=50"
    assert finished_run(
        run.folder,
        tiny(data="digits?limit=50", steps=2),
        seed=0,
        fingerprint=open_source("digits?limit=50").train.fingerprint,
    )


def test_classes_of_arrays_are_learned(empty: Path) -> None:
    digits = open_source("digits")
    labels = {"labels": digits.train.labels, "test_labels": digits.test.labels}
    splits = Splits.from_arrays(digits.train.array, digits.test.array, **labels)  # pyright: ignore[reportArgumentType]
    config = ConvClassifierConfig(width=4, levels=2, convolutions=1)
    run = train(tiny(model=config, objective=Classification(), steps=2), data=splits)
    assert isinstance(run.model, ConvClassifier)
    assert run.model.head.out_features == 10
    bare = Splits.from_arrays(digits.train.array)
    with pytest.raises(DataError, match=r"^arrays must have labels to be learned, and has none"):
        train(tiny(model=config, objective=Classification()), data=bare)
