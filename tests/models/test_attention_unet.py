"""The U-Net that attends is the U-Net, with attention added behind each level's block."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from contracts import autoencoder, built, images
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import UNet, UNetConfig, UNetSkips
from copyist.nn.attention import DotAttention, LinearAttention

COLOR = (3, 16, 24)


def test_linear_attention_stands_at_every_level_down_and_up() -> None:
    model = built(UNetConfig(channels=3, width=4, levels=4, attention="linear"))
    found = [part.project.in_channels for part in model.modules() if isinstance(part, LinearAttention)]
    assert found == [4, 8, 16, 32, 16, 8, 4]
    assert not [part for part in model.modules() if isinstance(part, DotAttention)]


@pytest.mark.parametrize(
    ("levels", "linear", "dots"), [(1, [], [4]), (2, [], [4, 8, 4]), (4, [4, 8, 8, 4], [16, 32, 16])]
)
def test_mixed_attention_is_by_dot_products_at_the_lowest_two_levels(
    levels: int, linear: list[int], dots: list[int]
) -> None:
    model = built(UNetConfig(channels=3, width=4, levels=levels, attention="mixed"))
    parts = list(model.modules())
    assert [part.project.in_channels for part in parts if isinstance(part, LinearAttention)] == linear
    assert [part.project.in_channels for part in parts if isinstance(part, DotAttention)] == dots


@pytest.mark.parametrize("levels", [1, 3])
def test_attention_of_the_lowest_level_alone_joins_its_positions_and_no_other(levels: int) -> None:
    model = built(UNetConfig(channels=3, width=4, levels=levels, attention="lowest"))
    parts = list(model.modules())
    assert [part.project.in_channels for part in parts if isinstance(part, DotAttention)] == [4 * 2 ** (levels - 1)]
    assert not [part for part in parts if isinstance(part, LinearAttention)]


def test_behind_a_block_stands_its_output_plus_attention_to_it_normalized() -> None:
    model: Any = built(UNetConfig(channels=3, width=4, levels=2, attention="linear"))
    level = model.down[0]
    x = images(2, COLOR)
    with torch.no_grad():
        h = level.block(x)
        centered = h - h.mean(dim=(1, 2, 3), keepdim=True)
        normalized = centered / (centered.square().mean(dim=(1, 2, 3), keepdim=True) + 1e-5).sqrt()
        torch.testing.assert_close(level(x), h + level.attention(normalized), rtol=1e-4, atol=1e-5)


def silence(model: nn.Module) -> None:
    """Let attention answer 0."""
    for part in model.modules():
        if isinstance(part, LinearAttention | DotAttention):
            for weight in (part.norm if isinstance(part, LinearAttention) else part.output).parameters():
                nn.init.zeros_(weight)


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("attention", ["linear", "mixed"])
@pytest.mark.parametrize("statistics", ["batch", "none"])
def test_with_attention_that_answers_zero_it_is_the_u_net(statistics: Any, attention: Any, skips: bool) -> None:
    plain = UNetConfig(channels=3, width=4, levels=3, statistics=statistics, skips=skips)
    unet, config = built(plain), replace(plain, attention=attention)
    attending = built(config)
    silence(attending)
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            attending.get_parameter(name).copy_(weight)
        x = images(3, COLOR)
        torch.testing.assert_close(attending(x), unet(x), rtol=1e-5, atol=1e-6)


def test_without_skips_the_code_has_maps_of_the_lowest_level() -> None:
    config = UNetConfig(channels=3, width=5, levels=3, attention="linear")
    assert isinstance(built(config), UNet)
    assert autoencoder(config).encode(images(2, COLOR)).shape == (2, 20, 4, 6)


def test_with_skips_the_image_reaches_the_answer_around_the_lowest_level() -> None:
    config = UNetConfig(channels=3, width=4, levels=3, statistics="none", skips=True, attention="linear")
    model: Any = built(config)
    assert isinstance(model, UNetSkips)
    x = images(2, COLOR)

    def forget(*_: object) -> torch.Tensor:
        return torch.zeros(2, 16, 4, 6)

    model.down[-1].register_forward_hook(forget)
    with torch.no_grad():
        assert (model(x) - model(1 - x)).abs().max() > 1e-3


def test_one_pixel_moves_the_answer_everywhere_where_convolutions_do_not_reach() -> None:
    x = images(1, (3, 64, 64))
    moved = x.clone()
    moved[:, :, 0, 0] = 1 - moved[:, :, 0, 0]

    def share_moved(model: nn.Module) -> float:
        with torch.no_grad():
            return float(((model(moved) - model(x)).abs().amax(dim=1) > 0).float().mean())

    shape: dict[str, Any] = {"channels": 3, "width": 4, "levels": 2, "convolutions": 1, "statistics": "none"}
    assert share_moved(built(UNetConfig(**shape))) < 0.05
    assert share_moved(built(UNetConfig(**shape, attention="linear"))) > 0.95


def test_what_does_not_fit_is_refused() -> None:
    config = UNetConfig(levels=3, width=4, attention="linear").fitted((3, 8, 12))
    assert config.channels == 3
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 4, got 18x24; pad the images"):
        config.build().check_batch(torch.rand(2, 3, 18, 24))
    with pytest.raises(ShapeError, match=r"^the model takes images of 3 channels, got 1; convert the images"):
        config.build().check_batch(torch.rand(2, 1, 16, 24))
    with pytest.raises(ArgumentError, match=r"^a U-Net must know its number of channels; give channels"):
        UNetConfig(attention="linear").build()
    wrong: Any = "lineal"
    with pytest.raises(UnknownNameError, match=r"^there is no attention 'lineal'; did you mean 'linear'\?$"):
        UNetConfig(attention=wrong)
