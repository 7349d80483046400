"""Diagnostics of walks whose every step was put there by hand."""

import pytest
import torch

from copyist.baselines.principal_axes import PCAFeatures
from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.walkers import effective_samples, net_displacement, walk_diagnostics


def draw(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, 4, 5, generator=torch.Generator().manual_seed(seed))


STARTS, DATA, HELD_OUT = draw(6, 0), draw(20, 1), draw(15, 2)
FEATURES = PCAFeatures.fit(DATA, dimensions=4)


def judge(frames: torch.Tensor, copies: torch.Tensor = STARTS):
    return walk_diagnostics(frames, copies=copies, data=DATA, held_out=HELD_OUT, features=FEATURES)


def test_a_walk_that_stands_still_is_a_fixed_point_and_one_sample() -> None:
    found = judge(STARTS.expand(9, *STARTS.shape))
    assert found.fixed_point.all()
    assert found.cycle.tolist() == [0] * 6
    assert found.displacement.tolist() == found.motion.tolist() == [0.0] * 6
    assert not found.walked.any()
    assert found.changes.tolist() == [0] * 6
    assert found.effective.tolist() == [1.0] * 6


@pytest.mark.parametrize("period", [2, 3, 8])
def test_a_walk_that_repeats_has_its_period(period: int) -> None:
    states = torch.stack([draw(6, 10 + i) for i in range(period)])
    found = judge(states.repeat(4, 1, 1, 1, 1))
    assert found.cycle.tolist() == [period] * 6
    assert not found.fixed_point.any()


def test_images_walk_beyond_half_the_median_distance_of_copies() -> None:
    pairs = [float((a - b).norm()) for i, a in enumerate(STARTS) for b in STARTS[:i]]
    half = sorted(pairs)[7] / 2  # the middle of 15 pairs
    direction = torch.ones(3, 4, 5) / 60**0.5
    reach = torch.tensor([0.9, 1.1, 0.0, 1.5, 0.99, 2.0]).view(6, 1, 1, 1) * half
    found = judge(torch.stack([STARTS, STARTS + reach * direction]))
    assert found.threshold == pytest.approx(half, rel=1e-5)
    assert found.walked.tolist() == [False, True, False, True, False, True]
    torch.testing.assert_close(found.displacement, reach.flatten())
    # Clopper & Pearson for 3 of 6, from their tables.
    assert (found.share.mean, found.share.low, found.share.high) == pytest.approx((0.5, 0.118, 0.882), abs=1e-3)


def test_a_walk_through_training_images_passes_each_at_no_distance() -> None:
    steps = torch.stack([DATA[[i, i + 1]] for i in range(8)])
    found = judge(steps, STARTS[:2])
    assert found.passed.index[:, 1].tolist() == list(range(1, 9))
    assert found.changes.tolist() == [7, 7]
    assert found.nearness == 0.0


def test_mirrored_training_images_are_passed_where_they_count() -> None:
    steps = torch.stack([DATA[[i, i + 1]].flip(-1) for i in range(8)])
    found = walk_diagnostics(steps, copies=STARTS[:2], data=DATA, held_out=HELD_OUT, features=FEATURES, flipped=True)
    assert found.passed.index[:, 1].tolist() == list(range(1, 9))
    assert found.nearness == 0.0
    assert judge(steps, STARTS[:2]).nearness > 0.0


def test_unseen_images_are_as_near_as_unseen_images() -> None:
    assert judge(torch.stack([STARTS, *draw(60, 3).split(6)])).nearness == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_an_autoregressive_chain_has_as_many_samples_as_on_paper(rho: float) -> None:
    steps, chains = 4000, 40
    noise = torch.randn(steps, chains, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = [noise[0] / (1 - rho**2) ** 0.5]
    for each in noise[1:]:
        x.append(rho * x[-1] + each)
    found = effective_samples(torch.stack(x)).median().item()
    assert found == pytest.approx(steps * (1 - rho) / (1 + rho), rel=0.1)


def test_walks_without_steps_and_lone_images_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"frames must have shape \(T \+ 1, B, C, H, W\)"):
        judge(STARTS[None])
    with pytest.raises(ArgumentError, match="at least 2 images, got 1"):
        judge(STARTS[None, :1].repeat(3, 1, 1, 1, 1), STARTS[:1])
    with pytest.raises(ArgumentError, match="median distance between copies must be greater than 0"):
        judge(STARTS.expand(3, *STARTS.shape), STARTS[:1].expand_as(STARTS))
    with pytest.raises(ShapeError, match=r"a chain must have shape \(T, K\)"):
        effective_samples(torch.rand(5))


def test_a_steady_motion_comes_as_far_as_its_steps_and_noise_in_place_no_farther_than_itself() -> None:
    steady = torch.arange(11.0).view(11, 1, 1, 1, 1).expand(11, 2, 3, 1, 1)
    assert net_displacement(steady, window=5).tolist() == [[pytest.approx(5 * 3**0.5)] * 2] * 2
    # The steps before the first whole window are left out.
    assert net_displacement(steady, window=4)[:, 0].tolist() == pytest.approx([4 * 3**0.5] * 2)
    fresh = torch.randn(301, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert net_displacement(fresh).mean() == pytest.approx((2 * 192) ** 0.5, rel=0.02)
    assert net_displacement(torch.zeros(51, 2, 3, 4, 5)).tolist() == [[0.0, 0.0]]


def test_a_random_walk_comes_as_far_as_the_root_of_its_steps() -> None:
    steps = torch.randn(300, 8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    frames = torch.cat([torch.zeros(1, 8, 3, 8, 8), steps.cumsum(0)])
    found = net_displacement(frames, window=50)
    assert found.shape == (6, 8)
    assert found.mean() == pytest.approx((50 * 192) ** 0.5, rel=0.02)


def test_windows_longer_than_a_walk_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at most the walk's 3 steps, got 50"):
        net_displacement(torch.zeros(4, 2, 3, 4, 5))
    with pytest.raises(ShapeError, match="frames must have shape"):
        net_displacement(torch.zeros(4, 2))
