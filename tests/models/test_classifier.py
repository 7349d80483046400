"""The convolutional classifier."""

from typing import Any

import pytest
import torch

from contracts import CLASSIFIERS, classifier, images
from copyist.errors import ArgumentError, ShapeError
from copyist.models import ConvClassifierConfig


def test_features_double_with_every_level() -> None:
    config = ConvClassifierConfig(width=5, levels=3).fitted((2, 8, 12)).with_classes(4)
    model = classifier(config)
    assert config == ConvClassifierConfig(channels=2, num_classes=4, width=5, levels=3)
    assert (model.head.in_features, model.head.out_features) == (20, 4)
    assert [name for name, _ in model.named_children()] == ["blocks", "head"]


def test_running_averages_are_learned_in_training_and_then_stand_still() -> None:
    model, x = classifier(CLASSIFIERS["conv-running"]), images()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    model(x)
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())
    model.train()(x)
    mean = dict(model.named_buffers())["blocks.0.block.layers.0.norm.running_mean"]
    maps = model.get_submodule("blocks.0.block.layers.0.conv")(x)
    # PyTorch moves a tenth of the way at each step.
    torch.testing.assert_close(mean, 0.1 * maps.mean((0, 2, 3)).detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 8, 12), r"takes images of 3 channels, got 1; convert the images"),
        ((3, 8, 14), r"image sides must be multiples of 4, got 8x14; pad the images"),
        ((3, 4, 12), r"image sides must be at least 8 for 3 levels, got 4x12; enlarge the images"),
    ],
)
def test_images_that_do_not_fit_are_refused(shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        classifier(CLASSIFIERS["conv-running"]).check_batch(images(2, shape))


def test_what_is_not_known_cannot_be_built() -> None:
    for config in (ConvClassifierConfig(channels=3), ConvClassifierConfig(num_classes=3)):
        with pytest.raises(ArgumentError, match=r"^a classifier must know its num"):
            config.build()


def test_a_classifier_keeps_the_classes_it_was_built_for_where_data_has_fewer() -> None:
    config = ConvClassifierConfig(num_classes=10)
    assert config.with_classes(4).num_classes == 10
    with pytest.raises(
        ArgumentError,
        match=r"^the model was built for 10 classes, got 12; leave num_classes open \(--set num_classes=none\)$",
    ):
        config.with_classes(12)


def test_data_of_other_channels_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"built for images of 3 channels, got 1; add \?channels=3 to the source"):
        ConvClassifierConfig(channels=3).fitted((1, 8, 8))


@pytest.mark.parametrize("settings", [{"width": 0}, {"num_classes": 0}, {"channels": 0}, {"statistics": "bach"}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        ConvClassifierConfig(**settings)
