"""The levels of a U-Net take an embedding, such as that of a noise level, down and up; their blocks may be residual."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from contracts import built, images
from copyist.errors import ArgumentError, UnknownNameError
from copyist.models import MODELS, ConvClassifierConfig, ModelConfig, UNetConfig, VariationalUNetConfig
from copyist.models.levels import Down, Up, initialize_levels
from copyist.models.weights import num_parameters
from copyist.nn.conv import ConvBlock
from copyist.settings import dump

CONFIG = UNetConfig(channels=3, width=4, levels=3, statistics="none")


def levels(embedding: int) -> tuple[Down, Up]:
    torch.manual_seed(0)
    down, up = Down(CONFIG, embedding=embedding), Up(CONFIG, skips=True, embedding=embedding)
    initialize_levels(nn.ModuleList([down, up]), up.output, CONFIG)
    return down, up


def answer(down: Down, up: Up, embedding: torch.Tensor | None) -> torch.Tensor:
    *passed, h = down(images(), embedding)
    return up(h, passed, embedding)


def test_an_untrained_embedding_changes_nothing_and_draws_nothing() -> None:
    plain, taught = levels(0), levels(6)
    assert torch.equal(answer(*taught, torch.randn(5, 6)), answer(*plain, None))


def test_every_block_hears_of_the_embedding_and_every_image_of_its_own() -> None:
    down, up = levels(6)
    with torch.no_grad():
        for name, weight in [*down.named_parameters(), *up.named_parameters()]:
            if name.endswith("modulation"):
                weight.normal_(std=0.1, generator=torch.Generator().manual_seed(0))
    e = torch.randn(5, 6, generator=torch.Generator().manual_seed(1))
    before, changed = answer(down, up, e), e.clone()
    changed[1] += 1
    differs = (answer(down, up, changed) - before).abs().amax((1, 2, 3)) > 1e-4
    assert differs.tolist() == [False, True, False, False, False]
    before.square().sum().backward()
    modulations = [weight for part in (down, up) for name, weight in part.named_parameters() if "modulation" in name]
    assert len(modulations) == 5
    assert all(weight.grad is not None and bool(weight.grad.abs().sum() > 0) for weight in modulations)


@pytest.mark.parametrize("skips", [False, True])
def test_residual_blocks_have_a_projection_where_the_maps_change_alone(skips: bool) -> None:
    config = UNetConfig(channels=3, width=4, levels=3, blocks="residual", skips=skips)
    model = built(config)
    shortcuts = [part.shortcut for part in model.modules() if isinstance(part, ConvBlock)]
    projected = [(part.in_channels, part.out_channels) for part in shortcuts if isinstance(part, nn.Conv2d)]
    # On the way up the upsampling has brought the maps to the level's number, which skips double.
    assert projected == [(3, 4), (4, 8), (8, 16), *([(16, 8), (8, 4)] if skips else [])]
    plain = num_parameters(replace(config, blocks="plain"))
    assert num_parameters(config) - plain == sum(inputs * outputs for inputs, outputs in projected)


def test_plain_blocks_are_as_before_there_were_others() -> None:
    config = UNetConfig(channels=3, width=4)
    assert config.blocks == "plain"
    assert "blocks" not in dump(config, {ModelConfig: MODELS})
    assert "blocks" in dump(replace(config, blocks="residual"), {ModelConfig: MODELS})


@pytest.mark.parametrize("kind", [UNetConfig, VariationalUNetConfig, ConvClassifierConfig])
def test_a_residual_block_that_would_be_linear_and_an_unknown_one_are_refused(kind: Any) -> None:
    with pytest.raises(
        ArgumentError, match=r"^residual blocks must have at least 2 convolutions, or they are linear, g"
    ):
        kind(blocks="residual", convolutions=1)
    with pytest.raises(UnknownNameError, match=r"^there is no kind of blocks 'residua'; did you mean 'residual'\?$"):
        kind(blocks="residua")


def test_without_normalization_the_signal_does_not_explode_through_residual_blocks() -> None:
    model, seen = built(UNetConfig(channels=3, width=16, levels=5, statistics="none", blocks="residual")), list[float]()
    for part in model.modules():
        if isinstance(part, ConvBlock):
            part.register_forward_hook(lambda _module, _inputs, output: seen.append(float(output.square().mean())))
    x = images(8, (3, 32, 32))
    with torch.no_grad():
        answer = model(x)
    assert len(seen) == 9
    # Nine blocks, each with random weights; 2.7 is what they make on paper.
    assert max(seen) < 20 * seen[0]
    assert min(seen) > seen[0] / 20
    assert float(answer.std(dim=0).mean()) > 0.01
