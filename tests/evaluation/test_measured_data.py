"""What is measured, and that what is fitted never learns from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import copyist
from copyist.data import Splits, open_source
from copyist.data.opening import open_split
from copyist.errors import DataError
from copyist.evaluation.measured_data import open_measured
from copyist.models import MLPConfig
from copyist.models.contracts import Model, TrainedOn

SHAPE = (1, 8, 8)


def trained(source: str = "", fingerprint: str = "") -> Model:
    model = MLPConfig(image_shape=SHAPE, widths=(5,)).build().eval()
    model.trained_on = TrainedOn(image_shape=SHAPE, source=source, fingerprint=fingerprint)
    return model


def saved(path: Path, count: int, *, seed: int) -> str:
    np.save(path, np.random.default_rng(seed).integers(0, 256, (count, 8, 8), dtype=np.uint8))
    return str(path)


def test_a_source_without_a_split_is_measured_on_its_own_and_a_number_beyond_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    source = saved(tmp_path / "a.npy", 60, seed=0)
    found = open_measured(source, [trained()], num_images=60, say=said.append)
    assert (found.count, len(found.splits.train)) == (6, 54)
    assert said == [
        f"6 of 60 images of {source} are held out, all of which are measured, and 60 were asked for; add ?split=all to "
        "measure all of the source"
    ]
    assert open_measured("digits", [trained()], say=said.append).count == 180
    assert open_measured("digits", [trained()], num_images=7, say=said.append).count == 7


def test_a_split_that_is_named_is_measured_whole_and_filters_learn_from_the_models_data(tmp_path: Path) -> None:
    said: list[str] = []
    mine, other = saved(tmp_path / "mine.npy", 40, seed=1), saved(tmp_path / "other.npy", 700, seed=2)
    model = trained(mine, open_source(mine).train.fingerprint)
    found = open_measured(f"{other}?split=all", [model], say=said.append)
    assert (found.count, len(found.splits.test)) == (700, 700)
    assert np.array_equal(found.splits.train.array, open_source(mine).train.array)
    assert said == [f"what is fitted learns from {mine}, which the model was trained on"]
    # No longer what it was trained on.
    saved(tmp_path / "mine.npy", 40, seed=3)
    with pytest.raises(
        DataError, match=r"got all of .*other.npy\?split=all and no training data .*; add --fit-on, such"
    ):
        open_measured(f"{other}?split=all", [model], say=said.append)
    given = open_measured(f"{other}?split=all", [model], fit_on=mine, num_images=30, say=said.append)
    assert (given.count, len(given.splits.train)) == (30, 36)


def test_what_a_model_was_trained_on_is_said_to_be_no_test(tmp_path: Path) -> None:
    said: list[str] = []
    mine = saved(tmp_path / "mine.npy", 40, seed=1)
    model = trained(mine, open_source(mine).train.fingerprint)
    found = open_measured(f"{mine}?split=all", [model], fits=False, say=said.append)
    assert found.count == 40
    assert said[1] == (
        f"a model was trained on 36 of the 40 images of {mine}?split=all, so that this measures no held-out ones; add "
        "?split=test to measure those"
    )


def test_the_test_split_that_is_named_leaves_the_training_split_to_learn_from(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.npy", 60, seed=0)
    found, splits = open_measured(f"{source}?split=test", [trained()], say=print), open_source(source)
    assert np.array_equal(found.splits.train.array, splits.train.array)
    assert np.array_equal(found.splits.test.array, splits.test.array)


def test_what_is_measured_is_left_out_of_what_is_learned_from(tmp_path: Path) -> None:
    said: list[str] = []
    measured = saved(tmp_path / "a.npy", 20, seed=0)
    both = np.concatenate([np.load(measured), np.load(saved(tmp_path / "b.npy", 30, seed=5))])
    np.save(tmp_path / "both.npy", both)
    fit_on = f"{tmp_path / 'both.npy'}?split=all"
    train = open_measured(f"{measured}?split=all", [trained()], fit_on=fit_on, say=said.append).splits.train
    assert len(train) == 30
    assert train.fingerprint != open_split(fit_on, default="train").fingerprint
    assert not {row.tobytes() for row in train.array} & {
        row.tobytes() for row in open_split(measured, default="all").array
    }
    assert said == [f"20 of 50 images of {fit_on} are measured, and so not learned from"]
    with pytest.raises(
        DataError, match=r"got none in .* that .*a.npy\?split=all does not hold; give others with --fit-o"
    ):
        open_measured(f"{measured}?split=all", [trained()], fit_on=f"{measured}?split=all", say=said.append)


def test_data_of_another_shape_is_refused_with_the_source_that_fits(tmp_path: Path) -> None:
    measured = saved(tmp_path / "a.npy", 20, seed=0)
    with pytest.raises(DataError, match=r"got 1x25x25 and 1x8x8; write --fit-on 'faces\?size=8x8&channels=1'$"):
        open_measured(f"{measured}?split=all", [trained()], fit_on="faces", say=print)
    faces = open_split("faces", default="train")
    # What the model was trained on is brought to the shape by itself.
    found = open_measured(f"{measured}?split=all", [trained("faces", faces.fingerprint)], say=print)
    assert found.splits.train.shape == SHAPE


def test_the_result_says_what_was_measured(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (60, *SHAPE), dtype=np.uint8)
    splits = Splits.from_arrays(x, name="mine")
    text = copyist.evaluate({"m": trained()}, splits, num_images=4).text()
    assert text.startswith("Measured: 4 of 6 test images of mine; what is fitted learns from mine\n")
    with pytest.raises(DataError, match=r"baselines must learn from images of the measured shape"):
        copyist.evaluate({"m": trained()}, replace(splits), fit_on="faces")
