"""Stacks: layers in a row are the whole, share its weights, and become the encoder of a classifier."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from contracts import built, classifier, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import MLPConfig, StackedClassifier, StackedClassifierConfig, UNetConfig
from copyist.models.contracts import Pretrainable, PretrainableConfig, Stack, needs
from copyist.nn.dense import Activation

SHAPE = (2, 3, 5)
CONFIG = MLPConfig(image_shape=SHAPE, widths=(9, 7, 4), activation="sigmoid", output="tanh", initialization="glorot")


def stack(config: MLPConfig = CONFIG, *, seed: int = 0) -> Stack:
    return needs(built(config, seed=seed), Stack, verb="test")


@pytest.mark.parametrize("tied", [False, True])
def test_encoding_layer_by_layer_and_decoding_in_reverse_is_the_whole(tied: bool) -> None:
    model, x = stack(replace(CONFIG, tied=tied)), images(6, SHAPE)
    with torch.no_grad():
        h = x
        for layer in model.layers:
            h = layer.encode(h)[:, :, None, None]
        torch.testing.assert_close(h.flatten(1), model.encode(x))
        for layer in model.layers[::-1]:
            h = layer.decode(h.flatten(1))
        torch.testing.assert_close(h, model(x))


def test_a_layer_is_the_shallow_autoencoder_that_its_config_describes() -> None:
    shapes = [SHAPE, (9, 1, 1), (7, 1, 1)]
    outputs: list[Activation] = ["tanh", "sigmoid", "sigmoid"]
    for layer, shape, output, units in zip(stack().layers, shapes, outputs, (9, 7, 4), strict=True):
        expected = MLPConfig(
            image_shape=shape, widths=(units,), activation="sigmoid", output=output, initialization="glorot"
        )
        assert layer.config == expected
        alone, h = built(expected), images(4, shape)
        for weight, own in zip(alone.parameters(), layer.parameters(), strict=True):
            weight.data.copy_(own)
        with torch.no_grad():
            torch.testing.assert_close(alone(h), layer(h))
        with pytest.raises(ShapeError, match=r"^the model takes images of shape"):
            layer.check_batch(images(4, (1, 2, 2)))


def test_what_trains_a_layer_trains_the_stack() -> None:
    model = stack()
    model.layers[1](images(4, (9, 1, 1))).sum().backward()
    trained = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert trained == {"encoder.3.weight", "encoder.3.bias", "decoder.2.weight", "decoder.2.bias"}


def test_tied_weights_count_once_and_stay_tied_in_a_copy() -> None:
    model = stack(replace(CONFIG, tied=True))
    assert sum(weight.numel() for weight in model.parameters()) == 30 * 9 + 9 * 7 + 7 * 4 + (9 + 7 + 4) + (30 + 9 + 7)
    other, x = copy.deepcopy(model), images(4, SHAPE)
    with torch.no_grad():
        before = model(x)
        for weight in other.parameters():
            weight.mul_(2)
        assert torch.equal(model(x), before)
        linear = other.get_submodule("encoder.5")
        assert isinstance(linear, nn.Linear)
        z = torch.rand(4, 4)
        bias = other.get_parameter("decoder.0.bias")
        torch.testing.assert_close(other.get_submodule("decoder.0")(z), z @ linear.weight + bias)


def test_a_stack_starts_from_the_layers_of_a_shorter_one() -> None:
    grown, short = stack(seed=1), stack(CONFIG.stacks()[1], seed=2)
    innermost = [weight.detach().clone() for weight in grown.layers[2].parameters()]
    needs(grown, Pretrainable, verb="test").start_from(short)
    for own, given in zip(grown.layers, short.layers, strict=False):
        for weight, start in zip(own.parameters(), given.parameters(), strict=True):
            assert torch.equal(weight, start)
    for weight, before in zip(grown.layers[2].parameters(), innermost, strict=True):
        assert torch.equal(weight, before)
    assert [config.widths for config in CONFIG.stacks()] == [(9,), (9, 7), (9, 7, 4)]


def test_the_features_of_the_classifier_are_the_code_of_the_stack() -> None:
    config = StackedClassifierConfig(stack=CONFIG, num_classes=6)
    model, pretrained, x = classifier(config), stack(seed=3), images(5, SHAPE)
    assert isinstance(model, StackedClassifier)
    model.start_from(pretrained)
    with torch.no_grad():
        assert torch.equal(model.features(x), pretrained.encode(x))
        torch.testing.assert_close(model(x), pretrained.encode(x) @ model.head.weight.T + model.head.bias)
    assert model.config.stacks() == CONFIG.stacks()
    assert not any(name.startswith("decoder") for name, _ in model.named_parameters())


def test_a_classifier_must_know_its_images_and_its_classes() -> None:
    fitted = StackedClassifierConfig(stack=MLPConfig(widths=(3,))).fitted(SHAPE).with_classes(4)
    assert fitted == StackedClassifierConfig(stack=MLPConfig(widths=(3,), image_shape=SHAPE), num_classes=4)
    for config in (StackedClassifierConfig(stack=CONFIG), StackedClassifierConfig(num_classes=4)):
        with pytest.raises(
            ArgumentError, match=r"^a (stacked )?classifier must know its (num_classes|image_shape); give it"
        ):
            config.build()
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(2, 3, 5\) only, got \(2, 5, 3\); resize"):
        classifier(fitted).check_batch(torch.rand(4, 2, 5, 3))


def test_a_model_that_is_no_stack_says_so() -> None:
    model = built(UNetConfig(channels=3, width=4, levels=2))
    for contract in (Stack, Pretrainable):
        with pytest.raises(ContractError, match=r" needs layers in a row, and UNet has none; take an mlp$"):
            needs(model, contract, verb="top-layer")
    with pytest.raises(ContractError, match=r"^pretraining needs layers in a row, and UNetConfig describes none; take"):
        needs(model.config, PretrainableConfig, verb="pretraining")
