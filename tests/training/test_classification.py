"""The same loop, told the classes of images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from copyist.checkpoint import read_header
from copyist.data import open_source
from copyist.errors import CheckpointError, ContractError, DataError
from copyist.models import ConvClassifier, ConvClassifierConfig, ModelConfig, UNetConfig, ViTConfig
from copyist.objectives import Classification, Copying, Objective
from copyist.recipes import conv_classifier
from copyist.training import Recipe, train
from training.tiny import StoppedError, Told, rows_of, same_bits, tiny

CONV = ConvClassifierConfig(width=4, levels=2, convolutions=1)


def naming(*, data: str = "digits", model: ModelConfig = CONV, steps: int = 40) -> Recipe:
    return tiny(data=data, model=model, objective=Classification(), flip=False, steps=steps)


def test_the_number_of_classes_comes_from_the_data_and_is_kept(tmp_path: Path) -> None:
    run = train(naming(), out=tmp_path / "run")
    header = read_header(run.model_file)
    assert header.data["num_classes"] == 10
    assert header.model["num_classes"] == 10
    assert header.recipe["model"]["num_classes"] is None
    model = run.load()
    assert isinstance(model, ConvClassifier)
    assert (model.head.out_features, model.batch_size, model.image_shape) == (10, 16, (1, 8, 8))


def test_only_copies_are_pictured(tmp_path: Path) -> None:
    assert not (train(naming(), out=tmp_path / "run").folder / "samples").exists()


def test_the_held_out_loss_is_the_cross_entropy_of_the_held_out_images(tmp_path: Path) -> None:
    run = train(naming(), out=tmp_path / "run")
    test = open_source("digits").test.subset(24)
    assert test.labels is not None
    model = run.load().cpu()
    with torch.no_grad():
        expected = F.cross_entropy(model(test.images()), torch.from_numpy(test.labels))
    assert run.history()[-1].validation_loss == pytest.approx(float(expected), rel=1e-4)


def test_what_copies_is_told_nothing_of_classes(tmp_path: Path) -> None:
    data = read_header(train(tiny(steps=1), out=tmp_path / "run").model_file).data
    assert not {"num_classes", "labels"} & set(data)


@pytest.mark.parametrize("model", [CONV, ViTConfig(patch=4, width=8, depth=1, heads=2)])
def test_a_run_that_was_stopped_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, model: ModelConfig
) -> None:
    alone = train(naming(model=model), out=tmp_path / "alone", seed=5)
    with pytest.raises(StoppedError):
        train(naming(model=model), out=tmp_path / "run", seed=5, observer=Told(stop_at=17))
    resumed = train(naming(model=model), out=tmp_path / "run", seed=5, resume=True)
    assert same_bits(resumed, alone)
    assert rows_of(resumed) == rows_of(alone)


def test_images_without_labels_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    np.save(tmp_path / "bare.npy", np.random.default_rng(0).random((20, 1, 8, 8)))
    with pytest.raises(DataError, match=r"bare.npy must have labels to be learned, and has none; take digits, faces"):
        train(naming(data=str(tmp_path / "bare.npy")), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("model", "objective", "message"),
    [
        (
            CONV.with_classes(10),
            Copying(),
            "Copying needs a model that copies, and ConvClassifier does not; take a model trained",
        ),
        (UNetConfig(width=4, levels=2), Classification(), "Classification names images, and UNet copies them; take a"),
        (CONV, Copying(), "a classifier must know its num_classes; give it, or train it by"),
    ],
)
def test_an_objective_and_a_model_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, model: ModelConfig, objective: Objective, message: str
) -> None:
    with pytest.raises((ContractError, ValueError), match=f"^{message}"):
        train(tiny(model=model, objective=objective), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_to_resume_with_other_labels_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "mine.npz"
    x, y = np.random.default_rng(0).random((20, 1, 8, 8)), np.arange(20) % 3
    np.savez(source, x=x, y=y)
    train(naming(data=str(source), steps=2), out=tmp_path / "run")
    np.savez(source, x=x, y=y[::-1])
    with pytest.raises(CheckpointError, match=r"was started on other labels than .*mine.npz has now; start another"):
        train(naming(data=str(source), steps=2), out=tmp_path / "run", resume=True)


@pytest.mark.slow
def test_the_recipe_names_digits_it_has_not_seen(tmp_path: Path) -> None:
    model = train(conv_classifier(), out=tmp_path / "run").load().cpu()
    test = open_source("digits").test
    assert test.labels is not None
    with torch.no_grad():
        right = model(test.images()).argmax(1) == torch.from_numpy(test.labels)
    # A nearest-neighbor rule gets about 98 % of these digits.
    assert right.float().mean() > 0.97
