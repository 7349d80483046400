"""A run that has learned nothing says so."""

from pathlib import Path

import pytest
from torch.nn import functional as F

import copyist
from copyist.data import open_source
from copyist.models import MLPConfig
from copyist.training import Optimization, train
from training.tiny import Told, tiny

MLP = MLPConfig(widths=(9,))


def mean_image_loss() -> float:
    splits = open_source("digits")
    x = splits.test.subset(24).images()
    return float(F.mse_loss(splits.train.images().mean(0).expand_as(x), x))


def test_a_loss_that_has_grown_is_called_divergence_with_the_rate_that_mends_it(tmp_path: Path) -> None:
    told = Told()
    rate = Optimization(learning_rate=300.0, warmup=0)
    run = train(tiny(model=MLP, optimization=rate), out=tmp_path / "run", observer=told)
    record = copyist.checkpoint.read_header(run.model_file).training
    assert record["diverged"] is True
    assert record["mean_image_loss"] == pytest.approx(mean_image_loss(), rel=1e-3)
    assert record["first_loss"] < record["validation_loss"] == run.kept.validation_loss
    assert told.sentences == [
        f"training has diverged: the held-out loss is {record['validation_loss']:.4g}, from {record['first_loss']:.4g} "
        f"before the first step, and {record['mean_image_loss']:.4g} is that of answering with the mean image; take a "
        "lower learning rate (--set learning_rate=30)"
    ]


def test_a_short_run_that_is_healthy_is_not_called_that(tmp_path: Path) -> None:
    told = Told()
    run = train(tiny(model=MLP, steps=2), out=tmp_path / "run", observer=told)
    record = copyist.checkpoint.read_header(run.model_file).training
    assert record["diverged"] is False
    assert told.sentences == [
        f"the held-out loss of {record['validation_loss']:.4g} is not below the {mean_image_loss():.4g} of answering "
        "with the mean image yet; train longer (--steps 4)"
    ]


def test_a_run_that_has_learned_says_nothing(tmp_path: Path) -> None:
    told = Told()
    run = train(tiny(model=MLPConfig(widths=(32,)), steps=150), out=tmp_path / "run", observer=told)
    assert not told.sentences
    assert copyist.checkpoint.read_header(run.model_file).training["diverged"] is False
