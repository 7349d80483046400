"""Structured damage: what it leaves alone, how much of an image it takes, and that it can be undone nowhere else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from copyist.corruption import Structured
from copyist.corruption.regions import draw_regions, smooth_fields
from copyist.errors import ArgumentError, ShapeError


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(batch: int, channels: int, height: int, width: int, *, seed: int = 99) -> Tensor:
    return torch.rand(batch, channels, height, width, generator=g(seed))


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 6),
    channels=st.integers(1, 4),
    height=st.integers(8, 45),
    width=st.integers(8, 45),
    most=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_outside_its_regions_an_image_stays_bit_for_bit(
    batch: int, channels: int, height: int, width: int, most: int, seed: int
) -> None:
    x = images(batch, channels, height, width)
    x_tilde, touched = Structured(most=most).damage(x, generator=g(seed))
    assert touched.shape == (batch, 1, height, width)
    assert x_tilde.shape == x.shape
    assert bool(((touched >= 0) & (touched <= 1)).all())
    outside = (touched == 0).expand_as(x)
    assert torch.equal(x_tilde[outside], x[outside])
    assert bool(x_tilde.isfinite().all())


def test_the_call_gives_the_damaged_images_alone() -> None:
    x = images(5, 3, 24, 30)
    assert torch.equal(Structured()(x, generator=g(4)), Structured().damage(x, generator=g(4))[0])


def test_its_share_of_the_images_is_damaged_and_the_rest_is_untouched() -> None:
    x = images(600, 1, 16, 16)
    for share in (0.25, 1.0):
        x_tilde, touched = Structured(most=3, share=share).damage(x, generator=g(1))
        changed = (x_tilde != x).flatten(1).any(1)
        in_region = (touched > 0).flatten(1).any(1)
        # A region may be smaller than a pixel, and a patch of a gray image may equal what it covers.
        assert share - 0.1 < float(in_region.float().mean()) <= share + 0.06
        assert not bool((changed & ~in_region).any())


def test_more_regions_take_more_of_an_image() -> None:
    x = images(300, 1, 32, 32)
    taken = [float((Structured(most=m, share=1.0).damage(x, generator=g(2))[1] > 0).float().mean()) for m in (1, 3, 6)]
    assert taken[0] < taken[1] < taken[2] < 0.6


def test_regions_lie_anywhere_and_each_is_a_part_of_the_image() -> None:
    regions = draw_regions(3000, (24, 36), generator=g(), like=torch.zeros(1))
    assert regions.shape == (3000, 1, 24, 36)
    covered = (regions > 0.5).float()
    # Each position of the image is reached about as often as its mirror images.
    frequency = covered.mean(0)[0]
    assert float(frequency.min()) > 0
    for mirrored in (frequency.flip(0), frequency.flip(1)):
        assert float((frequency - mirrored).abs().mean()) < 0.2 * float(frequency.mean())
    assert 0.005 < float(covered.mean()) < 0.2
    assert float((covered.flatten(1).mean(1) > 0.6).float().mean()) < 0.02


def test_some_regions_have_sharp_borders_and_some_soft_ones() -> None:
    regions = draw_regions(400, (40, 40), generator=g(), like=torch.zeros(1))
    soft = ((regions > 0) & (regions < 1)).flatten(1).any(1)
    assert 0.35 < float(soft.float().mean()) < 0.6


def test_smooth_fields_are_centered_and_differ() -> None:
    fields = smooth_fields(500, (20, 28), generator=g(), like=torch.zeros(1))
    assert fields.shape == (500, 20, 28)
    assert abs(float(fields.mean())) < 0.05
    steps = (fields[:, :, 1:] - fields[:, :, :-1]).abs().mean()
    assert float(steps) < 0.5 * float(fields.std())
    assert len(fields.flatten(1).std(1).unique()) == 500


def test_a_patch_may_come_from_another_image_of_the_batch() -> None:
    dark, bright = torch.full((150, 1, 16, 16), 0.25), torch.full((150, 1, 16, 16), 0.75)
    x_tilde, _ = Structured(most=1, share=1.0).damage(torch.cat([dark, bright]), generator=g(5))
    assert bool((x_tilde[:150] == 0.75).any())
    assert bool((x_tilde[150:] == 0.25).any())


def test_settings_and_images_that_allow_no_damage_are_refused() -> None:
    with pytest.raises(ArgumentError, match="most must be a whole number of at least 1, got 0"):
        Structured(most=0)
    with pytest.raises(ArgumentError, match=r"share must lie in \[0, 1\], got 1.5"):
        Structured(share=1.5)
    with pytest.raises(ShapeError, match="at least 8 pixels along a side, got 7x20"):
        Structured()(images(1, 1, 7, 20), generator=g())
    with pytest.raises(ShapeError, match="got a table of shape"):
        Structured()(torch.rand(3, 5), generator=g())
