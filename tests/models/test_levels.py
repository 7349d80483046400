"""The levels of a U-Net take an embedding, such as that of a noise level, down and up."""

import torch
from torch import nn

from contracts import images
from copyist.models.levels import Down, Up, initialize_levels
from copyist.models.unet import UNetConfig

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
