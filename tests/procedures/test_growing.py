"""Samples that grow: enlarged, mixed with noise, and copied on, on models whose answers are known on paper."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from contracts import CONFIGS, built
from copyist.errors import ArgumentError, ShapeError
from copyist.models import MLPConfig, Reconstructor
from copyist.procedures import NoDiffusion, sample, sample_steps
from copyist.randomness import draw_normal


class Affine(Reconstructor):
    """scale · x + offset, at every size."""

    def __init__(self, *, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.shape[1] == 2

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.offset


IDENTITY = Affine(scale=1, offset=0)
SIZES: Any = {"count": 3, "shape": (2, 4, 6)}


def enlarged(x: Tensor, size: tuple[int, int]) -> Tensor:
    return interpolate(x, size=size, mode="bilinear", align_corners=False)


def test_an_identity_that_keeps_all_returns_the_enlarged_sample() -> None:
    small = sample(IDENTITY, **SIZES, method=NoDiffusion(steps=4))
    large = sample(IDENTITY, **SIZES, method=NoDiffusion(steps=4, grow=((8, 12),), grow_share=1))
    assert torch.equal(large, enlarged(small, (8, 12)))


def test_sizes_are_gone_through_in_turn() -> None:
    method = NoDiffusion(steps=2, grow=((4, 8), (10, 8)), grow_steps=3, grow_share=1)
    assert method.num_steps == 8
    steps = list(sample_steps(IDENTITY, **SIZES, method=method))
    assert [tuple(each.shape[2:]) for each in steps] == [(4, 6)] * 2 + [(4, 8)] * 3 + [(10, 8)] * 3
    assert torch.equal(sample(IDENTITY, **SIZES, method=method), enlarged(enlarged(steps[1], (4, 8)), (10, 8)))


def test_the_schedule_starts_again_at_the_share_and_ends_at_one() -> None:
    model = Affine(scale=0.5, offset=0.1)
    steps = list(
        sample_steps(
            model,
            **SIZES,
            method=NoDiffusion(steps=2, grow=((8, 6),), grow_steps=3, grow_share=0.4),
            generator=torch.Generator().manual_seed(3),
            precision="float32",
        )
    )
    draws = torch.Generator().manual_seed(3)

    def noise(size: tuple[int, int]) -> Tensor:
        return draw_normal((3, 2, *size), mean=0.7, std=0.2, generator=draws, like=torch.empty(0))

    x_hat = 0.5 * noise((4, 6)) + 0.1
    x_hat = 0.5 * (0.5 * x_hat + 0.5 * noise((4, 6))) + 0.1
    torch.testing.assert_close(steps[1], x_hat)
    a = 0.4 * enlarged(x_hat, (8, 6)) + 0.6 * noise((8, 6))
    # c = 0.6, 0.8, 1: the last share mixes nothing in, and nothing follows it.
    for step, share in ((2, 0.6), (3, 0.8), (4, 1)):
        x_hat = 0.5 * a + 0.1
        torch.testing.assert_close(steps[step], x_hat)
        a = share * x_hat + (1 - share) * noise((8, 6))
    assert len(steps) == 5


def test_growing_changes_nothing_of_what_comes_before() -> None:
    model = built(CONFIGS["unet-batch"])
    plain = list(sample_steps(model, count=3, shape=(3, 8, 12), method=NoDiffusion(steps=2)))
    growing = NoDiffusion(steps=2, grow=((16, 24),), grow_steps=1)
    grown = list(sample_steps(model, count=3, shape=(3, 8, 12), method=growing))
    assert all(torch.equal(one, other) for one, other in zip(plain, grown, strict=False))
    assert grown[-1].shape == (3, 3, 16, 24)
    assert len(grown) == 3


def test_sizes_that_cannot_be_grown_to_are_refused_before_the_first_step() -> None:
    model = built(CONFIGS["unet-none"])
    for size in ((8, 12), (8, 8), (4, 24)):
        with pytest.raises(ArgumentError, match=r"^each size to grow to must be larger than the one before, got 8x12 "):
            sample_steps(model, count=1, shape=(3, 8, 12), method=NoDiffusion(grow=(size,)))
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 4, got 18x24"):
        sample_steps(model, count=1, shape=(3, 8, 12), method=NoDiffusion(grow=((18, 24),)))
    with pytest.raises(ArgumentError, match=r"^grow_share must lie in \[0, 1\], got 1.5$"):
        NoDiffusion(grow_share=1.5)
    with pytest.raises(ArgumentError, match=r"^grow_steps must be at least 1, got 0$"):
        NoDiffusion(grow_steps=0)
    with pytest.raises(ArgumentError, match=r"^grow_steps must come with sizes to grow to, got 3 and none; give grow "):
        NoDiffusion(grow_steps=3)
    for name in ("unet-hidden", "mlp"):
        with pytest.raises(
            ShapeError, match=r"^samples grow only in a model that takes images of many sizes, and this"
        ):
            sample_steps(built(CONFIGS[name]), count=1, shape=(3, 8, 12), method=NoDiffusion(grow=((16, 24),)))
