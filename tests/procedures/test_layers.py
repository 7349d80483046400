"""The layers of a model are those that run, and a representation is what the layer itself gave."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError, UnknownNameError
from copyist.procedures import layers, representation


class Odd(nn.Module):
    """Runs one module twice, one for a tuple, one for a sum over the batch, and one never."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.ReLU(inplace=True)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.sum = Sum()
        self.never = nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.twice(x.flatten(2) - 0.5)
        h, _ = self.attention(h, h, h)
        self.sum(h)
        return self.twice(h)


class Sum(nn.Module):
    def forward(self, h: Tensor) -> Tensor:
        return h.sum()


def test_layers_come_in_the_order_in_which_they_end() -> None:
    model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Sequential(nn.ReLU(inplace=True), nn.Flatten()), nn.Linear(150, 7))
    found = [(layer.name, layer.kind, layer.shape) for layer in layers(model, images(2, (3, 7, 8)))]
    assert found == [
        ("0", "Conv2d", (5, 5, 6)),
        ("1.0", "ReLU", (5, 5, 6)),
        ("1.1", "Flatten", (150,)),
        ("1", "Sequential", (150,)),
        ("2", "Linear", (7,)),
        ("output", "Sequential", (7,)),
    ]


def test_a_model_that_knows_its_images_needs_none_and_is_left_as_it_was() -> None:
    model = built(CONFIGS["unet-running"])
    model.trained_on = replace(model.trained_on, image_shape=(3, 8, 12))
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert layers(model)[-1].shape == (3, 8, 12)
    assert all(part.training for part in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks for part in model.modules())


def test_what_runs_twice_is_listed_once_and_what_has_no_row_per_image_is_left_out() -> None:
    names = [layer.name for layer in layers(Odd(), images(5, (3, 2, 2)))]
    assert names == ["twice", "attention", "output"]


def test_what_runs_twice_gives_its_last_answer() -> None:
    model, x = Odd(), images(5, (3, 2, 2))
    torch.testing.assert_close(representation(model, x, "twice"), model(x))
    assert representation(model, x, "attention").min() < 0


def test_a_representation_is_not_overwritten_by_what_follows_in_place() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True))
    x = images()
    assert torch.equal(representation(model, x, "0"), model[0](x))
    assert torch.equal(representation(model, x), model[0](x).relu())


def test_the_last_layer_down_is_the_code() -> None:
    model, x = autoencoder(CONFIGS["unet-group"]), images()
    torch.testing.assert_close(representation(model, x, "down.1"), model.encode(x))


def test_a_layer_that_does_not_represent_images_is_refused() -> None:
    model, x = Odd(), images(5, (3, 2, 2))
    with pytest.raises(UnknownNameError, match=r"there is no layer 'atention'; did you mean 'attention'\?"):
        representation(model, x, "atention")
    with pytest.raises(ContractError, match="'sum' gives no floats with one row per image"):
        representation(model, x, "sum")
    with pytest.raises(ContractError, match="'never' does not run"):
        representation(model, x, "never")
    with pytest.raises(ArgumentError, match="give images"):
        layers(model)
