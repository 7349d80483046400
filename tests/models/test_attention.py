"""The model that attends is built as its config says, for images of any size."""

from typing import Any

import pytest
import torch
from torch import nn

from contracts import built, images
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import AttentionConfig
from copyist.nn.attention import DotAttention, LinearAttention

KINDS = pytest.mark.parametrize(("kind", "layer"), [("linear", LinearAttention), ("dot", DotAttention)])


@KINDS
def test_one_attention_stands_between_two_convolutions(kind: Any, layer: type[nn.Module]) -> None:
    model: Any = built(AttentionConfig(channels=3, attention=kind, maps=7))
    assert [name for name, _ in model.named_children()] == ["input", "attention", "output"]
    assert isinstance(model.attention, layer)
    for part, inputs, outputs in ((model.input, 3, 7), (model.output, 7, 3)):
        assert (part.in_channels, part.out_channels, part.kernel_size) == (inputs, outputs, (3, 3))
    with torch.no_grad():
        x = images(2, (3, 6, 5))
        torch.testing.assert_close(model(x), model.output(model.attention(model.input(x))))


@KINDS
def test_attention_alone_has_no_convolution_of_more_than_one_position(kind: Any, layer: type[nn.Module]) -> None:
    model: Any = built(AttentionConfig(channels=3, attention=kind, maps=None))
    convolutions = [part for part in model.modules() if isinstance(part, nn.Conv2d)]
    # From 3 to queries, keys and values of 4 heads of 32, and back.
    assert [(part.in_channels, part.out_channels) for part in convolutions] == [(3, 384), (128, 3)]
    assert all(part.kernel_size == (1, 1) for part in convolutions)
    with torch.no_grad():
        x = images(2, (3, 6, 5))
        torch.testing.assert_close(model(x), model.attention(x))


@KINDS
@pytest.mark.parametrize("maps", [7, None])
def test_with_a_residual_connection_an_attention_of_zero_leaves_its_maps_alone(
    kind: Any, layer: type[nn.Module], maps: int | None
) -> None:
    model: Any = built(AttentionConfig(channels=3, attention=kind, maps=maps, residual=True))
    for weight in (model.attention.output.weight, model.attention.output.bias):
        nn.init.zeros_(weight)
    x = images(2, (3, 6, 5))
    with torch.no_grad():
        torch.testing.assert_close(model(x), model.output(model.input(x)))
        if maps is None:
            assert torch.equal(model(x), x)


def test_a_fresh_model_answers_gray_where_nothing_is_put_in() -> None:
    model: Any = built(AttentionConfig(channels=3, attention="dot", maps=7))
    nn.init.zeros_(model.input.bias)
    nn.init.zeros_(model.attention.output.bias)
    with torch.no_grad():
        assert torch.equal(model(torch.zeros(1, 3, 6, 5)), torch.full((1, 3, 6, 5), 0.5))


@KINDS
@pytest.mark.parametrize("maps", [7, None])
def test_images_may_have_any_size(kind: Any, layer: type[nn.Module], maps: int | None) -> None:
    model = built(AttentionConfig(attention=kind, maps=maps).fitted((2, 8, 12)))
    for size in ((1, 1), (5, 9), (16, 3)):
        assert model(images(2, (2, *size))).shape == (2, 2, *size)


def test_other_channels_are_refused() -> None:
    config = AttentionConfig(maps=7).fitted((3, 8, 12))
    with pytest.raises(ShapeError, match=r"^the model was built for images of 3 channels, got 1; add \?channels=3"):
        config.fitted((1, 8, 12))
    with pytest.raises(ShapeError, match=r"^the model takes images of 3 channels, got 1; convert the images"):
        config.build().check_batch(torch.rand(2, 1, 8, 12))
    with pytest.raises(ArgumentError, match=r"^a model that attends must know its number of channels; give channels"):
        AttentionConfig().build()


@pytest.mark.parametrize("name", ["channels", "maps", "heads", "head_width"])
def test_a_config_that_cannot_be_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: 0}
    with pytest.raises(ArgumentError, match=f"^{name} must be a whole number of at least 1, got 0$"):
        AttentionConfig(**wrong)


def test_an_unknown_attention_is_refused_with_the_nearest() -> None:
    wrong: Any = "dots"
    with pytest.raises(UnknownNameError, match=r"^there is no attention 'dots'; did you mean 'dot'\?$"):
        AttentionConfig(attention=wrong)
