"""A run may start from weights that were trained before."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from copyist.checkpoint import read_header
from copyist.data import Splits
from copyist.errors import ArgumentError, CheckpointError, DataError
from copyist.evaluation.classification_errors import classification_table
from copyist.models import MaskedViTConfig, ViTConfig
from copyist.objectives import Classification, Copying, MaskedCopying
from copyist.recipes import stacked_classifier
from copyist.training import Recipe, Run, finished_run, train
from training.tiny import StoppedError, Told, same_bits, tiny, weights


def masked() -> Recipe:
    config = MaskedViTConfig(patch=2, width=8, depth=2, heads=2, decoder_width=4, decoder_depth=1, decoder_heads=2)
    return tiny(model=config, objective=MaskedCopying(), steps=4)


def classifier(*, width: int = 8, steps: int = 4) -> Recipe:
    config = ViTConfig(patch=2, width=width, depth=2, heads=2)
    return tiny(model=config, objective=Classification(), steps=steps, flip=False)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(masked(), out=tmp_path_factory.mktemp("pretrained") / "run")


def still(recipe: Recipe) -> Recipe:
    """The same with steps too short to move a weight."""
    small = replace(recipe.training.optimization, learning_rate=1e-30)
    return replace(recipe, training=replace(recipe.training, optimization=small))


def test_the_encoder_of_a_masked_model_goes_over_to_a_classifier_by_name(pretrained: Run, tmp_path: Path) -> None:
    tuned = weights(train(still(classifier()), out=tmp_path / "tuned", start=pretrained.model_file))
    fresh = weights(train(still(classifier()), out=tmp_path / "fresh"))
    given = weights(pretrained)
    shared = tuned.keys() & given.keys()
    assert tuned.keys() - shared == {"head.weight", "head.bias"}
    assert all(torch.equal(tuned[name], given[name]) for name in shared)
    # What is not given is drawn as in a run from scratch with this seed.
    assert all(torch.equal(tuned[name], fresh[name]) for name in ("head.weight", "head.bias"))


def test_the_model_file_says_by_what_it_started_and_a_run_is_found_by_that(pretrained: Run, tmp_path: Path) -> None:
    run = train(classifier(), out=tmp_path / "tuned", start=pretrained.folder)
    header = read_header(run.model_file)
    fingerprint = header.data["fingerprint"]
    assert len(header.training["start"]) == 64
    found = partial(finished_run, run.folder, classifier(), seed=0, fingerprint=fingerprint)
    assert found(start=pretrained.folder) is not None
    assert found() is None
    assert "start" not in read_header(pretrained.model_file).training


def test_a_start_beside_pretraining_is_refused(pretrained: Run, tmp_path: Path) -> None:
    with pytest.raises(
        ArgumentError, match=r"^weights must start from one place, got a start beside pretraining; leave"
    ):
        train(stacked_classifier(data="digits?limit=50"), out=tmp_path / "both", start=pretrained.folder)
    assert not (tmp_path / "both").exists()


@pytest.mark.slow
def test_a_run_with_a_start_is_resumed_to_the_same_bits_and_with_no_other(pretrained: Run, tmp_path: Path) -> None:
    recipe = classifier(steps=20)
    whole = train(recipe, out=tmp_path / "whole", start=pretrained.folder)
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "part", start=pretrained.folder, observer=Told(stop_at=15))
    part = train(recipe, out=tmp_path / "part", resume=True)
    assert same_bits(whole, part)
    assert same_bits(whole, train(recipe, out=tmp_path / "part", start=pretrained.folder, resume=True))
    with pytest.raises(
        CheckpointError, match=r"was started from other weights than those given; leave --from out to resume it$"
    ):
        train(recipe, out=tmp_path / "part", start=whole.folder, resume=True)


def test_weights_of_another_shape_are_refused_with_the_settings_that_fit(pretrained: Run, tmp_path: Path) -> None:
    sentence = (
        r"has blocks.0.attention.output.bias of shape \(8,\), and the model to train \(16,\); add --set model.width=8$"
    )
    with pytest.raises(CheckpointError, match=sentence):
        train(classifier(width=16), out=tmp_path / "run", start=pretrained.folder)
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_images_of_another_shape_are_refused(pretrained: Run, tmp_path: Path) -> None:
    wider = replace(classifier(), data="digits?size=12")
    with pytest.raises(CheckpointError, match=r"has positions of shape .*; train on images of the same shape$"):
        train(wider, out=tmp_path / "run", start=pretrained.folder)


def test_a_model_of_another_family_is_refused(pretrained: Run, tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"holds a masked-vit, which shares no weights with a UNet; start from a "
    ):
        train(tiny(objective=Copying()), out=tmp_path / "run", start=pretrained.folder)


def test_a_start_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"^there is no model at .*nothing"):
        train(classifier(), out=tmp_path / "run", start=tmp_path / "nothing")


def test_a_classifier_that_starts_from_another_keeps_its_classes_by_name(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    names = np.array(["cat", "dog", "owl"])[np.arange(60) % 3]
    first = train(classifier(), data=Splits.from_arrays(x, labels=names), out=tmp_path / "first")
    fewer = Splits.from_arrays(x[names != "cat"], labels=names[names != "cat"])
    assert fewer.classes == ("dog", "owl")
    again = train(still(classifier()), data=fewer, start=first.folder)
    assert (first.model.trained_on.classes, again.model.trained_on.classes) == (("cat", "dog", "owl"),) * 2
    # Weights that do not move measure the same classes by the same logits.
    head, other = first.model.state_dict()["head.weight"].cpu(), again.model.state_dict()["head.weight"]
    torch.testing.assert_close(other.cpu(), head, rtol=1e-6, atol=0)
    assert classification_table({"first": first.model}, fewer).models["first"].wrong == (
        classification_table({"again": again.model}, fewer).models["again"].wrong
    )
    with pytest.raises(DataError, match=r"the model knows, 'cat', 'dog', 'owl', got 'eel'; leave out the examples"):
        train(
            classifier(), data=Splits.from_arrays(x, labels=np.where(names == "cat", "eel", names)), start=first.folder
        )
