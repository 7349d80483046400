"""Snapshots: the model when its copies first reach a PSNR."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from copyist.checkpoint import read_header
from copyist.data import open_source
from copyist.errors import ArgumentError, ContractError
from copyist.models import ConvClassifierConfig
from copyist.models.contracts import Reconstructor, needs
from copyist.models.in_batches import in_batches
from copyist.objectives import Classification
from copyist.training import Optimization, Training, train
from training.tiny import StoppedError, Told, same_bits, tiny

CONSTANT = Optimization(learning_rate=0.01, schedule="constant", warmup=0.0)
"""A rate that does not ask how many steps there will be."""


@pytest.mark.slow
def test_a_snapshot_is_the_model_of_a_run_that_ended_at_the_first_look_that_reached_its_psnr(tmp_path: Path) -> None:
    recipe = tiny(optimization=CONSTANT, validate_every=10, validation_images=32)
    ends = [train(replace(recipe, training=replace(recipe.training, steps=steps))) for steps in (10, 20, 30, 40)]
    # The loss that a copier is validated by is the mean squared error of its copies.
    reached = [-10 * math.log10(end.kept.validation_loss or 1.0) for end in ends]
    first = next(place for place, found in enumerate(reached) if found >= reached[-1] - 0.5)
    wanted = (reached[0] - 1, reached[-1] - 0.5, 60.0)
    run = train(replace(recipe, training=replace(recipe.training, snapshots=wanted)), out=tmp_path / "run")
    for level, end in zip(wanted, (ends[0], ends[first]), strict=False):
        found = run.snapshot(level)
        assert found is not None
        assert all(torch.equal(found.state_dict()[key], value) for key, value in end.model.state_dict().items())
    assert run.snapshot(60.0) is None
    header = read_header(run.folder / "snapshots" / f"psnr-{wanted[0]:g}.safetensors")
    assert header.training["psnr"] == pytest.approx(reached[0], abs=1e-3)
    assert header.training["steps"] == 10


@pytest.mark.slow
def test_an_interrupted_run_keeps_the_snapshots_of_one_that_never_stopped(tmp_path: Path) -> None:
    levels = (5.0, 8.0, 10.0, 12.0, 14.0)
    recipe = tiny(validate_every=5, snapshots=levels)
    whole = train(recipe, out=tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "part", observer=Told(stop_at=17))
    train(recipe, out=tmp_path / "part", resume=True)
    names = sorted(path.name for path in (tmp_path / "whole" / "snapshots").iterdir())
    assert names
    assert names == sorted(path.name for path in (tmp_path / "part" / "snapshots").iterdir())
    for level in levels:
        ours, theirs = (run.snapshot(level) for run in (whole, train(recipe, out=tmp_path / "part", resume=True)))
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert all(torch.equal(theirs.state_dict()[key], value) for key, value in ours.state_dict().items())


def test_snapshots_change_no_weight(tmp_path: Path) -> None:
    one = train(tiny(), out=tmp_path / "one")
    assert same_bits(one, train(tiny(snapshots=(5.0,)), out=tmp_path / "other"))


def test_a_snapshot_may_be_by_copies_of_the_images_that_are_learned(tmp_path: Path) -> None:
    level, data = 5.0, "digits?limit=40"
    recipe = tiny(data=data, snapshots=(level,), snapshot_split="training", steps=20, validate_every=5)
    run = train(recipe, out=tmp_path / "run")
    found = read_header(run.folder / "snapshots" / f"psnr-{level:g}.safetensors").training["psnr"]
    model = needs(run.snapshot(level), Reconstructor, verb="a test")
    x = open_source(data).train.subset(24).images()
    assert found == pytest.approx(float(psnr_of_mean(model, x)), abs=1e-3)
    assert found != pytest.approx(float(psnr_of_mean(model, open_source(data).test.subset(24).images())), abs=1e-3)


def psnr_of_mean(model: Reconstructor, x: Tensor) -> Tensor:
    """Of the mean squared error of copies in batches of sixteen, as they are trained on."""
    with torch.no_grad():
        x_hat = in_batches(model, model, x, batch_size=16)
    return -10 * (x_hat - x).square().mean().log10()


def test_snapshots_are_refused_of_what_does_not_copy_and_out_of_order() -> None:
    naming = tiny(model=ConvClassifierConfig(width=4, levels=2), objective=Classification(), snapshots=(10.0,))
    with pytest.raises(ContractError, match="snapshots"):
        train(naming)
    with pytest.raises(ArgumentError, match="rising order"):
        Training(snapshots=(20.0, 10.0))
