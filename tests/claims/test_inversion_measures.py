"""What inversions are worth in numbers, where the answers are known."""

import pytest
import torch

from copyist.claims.measures.inversion_measures import (
    Known,
    copied_and_inverted,
    known,
    missed_by_all,
    noise_share,
    rms,
)
from copyist.claims.trial import Trial
from copyist.tensors import Images

from .known import Affine


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def inverted(from_noise: Images, from_constant: Images) -> Known:
    """Inversions of which only the images are known."""
    kept = torch.ones(len(from_noise), dtype=torch.bool)
    numbers = dict.fromkeys(("noise", "missed", "disagreement", "apart", "sharpness", "converged"), 0.0)
    return Known(**numbers, kept=kept, from_noise=from_noise, from_constant=from_constant)


@pytest.mark.parametrize("sigma", [0.01, 0.5])
def test_white_noise_is_all_noise_whatever_its_size(sigma: float) -> None:
    assert noise_share(0.7 + sigma * torch.randn(8, 3, 40, 48, generator=g())) == pytest.approx(1.0, abs=0.03)


def test_a_ramp_holds_no_noise() -> None:
    assert noise_share(torch.linspace(0, 1, 48).expand(2, 3, 40, 48)) == pytest.approx(0.0, abs=1e-5)


def test_noise_on_a_signal_of_the_same_spread_is_a_share_of_one_over_root_two() -> None:
    ramp = torch.linspace(-1, 1, 48).expand(8, 3, 40, 48)
    x = ramp + ramp.std() * torch.randn(ramp.shape, generator=g())
    assert noise_share(x) == pytest.approx(0.5**0.5, abs=0.03)


def test_inversions_that_differ_in_brightness_and_contrast_alone_miss_nothing() -> None:
    x = torch.rand(4, 3, 6, 7, generator=g())
    assert missed_by_all(inverted(0.5 * x + 0.2, 0.5 * x - 0.1), x) == pytest.approx(0.0, abs=1e-6)


def test_inversions_that_know_nothing_miss_the_images_whole_spread() -> None:
    x = torch.rand(4, 3, 6, 7, generator=g())
    gray = torch.full_like(x, 0.5)
    spread = float(x.var((2, 3), correction=0).mean().sqrt())
    assert missed_by_all(inverted(gray, gray), x) == pytest.approx(spread)


def test_all_count_whether_they_converged_or_not() -> None:
    x = torch.rand(2, 1, 6, 7, generator=g())
    half = torch.cat((x[:1], torch.zeros_like(x[:1])))
    spread = float(x[1].var(correction=0)) ** 0.5
    assert missed_by_all(inverted(half, half), x) == pytest.approx(spread / 2**0.5)


def test_the_root_mean_square_of_three_and_four() -> None:
    assert rms(torch.tensor([3.0, -4.0])) == pytest.approx(12.5**0.5)


def test_a_map_that_loses_nothing_is_inverted_from_any_start(trial: Trial) -> None:
    x = torch.rand(4, 3, 8, 10, generator=g())
    found = known(Affine(scale=0.5, shift=0.1), x, trial)
    assert found.converged == 1.0
    assert max(found.missed, found.apart, found.disagreement) < 0.01
    assert found.sharpness == pytest.approx(1.0, abs=0.01)
    torch.testing.assert_close(found.from_constant, x, rtol=0, atol=0.01)


def test_where_nothing_converged_there_are_no_numbers(trial: Trial) -> None:
    x = torch.rand(4, 3, 8, 10, generator=g())
    found = known(Affine(scale=float("inf")), x, trial)
    assert found.converged == 0.0
    assert found.missed != found.missed


def test_of_many_images_eight_are_shown_beside_their_copies() -> None:
    x = torch.rand(11, 3, 6, 7, generator=g())
    shown = copied_and_inverted(Affine(scale=2.0), inverted(x + 1, x + 2), x, x + 3, x + 4, caption="Copies.")
    assert shown.caption == "Copies."
    assert {len(images) for images in shown.rows.values()} == {8}
    assert torch.equal(shown.rows["copy of the blended"], 2 * (x + 4)[:8])
    assert torch.equal(shown.rows["inverted, from gray"], (x + 2)[:8])
