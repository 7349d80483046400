"""All controls at once: each is fitted, named, and set on training images alone."""

import torch

from copyist.baselines.controls import CONTROLS, ControlFitter
from copyist.baselines.filters import Filter
from copyist.corruption import GaussianNoise, Shift
from copyist.metrics.distortion import distance


def waves(count: int, seed: int) -> torch.Tensor:
    phase = 6.28 * torch.rand(count, 2, 1, 1, generator=torch.Generator().manual_seed(seed))
    return (0.5 + 0.4 * torch.sin(torch.arange(12) / 3 + phase)).expand(count, 2, 9, 12).contiguous()


def run(candidate: Filter, x: torch.Tensor) -> torch.Tensor:
    return candidate(x)


def test_every_control_is_there_in_the_stated_order() -> None:
    filters = ControlFitter(waves(8, 0), run=run).fit(GaussianNoise(0.2), generator=torch.Generator().manual_seed(1))
    assert tuple(filters) == CONTROLS


def test_filters_learn_their_settings_from_the_corruption() -> None:
    fitter = ControlFitter(waves(20, 0), run=run)
    noise, shift = GaussianNoise(0.3), Shift(0.5)
    noisy_settings, shifted_settings = (
        fitter.fit(corruption, generator=torch.Generator().manual_seed(1)) for corruption in (noise, shift)
    )
    assert shifted_settings["median"].setting == "1 px"
    assert noisy_settings["median"].setting != "1 px"
    assert shifted_settings["matched blur"].setting == "0 px, contrast 1"
    x = waves(30, 5)
    x_tilde = noise(x, generator=torch.Generator().manual_seed(2))
    for name in ("matched blur", "median", "total variation", "linear"):
        assert distance(noisy_settings[name](x_tilde), x).mean() < 0.7 * distance(x_tilde, x).mean()


def test_the_same_training_images_give_the_same_controls() -> None:
    x_tilde = waves(4, 3)
    answers = [
        ControlFitter(waves(9, 0), run=run).fit(GaussianNoise(0.2), generator=torch.Generator().manual_seed(1))
        for _ in range(2)
    ]
    for name in CONTROLS:
        assert torch.equal(answers[0][name](x_tilde), answers[1][name](x_tilde))
