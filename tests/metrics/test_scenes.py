"""The rules of scenes: real ones keep them, and pictures in which one was broken on purpose do not."""

from typing import Literal

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from copyist.data.synthetic import SceneFactors, draw_scenes, scene_factors
from copyist.errors import ShapeError
from copyist.metrics.scenes import scene_rules

SIDES = pytest.mark.parametrize("side", [32, 64])
COUNT = 200
FACTORS = scene_factors(COUNT, split="test")


def scenes(side: int, factors: SceneFactors = FACTORS) -> torch.Tensor:
    return torch.from_numpy(draw_scenes(factors, size=(side, side))).float() / 255


def g() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def share(x: torch.Tensor) -> float:
    return scene_rules(x).coherent.float().mean().item()


def blurred(x: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.from_numpy(gaussian_filter(x.numpy(), (0, 0, sigma, sigma)))


def shuffled(x: torch.Tensor) -> torch.Tensor:
    """Each image's 4 × 4 tiles in another order."""
    side = x.shape[-1] // 4
    tiles = [tile for row in x.split(side, 2) for tile in row.split(side, 3)]
    orders = [torch.randperm(16, generator=g().manual_seed(b)) for b in range(len(x))]
    mixed = torch.stack([torch.stack([tiles[i][b] for i in order]) for b, order in enumerate(orders)])  # (B, 16, …)
    rows = [torch.cat(list(mixed[:, 4 * i : 4 * i + 4].unbind(1)), 3) for i in range(4)]
    return torch.cat(rows, 2)


def disk(side: int, *, times: float) -> torch.Tensor:
    """Where each scene's sun stands, its radius multiplied, (B, 1, H, W)."""
    place = (np.arange(side) + 0.5) / side
    across = place[None, None, :] - FACTORS.sun_x[:, None, None]
    down = place[None, :, None] - FACTORS.sun_y[:, None, None]
    return torch.from_numpy(np.hypot(across, down) < times * FACTORS.sun_radius[:, None, None])[:, None]


@pytest.mark.slow
@SIDES
@pytest.mark.parametrize("split", ["train", "test"])
def test_real_scenes_keep_all_rules(side: int, split: Literal["train", "test"]) -> None:
    assert share(scenes(side, scene_factors(1000, split=split))) >= 0.99


@SIDES
def test_soft_and_noisy_copies_of_scenes_mostly_keep_them(side: int) -> None:
    x = blurred(scenes(side), 0.7)
    assert share(x + 0.03 * torch.randn(x.shape, generator=g())) >= 0.9


@SIDES
def test_shuffled_patches_keep_neither_the_horizon_nor_the_sun(side: int) -> None:
    x = shuffled(scenes(side))
    assert share(x) <= 0.01
    assert scene_rules(x).order.mean() < 0.6


@SIDES
def test_scenes_upside_down_have_no_sky_above_land(side: int) -> None:
    rules = scene_rules(scenes(side).flip(2))
    assert not rules.coherent.any()
    assert not rules.sky_above_land.any()


@SIDES
def test_gray_noise_and_the_mean_image_are_no_scenes(side: int) -> None:
    x = scenes(side)
    gray = scene_rules(torch.full_like(x, 0.5))
    noise = scene_rules(torch.rand(x.shape, generator=g()))
    for rules in (gray, noise):
        assert not rules.not_gray.any()
        assert not rules.coherent.any()
        assert rules.score.tolist() == [0.0] * len(x)
    assert not scene_rules(x.mean(0, keepdim=True)).coherent.any()


@SIDES
def test_a_scene_without_its_sun_breaks_that_rule_alone(side: int) -> None:
    x = scenes(side)
    column = torch.from_numpy(np.where(FACTORS.sun_x > 0.5, 0.08, 0.92) * side).long()
    far = x[torch.arange(COUNT), :, :, column][..., None]  # (B, 3, H, 1), the sky at the side without the sun
    above = torch.arange(side)[None] < torch.from_numpy((FACTORS.horizon - FACTORS.hill_height - 0.02) * side)[:, None]
    rules = scene_rules(torch.where(disk(side, times=3.5) & above[:, None, :, None], far, x))
    assert rules.one_sun.float().mean() <= 0.01
    assert rules.one_horizon.float().mean() >= 0.98
    assert rules.num_suns.float().mean() < 0.1


@SIDES
def test_a_scene_with_two_suns_breaks_the_rule_of_one(side: int) -> None:
    x, sun = scenes(side), disk(side, times=1.3)
    turn = [int(0.4 * side) if at < 0.5 else -int(0.4 * side) for at in FACTORS.sun_x]
    two = [torch.where(s.roll(t, 2), e.roll(t, 2), e) for e, s, t in zip(x, sun, turn, strict=True)]
    rules = scene_rules(torch.stack(two))
    assert rules.coherent.float().mean() <= 0.02
    assert rules.num_suns.median() == 2


def test_graded_scores_fall_from_real_to_blurred_to_shuffled_scenes() -> None:
    x = scenes(32)
    real, soft, mixed = (scene_rules(each).score.mean().item() for each in (x, blurred(x, 4.0), shuffled(x)))
    assert 1 >= real > 0.95 > soft > mixed > 0


def test_an_image_is_judged_alone() -> None:
    x = scenes(32)[:9]
    together = scene_rules(x)
    for i in range(9):
        alone = scene_rules(x[i : i + 1])
        assert alone.coherent[0] == together.coherent[i]
        torch.testing.assert_close(alone.score[0], together.score[i])


def test_gray_channels_and_tiny_images_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"scenes must have shape \(B, 3, H, W\)"):
        scene_rules(torch.rand(2, 1, 32, 32))
    with pytest.raises(ShapeError, match="sides at least 16"):
        scene_rules(torch.rand(2, 3, 8, 32))
