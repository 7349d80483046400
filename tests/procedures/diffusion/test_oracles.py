"""Our samplers beside those of azula and diffusers, where these are installed: development only.

Each is given the same denoiser, start, noise levels and noise. Of diffusers the levels themselves are set, since what
`set_timesteps` is given may be passed over (its issue 14013).
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from copyist.procedures.diffusion import State, ancestral, dpm_solver, euler, heun, stochastic_edm
from copyist.schedules import exploding_levels, straight_levels

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

LEVELS = exploding_levels(18, largest=80.0, smallest=0.002)
STRAIGHT = straight_levels(12, largest=50.0)


def denoise(x: Tensor, sigma: float) -> Tensor:
    """E[x₀ | x₀ + σ·ε] of a mixture of two Gaussians in every value."""
    total = 0.3**2 + sigma**2
    logs = torch.stack([math.log(w) - (x - m) ** 2 / (2 * total) for w, m in ((0.3, -0.8), (0.7, 0.5))])
    parts = torch.stack([m + 0.09 / total * (x - m) for m in (-0.8, 0.5)])
    return (logs.softmax(0) * parts).sum(0)


def start(sigma: float) -> Tensor:
    return sigma * torch.randn(64, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def same_noise() -> tuple[torch.Generator, Callable[[Tensor], Tensor]]:
    """A generator for them, and draws of the same values for us."""
    ours = torch.Generator().manual_seed(7)
    return torch.Generator().manual_seed(7), lambda x: torch.randn(x.shape, generator=ours, dtype=x.dtype)


def last(states: Iterator[State]) -> Tensor:
    *_, state = states
    return state.x


def agree(ours: Tensor, theirs: Tensor, *, within: float) -> None:
    torch.testing.assert_close(ours, theirs.to(ours.dtype), rtol=0, atol=within)


FLOAT32 = 1e-6
"""Where theirs computes a part in float32."""


def set_levels(scheduler: Any, levels: tuple[float, ...], *, doubled: bool = False) -> None:
    sigmas = torch.tensor(levels, dtype=torch.float64)
    if doubled:
        sigmas = torch.cat([sigmas[:1], sigmas[1:-1].repeat_interleave(2), sigmas[-1:]])
    scheduler.sigmas = sigmas
    scheduler.timesteps = torch.arange(len(sigmas) - 1, dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "solver"), [("EDMEulerScheduler", euler), ("EDMDPMSolverMultistepScheduler", dpm_solver)]
)
def test_diffusers_edm_schedulers(name: str, solver: Any) -> None:
    diffusers = pytest.importorskip("diffusers")
    scheduler = getattr(diffusers, name)(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
    scheduler.set_timesteps(18)
    torch.testing.assert_close(scheduler.sigmas, torch.tensor(LEVELS), rtol=1e-5, atol=0)
    set_levels(scheduler, LEVELS)
    x = start(80.0)
    ours = last(solver(denoise, x, LEVELS))
    for t, sigma in zip(scheduler.timesteps, LEVELS, strict=False):
        scheduler.is_scale_input_called = True
        kept, made = 0.25 / (sigma**2 + 0.25), sigma * 0.5 / math.sqrt(sigma**2 + 0.25)
        x = scheduler.step((denoise(x, sigma) - kept * x) / made, t, x).prev_sample
    agree(ours, x, within=FLOAT32)


def test_diffusers_heun() -> None:
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.HeunDiscreteScheduler()
    scheduler.set_timesteps(18)
    set_levels(scheduler, LEVELS, doubled=True)
    scheduler.timesteps = scheduler.sigmas[:-1]
    scheduler._step_index = 0
    x = start(80.0)
    ours = last(heun(denoise, x, LEVELS))
    # Every level but the first is asked twice: at the end of a step, and at the beginning of the next.
    for sigma in scheduler.sigmas[:-1].tolist():
        x = scheduler.step((x - denoise(x, sigma)) / sigma, sigma, x).prev_sample
    agree(ours, x, within=1e-9)


def test_diffusers_heun_on_the_straight_path() -> None:
    diffusers = pytest.importorskip("diffusers")
    times = tuple(sigma / (1 + sigma) for sigma in STRAIGHT)
    scheduler = diffusers.FlowMatchHeunDiscreteScheduler()
    scheduler.set_timesteps(12)
    set_levels(scheduler, times, doubled=True)
    scheduler._step_index = 0
    x = start(STRAIGHT[0])
    ours = last(heun(denoise, x, STRAIGHT, path="straight"))
    z = (1 - times[0]) * x
    for time in scheduler.sigmas[:-1].tolist():
        velocity = (z - denoise(z / (1 - time), time / (1 - time))) / time
        z = scheduler.step(velocity, torch.tensor(time), z).prev_sample
    agree(ours, z, within=FLOAT32)


def test_diffusers_ancestral() -> None:
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.EulerAncestralDiscreteScheduler()
    scheduler.set_timesteps(18)
    set_levels(scheduler, LEVELS)
    scheduler._step_index = 0
    theirs, noise = same_noise()
    x = start(80.0)
    ours = last(ancestral(denoise, x, LEVELS, noise=noise))
    for t, sigma in zip(scheduler.timesteps, LEVELS, strict=False):
        scheduler.is_scale_input_called = True
        x = scheduler.step((x - denoise(x, sigma)) / sigma, t, x, generator=theirs).prev_sample.double()
    agree(ours, x, within=FLOAT32)


@pytest.mark.parametrize("eta", [None, 0.6])
def test_diffusers_ddpm_and_ddim_in_their_own_variables(eta: float | None) -> None:
    diffusers = pytest.importorskip("diffusers")
    settings = {"prediction_type": "sample", "clip_sample": False, "timestep_spacing": "trailing"}
    scheduler = diffusers.DDPMScheduler(**settings) if eta is None else diffusers.DDIMScheduler(**settings)
    scheduler.set_timesteps(20)
    alphas = [float(scheduler.alphas_cumprod[t]) for t in scheduler.timesteps]
    # Without noise at the end, as `alphas_cumprod` has it before its first.
    levels = (*(math.sqrt((1 - alpha) / alpha) for alpha in alphas), 0.0)
    theirs, noise = same_noise()
    x = start(levels[0])
    ours = last(ancestral(denoise, x, levels, noise=noise, eta=1.0 if eta is None else eta))
    y = math.sqrt(alphas[0]) * x
    more = {} if eta is None else {"eta": eta}
    scheduler.final_alpha_cumprod = torch.tensor(1.0)
    for t, alpha, sigma in zip(scheduler.timesteps, alphas, levels, strict=False):
        y = scheduler.step(denoise(y / math.sqrt(alpha), sigma), t, y, generator=theirs, **more).prev_sample
    agree(ours, y, within=FLOAT32)


def test_diffusers_stochastic_edm() -> None:
    deprecated = pytest.importorskip("diffusers.schedulers.deprecated.scheduling_karras_ve")
    scheduler = deprecated.KarrasVeScheduler(s_churn=5.0, s_min=0.05, s_max=50.0, s_noise=1.003)
    scheduler.set_timesteps(18)
    theirs, noise = same_noise()
    drawn: dict[str, Any] = {"churn": 5.0 / 18, "between": (0.05, 50.0), "inflation": 1.003}

    def rounded(x: Tensor) -> Tensor:
        # Theirs draws in float32, for every step.
        return noise(x.float()).double()

    x = start(80.0)
    states = stochastic_edm(denoise, x, LEVELS, noise=rounded, **drawn)
    ours = last(states)
    for sigma, following in pairwise(LEVELS):
        if 0.05 <= sigma <= 50:
            raised, level = scheduler.add_noise_to_input(x, sigma, generator=theirs)
        else:
            raised, level = x, sigma
        output = (denoise(raised, level) - raised) / level
        found = scheduler.step(output, level, following, raised)
        x = found.prev_sample
        if following > 0:
            again = (denoise(x, following) - x) / following
            x = scheduler.step_correct(again, level, following, raised, x, found.derivative).prev_sample
    agree(ours, x, within=FLOAT32)


def azula_sampler(name: str, *, start: float, stop: float, steps: int, straight: bool = False, **more: Any) -> Any:
    samplers = pytest.importorskip("azula.sample")
    denoisers = pytest.importorskip("azula.denoise")
    schedule: Any = pytest.importorskip("azula.noise").Schedule
    denoiser: Any = denoisers.Denoiser

    class Levels(schedule):
        """Time is the noise level itself, or that of the straight path."""

        def __call__(self, t: Tensor) -> tuple[Tensor, Tensor]:
            return (1 - t, t) if straight else (torch.ones_like(t), t)

    class Ours(denoiser):
        def __init__(self) -> None:
            super().__init__()
            self.schedule = Levels()

        def forward(self, x_t: Tensor, t: Tensor) -> Any:
            alpha, sigma = self.schedule(t)
            return denoisers.DiracPosterior(mean=denoise(x_t / alpha, float(sigma / alpha)))

    kinds = {"ddim": "DDIMSampler", "euler": "EulerSampler", "heun": "HeunSampler", "eab": "xEABSampler"}
    return getattr(samplers, kinds[name])(
        Ours(), start=start, stop=stop, steps=steps, silent=True, dtype=torch.float64, **more
    )


def even(steps: int, *, start: float = 3.0, stop: float = 0.1) -> list[float]:
    return torch.linspace(start, stop, steps + 1, dtype=torch.float64).tolist()


@pytest.mark.parametrize(("name", "solver"), [("euler", euler), ("heun", heun)])
def test_azula_flow(name: str, solver: Any) -> None:
    sampler = azula_sampler(name, start=3.0, stop=0.1, steps=15)
    agree(last(solver(denoise, start(3.0), even(15))), sampler(start(3.0)), within=1e-12)


def test_azula_euler_on_the_straight_path() -> None:
    times = even(15, start=0.95, stop=0.05)
    sampler = azula_sampler("euler", start=0.95, stop=0.05, steps=15, straight=True)
    levels = [time / (1 - time) for time in times]
    ours = last(euler(denoise, start(levels[0]), levels))
    agree(ours, sampler(start(levels[0]) * (1 - times[0])) / (1 - times[-1]), within=1e-12)


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_azula_ddim(eta: float) -> None:
    # Its share is one of variance, the paper's and ours one of deviation.
    sampler = azula_sampler("ddim", start=3.0, stop=0.1, steps=15, eta=eta**2)
    _, noise = same_noise()
    torch.manual_seed(7)
    theirs = sampler(start(3.0))
    if eta == 0:
        noise = torch.zeros_like
    agree(last(ancestral(denoise, start(3.0), even(15), noise=noise, eta=eta)), theirs, within=1e-12)


def test_azula_exponential_multistep_is_dpm_solver_to_third_order_in_a_step() -> None:
    # Its integral of the extrapolated estimate is exact, where DPM-Solver++(2M) takes the middle.
    apart = []
    for steps in (100, 200):
        sampler = azula_sampler("eab", start=3.0, stop=0.3, steps=steps, order=2)
        ours = last(dpm_solver(denoise, start(3.0), even(steps, stop=0.3)))
        apart.append(float((ours - sampler(start(3.0))).abs().max()))
    assert apart[1] < 1e-3
    assert math.log2(apart[0] / apart[1]) == pytest.approx(2, abs=0.3)
