"""Fully connected autoencoders have the widths they are told, and without an activation are one matrix."""

import copy
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from contracts import autoencoder, images
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import MLPConfig

SHAPE = (2, 3, 5)


@pytest.mark.parametrize("widths", [(4,), (7, 4), (40, 30, 50)])
def test_widths_are_mirrored_around_the_code(widths: tuple[int, ...]) -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=widths))
    found = [(part.in_features, part.out_features) for part in model.modules() if isinstance(part, nn.Linear)]
    there = [30, *widths]
    expected = list(pairwise(there))
    assert found == expected + [(out, inp) for inp, out in reversed(expected)]
    assert model.encode(images(4, SHAPE)).shape == (4, widths[-1])


def test_without_an_activation_it_is_one_matrix() -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(9, 4), activation="identity")).double()
    with torch.no_grad():
        offset = model(torch.zeros(1, *SHAPE, dtype=torch.float64)).reshape(30)
        basis = torch.eye(30, dtype=torch.float64).reshape(30, *SHAPE)
        matrix = (model(basis).reshape(30, 30) - offset).T
        x = images(6, SHAPE).double()
        torch.testing.assert_close(model(x).reshape(6, 30), x.reshape(6, 30) @ matrix.T + offset)
    assert int(torch.linalg.matrix_rank(matrix)) == 4


@pytest.mark.parametrize("activation", ["gelu", "relu", "elu", "silu", "tanh", "sigmoid"])
def test_an_activation_bends_every_layer_but_the_output(activation: Any) -> None:
    bend = {"elu": nn.functional.elu, "gelu": nn.functional.gelu, "silu": nn.functional.silu}.get(activation)
    bend = bend or getattr(torch, activation)
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(4,), activation=activation))
    into, out = (part for part in model.modules() if isinstance(part, nn.Linear))
    x = images(3, SHAPE)
    with torch.no_grad():
        z = bend(x.flatten(1) @ into.weight.T + into.bias)
        by_hand = (z @ out.weight.T + out.bias).reshape(3, *SHAPE)
        torch.testing.assert_close(model(x), by_hand)


def test_a_config_is_fitted_to_the_images() -> None:
    assert MLPConfig(widths=(3,)).fitted(SHAPE).image_shape == SHAPE
    assert MLPConfig(image_shape=SHAPE).fitted(SHAPE).image_shape == SHAPE
    with pytest.raises(ShapeError, match=r"^the model was built for images of shape \(2, 3, 5\), got \(2, 5, 3\); re"):
        MLPConfig(image_shape=SHAPE).fitted((2, 5, 3))


def test_images_of_another_shape_are_refused() -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(3,)))
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(2, 3, 5\) only, got \(2, 5, 3\); resize"):
        model.check_batch(torch.rand(4, 2, 5, 3))


def test_a_config_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^widths must name at least the units of the code, got none$"):
        MLPConfig(widths=())
    with pytest.raises(ArgumentError, match=r"^widths must be at least 1, got 0$"):
        MLPConfig(widths=(3, 0))
    wrong: Any = "relo"
    with pytest.raises(UnknownNameError, match=r"^there is no activation 'relo'; did you mean 'relu'\?$"):
        MLPConfig(activation=wrong)
    with pytest.raises(ArgumentError, match=r"^an MLP must know its image_shape; give it, or fit the config to data$"):
        MLPConfig().build()


def test_a_tied_decoder_is_the_encoder_transposed() -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(7, 4), activation="sigmoid", tied=True))
    first, second = (part for part in model.modules() if isinstance(part, nn.Linear))
    x = images(3, SHAPE)
    with torch.no_grad():
        biases = [model.get_parameter("decoder.0.bias"), model.get_parameter("decoder.2.bias")]
        h = torch.sigmoid(torch.sigmoid(x.flatten(1) @ first.weight.T + first.bias) @ second.weight.T + second.bias)
        h = torch.sigmoid(h @ second.weight + biases[0]) @ first.weight + biases[1]
        torch.testing.assert_close(model(x).flatten(1), h)
    assert sum(weight.numel() for weight in model.parameters()) == 30 * 7 + 7 * 4 + 7 + 4 + 7 + 30


def test_copies_of_a_tied_model_are_tied_to_themselves() -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(7,), tied=True))
    again, x = copy.deepcopy(model), images(3, SHAPE)
    with torch.no_grad():
        before = model(x)
        for weight in again.parameters():
            weight.zero_()
        assert torch.equal(model(x), before)
        assert not again(x).any()


def test_a_code_stands_behind_the_widths_and_nothing_bends_it() -> None:
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(7,), code=3, activation="relu"))
    found = [(part.in_features, part.out_features) for part in model.modules() if isinstance(part, nn.Linear)]
    assert found == [(30, 7), (7, 3), (3, 7), (7, 30)]
    assert model.encode(images(50, SHAPE)).min() < 0
    alone = autoencoder(MLPConfig(image_shape=SHAPE, widths=(), code=3))
    assert len([part for part in alone.modules() if isinstance(part, nn.Linear)]) == 2


@pytest.mark.parametrize("code", [0, -1])
def test_a_code_without_units_is_refused(code: int) -> None:
    with pytest.raises(ArgumentError, match=rf"^code must be a whole number of at least 1, got {code}$"):
        MLPConfig(code=code)


def test_rows_of_a_table_are_copied_as_images_are() -> None:
    model = autoencoder(MLPConfig(widths=(7, 3)).fitted((9,)))
    x = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))
    assert model(x).shape == (4, 9)
    assert model.encode(x).shape == (4, 3)
    with pytest.raises(ShapeError, match=r"^the model was built for rows of shape \(9,\), got \(8,\); give a table of"):
        MLPConfig(num_columns=9).fitted((8,))
