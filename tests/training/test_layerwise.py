"""Greedy pretraining: layer after layer in runs of their own, and then all of them from there."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from copyist.checkpoint import read_tensors
from copyist.corruption import GaussianNoise, MaskingNoise, SaltAndPepper
from copyist.data import open_source
from copyist.errors import ArgumentError, ContractError, DataError, OutputError, TrainingError
from copyist.models import MLPConfig, Model, ModelConfig, StackedClassifierConfig, UNetConfig
from copyist.models.contracts import Stack, needs
from copyist.objectives import Classification, Copying, CrossEntropy, Denoising, Objective
from copyist.recipes import configured
from copyist.training import HistoryRow, Pretraining, Recipe, Run, train
from copyist.training.store import Store
from training.tiny import StoppedError, Told, rows_of, same_bits, tiny, weights

STACK = MLPConfig(widths=(24, 12, 6), activation="sigmoid", output="sigmoid", initialization="glorot")
NOISY = tuple(
    CrossEntropy(corruption=corruption) for corruption in (MaskingNoise(0.1), GaussianNoise(0.2), SaltAndPepper(0.3))
)


def stack(
    *, model: ModelConfig = STACK, objective: Objective | None = None, data: str = "digits", **training: Any
) -> Recipe:
    """Two steps of ten per layer, and forty of all together."""
    recipe = tiny(model=model, objective=objective or CrossEntropy(), data=data, flip=False, **training)
    return replace(recipe, pretraining=Pretraining(objectives=NOISY, steps=20))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of `stack()`, to compare others with."""
    return train(stack(), out=tmp_path_factory.mktemp("undisturbed") / "run")


def naming(**training: Any) -> Recipe:
    return stack(model=StackedClassifierConfig(stack=replace(STACK, tied=True)), objective=Classification(), **training)


def all_rows(run: Run) -> list[list[HistoryRow]]:
    return [rows_of(each) for each in (*run.layers, run)]


def test_every_layer_is_a_run_with_a_model_and_a_history_of_its_own(tmp_path: Path) -> None:
    told = Told()
    run = train(stack(), out=tmp_path / "run", observer=told)
    assert [layer.folder.name for layer in run.layers] == ["layer-0", "layer-1", "layer-2"]
    assert [layer.history()[-1].step for layer in run.layers] == [20, 20, 20]
    assert run.history()[-1].step == 40
    expected = [replace(STACK, image_shape=(1, 8, 8), widths=STACK.widths[:depth]) for depth in (1, 2, 3)]
    assert [layer.load().config for layer in run.layers] == expected
    assert told.sentences[:4] == [
        *(f"pretraining layer {index + 1} of 3, in {tmp_path / 'run' / f'layer-{index}'}" for index in range(3)),
        f"training all 3 layers together, in {tmp_path / 'run'}",
    ]
    assert told.phases == ["layer 1 of 3", "layer 2 of 3", "layer 3 of 3", "all layers together"]


def test_a_layer_leaves_those_below_it_as_they_are(undisturbed: Run) -> None:
    first, second, third = (weights(layer) for layer in undisturbed.layers)
    for name in ("encoder.1.weight", "encoder.1.bias"):
        assert torch.equal(first[name], second[name])
        assert torch.equal(first[name], third[name])
    assert torch.equal(second["encoder.3.weight"], third["encoder.3.weight"])
    # The decoder begins with the innermost layer.
    assert torch.equal(first["decoder.0.weight"], third["decoder.4.weight"])
    assert torch.equal(second["decoder.0.weight"], third["decoder.2.weight"])


def test_the_first_layer_is_an_autoencoder_trained_alone(tmp_path: Path) -> None:
    run = train(stack(), out=tmp_path / "run", seed=3)
    shallow = replace(STACK, widths=(24,))
    alone = train(tiny(model=shallow, objective=NOISY[0], flip=False, steps=20), out=tmp_path / "alone", seed=3)
    assert same_bits(run.layers[0], alone)


@pytest.mark.parametrize("make", [stack, naming])
def test_the_whole_starts_from_the_pretrained_layers(tmp_path: Path, make: Callable[..., Recipe]) -> None:
    recipe = make()
    with pytest.raises(StoppedError):
        # One step in, the state of the start is still the last one saved.
        train(recipe, out=tmp_path / "run", observer=StopsAt(100 - 39))
    run = Run(Store(tmp_path / "run"))
    _, started = read_tensors(run.folder / "state" / "state.safetensors")
    pretrained = weights(run.layers[-1])
    for name in ("encoder.1.weight", "encoder.3.bias", "encoder.5.weight"):
        assert torch.equal(started[f"model.{name}"], pretrained[name])


class StopsAt(Told):
    """Stops after so many steps of all phases together."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.steps.append(step)
        if len(self.steps) == self.count:
            raise StoppedError


class Stopped(Told):
    """Stops as soon as something was said for the nth time."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.nth = nth

    def notify(self, sentence: str) -> None:
        super().notify(sentence)
        if len(self.sentences) == self.nth:
            raise StoppedError


def resumes_to_the_same_bits(recipe: Recipe, folder: Path, counts: tuple[int, ...]) -> None:
    alone = train(recipe, out=folder / "alone", seed=5)
    for count in counts:
        place = folder / str(count)
        with pytest.raises(StoppedError):
            train(recipe, out=place, seed=5, observer=StopsAt(count))
        resumed = train(recipe, out=place, seed=5, resume=True)
        assert same_bits(resumed, alone)
        assert all(same_bits(layer, other) for layer, other in zip(resumed.layers, alone.layers, strict=True))
        assert all_rows(resumed) == all_rows(alone)


def test_a_run_that_was_stopped_in_a_layer_and_resumed_has_the_bits_of_one_that_was_not(tmp_path: Path) -> None:
    resumes_to_the_same_bits(naming(), tmp_path, (33,))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "counts"), [(naming(), (20, 61)), (stack(averaging=0.9, patience=9), (3, 21, 60, 75))]
)
def test_a_run_that_was_stopped_in_any_phase_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, recipe: Recipe, counts: tuple[int, ...]
) -> None:
    # Twenty steps for each of the three layers, and forty for all.
    resumes_to_the_same_bits(recipe, tmp_path, counts)


KILLED = ["batch_size=8", "save_every=40", "validate_every=300", "widths=24,12,6", "pretraining.steps=100"]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = configured("stacked-denoising", data="digits?limit=100", steps=300, assignments=KILLED)
    return train(recipe, out=tmp_path_factory.mktemp("unkilled") / "run")


@pytest.mark.slow
@pytest.mark.parametrize("layer", [0, 2])
def test_a_run_killed_at_a_random_moment_of_a_phase_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, unkilled: Run, layer: int
) -> None:
    recipe = configured("stacked-denoising", data="digits?limit=100", steps=300, assignments=KILLED)
    line = [*(f"--set={setting}" for setting in KILLED), "--data=digits?limit=100", "--steps=300"]
    command = [sys.executable, "-m", "copyist", "train", "stacked-denoising", *line, "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "run" / f"layer-{layer}" / "state").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(random.Random(layer).uniform(0, 0.2))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    run = train(recipe, out=tmp_path / "run", resume=True)
    assert same_bits(run, unkilled)
    assert all_rows(run) == all_rows(unkilled)
    assert not list(run.folder.rglob(".*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_between_two_layers_a_run_can_be_stopped_too(tmp_path: Path, undisturbed: Run, nth: int) -> None:
    with pytest.raises(StoppedError):
        train(stack(), out=tmp_path / "run", observer=Stopped(nth))
    assert same_bits(train(stack(), out=tmp_path / "run", resume=True), undisturbed)


class Interrupted(StopsAt):
    """Presses Ctrl-C after so many steps of all phases together."""

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.steps.append(step)
        if len(self.steps) == self.count:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("count", [13, 20, 60, 70])
def test_ctrl_c_ends_a_run_in_any_phase_the_last_step_of_a_layer_included(
    tmp_path: Path, undisturbed: Run, count: int
) -> None:
    observer = Interrupted(count)
    with pytest.raises(TrainingError, match=r"^interrupted after \d+ steps; they are kept, and --resume"):
        train(stack(), out=tmp_path / "run", observer=observer)
    assert len(observer.steps) <= count + 1
    assert same_bits(train(stack(), out=tmp_path / "run", resume=True), undisturbed)


def test_a_finished_run_is_resumed_without_a_step(tmp_path: Path) -> None:
    run = train(naming(), out=tmp_path / "run")
    before, told = weights(run), Told()
    train(naming(), out=tmp_path / "run", resume=True, observer=told)
    assert not told.steps
    assert all(torch.equal(before[name], weight) for name, weight in weights(run).items())


def test_a_run_is_replaced_with_its_layers_and_nothing_else(tmp_path: Path) -> None:
    train(stack(), out=tmp_path / "run", seed=4)
    (tmp_path / "run" / "layer-notes").mkdir()
    with pytest.raises(OutputError, match=r"run holds a run already; add --resume to go on with it, or --force to rep"):
        train(stack(), out=tmp_path / "run")
    pretraining = Pretraining(objectives=NOISY[:1], steps=9)
    shorter = replace(stack(), model=replace(STACK, widths=(24,)), pretraining=pretraining)
    run = train(shorter, out=tmp_path / "run", overwrite=True)
    assert [layer.folder.name for layer in run.layers] == ["layer-0"]
    assert (tmp_path / "run" / "layer-notes").is_dir()
    assert same_bits(run, train(shorter, out=tmp_path / "other"))


def test_labels_that_are_missing_are_asked_for_before_any_layer_is_trained(tmp_path: Path) -> None:
    np.save(tmp_path / "bare.npy", np.random.default_rng(0).random((20, 1, 8, 8)))
    with pytest.raises(DataError, match=r"bare.npy must have labels to be learned, and has none; take digits, faces"):
        train(replace(naming(), data=str(tmp_path / "bare.npy")), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_pretraining_that_does_not_fit_the_model_is_refused() -> None:
    for count in (2, 4):
        objectives = (*NOISY, NOISY[0])[:count]
        with pytest.raises(
            ArgumentError,
            match=rf"^pretraining must have one objective per layer, 3 in all, or a single one, got {count}; change",
        ):
            replace(stack(), pretraining=Pretraining(objectives=objectives))
    with pytest.raises(
        ArgumentError, match=r"^pretraining must have at least one objective, got none; give one for all"
    ):
        Pretraining(objectives=())
    with pytest.raises(ArgumentError, match=r"^steps must be at least 1, got 0$"):
        Pretraining(objectives=NOISY, steps=0)
    with pytest.raises(ContractError, match=r"^pretraining needs layers in a row, and UNetConfig describes none; take"):
        replace(stack(), model=UNetConfig())


def test_a_layer_that_cannot_be_trained_as_asked_is_refused_before_its_first_step(tmp_path: Path) -> None:
    recipe = replace(stack(), pretraining=Pretraining(objectives=(Copying(), Copying(), Classification()), steps=20))
    told = Told()
    with pytest.raises(
        ArgumentError, match=r"^a layer must be trained to copy, got Classification, which needs labels"
    ):
        train(recipe, out=tmp_path / "run", observer=told)
    assert not told.steps


@pytest.mark.slow
def test_a_layer_that_denoises_restores_codes_better_than_they_came(tmp_path: Path) -> None:
    objective = Denoising(corruption=MaskingNoise(0.3))
    pretraining = Pretraining(objectives=(Copying(), objective), steps=300)
    recipe = replace(stack(validate_every=300, steps=1), model=replace(STACK, widths=(48, 48)), pretraining=pretraining)
    run = train(recipe, out=tmp_path / "run")
    last = run.layers[1].history()[-1].validation_loss
    model: Model = run.layers[1].load().cpu()
    x = open_source("digits").test.subset(24).images()
    with torch.no_grad():
        h = needs(model, Stack, verb="test").layers[0].encode(x)
    # A masked value is lost with probability 0.3, which costs its square.
    assert last is not None
    assert last < 0.3 * float(h.square().mean()) / 2
