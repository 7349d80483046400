"""Sampling on models whose answers are known on paper."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, built
from copyist.corruption import Blur
from copyist.devices import Precision
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import MLPConfig, Reconstructor
from copyist.procedures import (
    METHODS,
    SCHEDULES,
    NoDiffusion,
    Walkback,
    named_method,
    sample,
    sample_steps,
    sampling_plan,
)
from copyist.randomness import draw_normal

SHAPE = (2, 3, 5)


class Known(Reconstructor):
    """scale · x + offset, with no weights at all."""

    def __init__(self, *, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None:
        assert tuple(x.shape[1:]) == SHAPE

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.offset


IDENTITY = Known(scale=1, offset=0)
CONSTANT = Known(scale=0, offset=0.25)


def draws(seed: int, count: int, times: int, *, mean: float = 0.7, std: float = 0.2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    like = torch.empty(0)
    return [draw_normal((count, *SHAPE), mean=mean, std=std, generator=generator, like=like) for _ in range(times)]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_model_that_answers_a_constant_samples_it() -> None:
    x = sample(CONSTANT, count=4, shape=SHAPE, method=NoDiffusion(steps=5))
    assert torch.equal(x, torch.full((4, *SHAPE), 0.25))


def test_one_step_is_a_copy_of_noise() -> None:
    x = sample(IDENTITY, count=4, shape=SHAPE, method=NoDiffusion(steps=1, mean=0.3, std=0.1), generator=seeded(7))
    assert torch.equal(x, draws(7, 4, 1, mean=0.3, std=0.1)[0])


def test_the_identity_samples_a_known_mixture_of_the_noises() -> None:
    # c = ¼, ½, ¾, 1: the last answer is ¾(½(¼a₀ + ¾ε₁) + ½ε₂) + ¼ε₃.
    x = sample(IDENTITY, count=3, shape=SHAPE, method=NoDiffusion(steps=4), generator=seeded(2), precision="float32")
    a, e1, e2, e3 = draws(2, 3, 4)
    torch.testing.assert_close(x, 3 / 32 * a + 9 / 32 * e1 + 3 / 8 * e2 + 1 / 4 * e3)


def test_an_affine_model_mixes_by_the_schedule_it_is_given() -> None:
    model, schedule = Known(scale=0.5, offset=0.1), (0.9, 0.2, 0.6)
    method = NoDiffusion(steps=3, schedule=schedule)
    steps = list(sample_steps(model, count=3, shape=SHAPE, method=method, generator=seeded(4)))
    a, *noises = draws(4, 3, 4)
    for x_hat, share, noise in zip(steps, schedule, noises, strict=True):
        torch.testing.assert_close(x_hat, 0.5 * a + 0.1)
        a = share * x_hat + (1 - share) * noise
    assert torch.equal(sample(model, count=3, shape=SHAPE, method=method, generator=seeded(4)), steps[-1])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_may_be_given(name: str) -> None:
    x = sample(IDENTITY, count=2, shape=SHAPE, method=NoDiffusion(steps=5, schedule=SCHEDULES[name](5), std=0))
    torch.testing.assert_close(x, torch.full((2, *SHAPE), 0.7))
    assert NoDiffusion(steps=5, schedule=name).shares == SCHEDULES[name](5)


def test_a_schedule_that_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"^there is no schedule 'cosin'; did you mean 'cosine'\?$"):
        NoDiffusion(schedule="cosin")


def test_a_method_is_found_by_its_name_and_changed_by_texts() -> None:
    texts = {"steps": "3", "schedule": "0.9,0.2,1", "grow": "[[4, 6], [8, 12]]"}
    method = NoDiffusion(steps=3, schedule=(0.9, 0.2, 1.0), grow=((4, 6), (8, 12)))
    assert named_method("no-diffusion", texts) == method
    chain = Walkback(corruption=Blur(sigma=0.5), std=0.1)
    assert named_method("walkback", {"corruption": '{"kind": "blur", "sigma": 0.5}', "std": "0.1"}) == chain
    assert all(named_method(name, {}) == kind() for name, kind in METHODS.items())


def test_a_setting_that_a_method_lacks_is_refused_by_the_method_s_name() -> None:
    with pytest.raises(UnknownNameError, match=r"^there is no setting 'stepps' of langevin; did you mean 'steps'\?$"):
        named_method("langevin", {"stepps": "3"})
    with pytest.raises(UnknownNameError, match=r"^there is no setting 'steps' of prior; there are with_noise$"):
        named_method("prior", {"steps": "3"})


def test_the_generator_decides_the_bits_and_seed_0_is_the_default() -> None:
    one, same, other = (sample(IDENTITY, count=2, shape=SHAPE, generator=seeded(s)) for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert torch.equal(one, sample(IDENTITY, count=2, shape=SHAPE))
    assert not torch.equal(one, other)


def test_the_shape_is_that_of_the_training_images_unless_told_otherwise() -> None:
    model = built(CONFIGS["unet-none"])
    with pytest.raises(
        ShapeError, match=r"^shape must be \(C, H, W\) of one image, got None; give one, as in shape=\("
    ):
        sample(model, count=2)
    model.trained_on = replace(model.trained_on, image_shape=(3, 8, 12))
    assert sample(model, count=2, method=NoDiffusion(steps=2)).shape == (2, 3, 8, 12)
    assert sample(model, count=2, method=NoDiffusion(steps=2), shape=(3, 16, 8)).shape == (2, 3, 16, 8)


def test_images_are_sampled_in_batches_of_the_stored_size() -> None:
    model = built(CONFIGS["unet-batch"])
    model.trained_on = replace(model.trained_on, batch_size=3)
    a = draw_normal((5, 3, 8, 12), mean=0.7, std=0.2, generator=seeded(1), like=torch.empty(0))
    with torch.no_grad():
        by_hand = torch.cat([model(a[:3]), model(a[[3, 4, 0]])[:2]])
    arguments: Any = {"count": 5, "shape": (3, 8, 12), "method": NoDiffusion(steps=1), "precision": "float32"}
    assert torch.equal(sample(model, **arguments, generator=seeded(1)), by_hand)
    whole = sample(model, **arguments, generator=seeded(1), batch_size=5)
    assert not torch.allclose(whole, by_hand, atol=1e-3)


def test_bf16_samples_close_to_float32() -> None:
    model = built(CONFIGS["unet-group"])
    method = NoDiffusion(steps=2)
    full, half = (
        sample(model, count=2, shape=(3, 8, 12), method=method, precision=name) for name in ("float32", "bf16")
    )
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    # bfloat16 has eight bits of precision.
    torch.testing.assert_close(half, full, rtol=0.05, atol=0.05)


def test_processes_that_share_samples_agree_on_a_precision_that_none_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def agreed(precision: Precision, device: torch.device) -> Precision:
        asked.append(f"{precision} on {device}")
        return "float32"

    monkeypatch.setattr(sampling_plan, "resolve_for_all", agreed)
    model, method = built(CONFIGS["unet-group"]), NoDiffusion(steps=2)
    cases: tuple[tuple[Precision, bool], ...] = (("auto", True), ("bf16", True), ("auto", False))
    for precision, shared in cases:
        x = sample(model, count=2, shape=(3, 8, 12), method=method, precision=precision, shared=shared)
        if precision == "auto" and shared:
            full = sample(model, count=2, shape=(3, 8, 12), method=method, precision="float32")
            assert torch.equal(x, full)
    assert asked == ["auto on cpu"]


def test_the_model_and_the_global_generator_are_left_as_they_were() -> None:
    model = built(CONFIGS["unet-running"]).train()
    before, buffers = torch.random.get_rng_state(), [buffer.clone() for buffer in model.buffers()]
    assert not sample(model, count=2, shape=(3, 8, 12), method=NoDiffusion(steps=2)).requires_grad
    assert all(part.training for part in model.modules())
    assert all(torch.equal(old, new) for old, new in zip(buffers, model.buffers(), strict=True))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, r"^steps must be at least 1, got 0$"),
        ({"std": -1}, r"^std must be at least 0, got -1$"),
        ({"mean": math.nan}, r"^mean must be a finite number, got nan$"),
        ({"schedule": (0.5, 1.0)}, r"^a schedule must be 3 shares in \[0, 1\], one per step, got 2 numbers$"),
        ({"schedule": (0.5, 1.5, 1)}, r"^a schedule must be 3 shares in \[0, 1\], one per step, got 3 numbers$"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"steps": 3} | settings
    with pytest.raises(ArgumentError, match=message):
        NoDiffusion(**given)


def test_no_samples_and_shapes_that_are_none_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^count must be at least 1, got 0$"):
        sample(IDENTITY, count=0, shape=SHAPE)
    wrong: Any = (3, 4)
    with pytest.raises(ShapeError, match=r"^shape must be \(C, H, W\) of one image, got \(3, 4\)"):
        sample(IDENTITY, count=2, shape=wrong)


def test_a_shape_the_model_does_not_take_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 4, got 10x12"):
        sample(built(CONFIGS["unet-none"]), count=2, shape=(3, 10, 12))
