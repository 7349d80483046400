"""Samples under conditions, of data whose laws are known on paper."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, DIFFUSION, built, diffusion
from copyist.checkpoint import MODEL_CATALOGUES, Header, load, save
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import DiffusionUNetConfig
from copyist.models.contracts import Diffusion, TrainedOn
from copyist.procedures import METHODS, NoDiffusion, sample, sample_batches, sample_steps
from copyist.procedures.diffusion import (
    Ancestral,
    Conditions,
    DiffusionMethod,
    DPMSolver,
    Euler,
    Heun,
    StochasticEDM,
)
from copyist.procedures.diffusion.painting import painted_over
from copyist.settings import dump
from known import ClassesDiffusion, GaussianDiffusion, HalvedDiffusion

SHAPE = (3, 8, 12)
SAMPLERS = {name: method for name, method in METHODS.items() if issubclass(method, DiffusionMethod)}
LEFT = torch.tensor([[True, False]])


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def image(seed: int = 5, count: int = 1) -> Tensor:
    return torch.rand(count, *SHAPE, generator=seeded(seed))


def net() -> Diffusion:
    return diffusion(DIFFUSION["edm"])


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sample_depends_on_its_number_and_not_on_how_many_there_are(name: str) -> None:
    conditions = Conditions(classes=(0, 2), guidance=2.0)
    method = SAMPLERS[name](steps=3)
    drawn: dict[str, Any] = {"shape": SHAPE, "method": method, "conditions": conditions, "batch_size": 2}
    five = sample(net(), count=5, generator=seeded(1), **drawn)
    parts = list(sample_batches(net(), count=5, generator=seeded(1), **drawn))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert torch.equal(torch.cat(parts), five)
    assert torch.equal(sample(net(), count=2, generator=seeded(1), **drawn), five[:2])
    # No two samples have the same noise.
    assert float(torch.pdist(five.flatten(1)).min()) > 0.01


@pytest.mark.parametrize("name", SAMPLERS)
def test_of_gaussian_images_samples_have_their_mean_and_deviation_in_the_range_of_pixels(name: str) -> None:
    model = GaussianDiffusion(mean=0.6, covariance=0.1**2)
    x = sample(model, count=20, shape=(3, 20, 20), method=SAMPLERS[name](steps=60), batch_size=20)
    # 24,000 values; the samplers of first order are the least exact.
    assert float(x.mean()) == pytest.approx(0.6, abs=0.005)
    assert float(x.std()) == pytest.approx(0.1, rel=0.15 if name in ("ancestral", "euler") else 0.03)


PINNED = {
    "dpm-solver": [0.525547, 0.540738, 0.624476, 0.687487],
    "heun": [0.395924, 0.437564, 0.667087, 0.839802],
    "euler": [0.549018, 0.55942, 0.61676, 0.659907],
    "ancestral": [0.550643, 0.563285, 0.61341, 0.648075],
    "stochastic-edm": [0.239425, 0.381944, 0.710981, 0.972271],
}
"""A known image through every sampler: its values at strength 0.5 in six steps, of Gaussian data."""


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_known_image_through_every_sampler_is_what_it_was(name: str) -> None:
    model = GaussianDiffusion(mean=0.6, covariance=0.1**2)
    like = torch.tensor([[[[0.0, 0.25, 0.5, 1.0]]]])
    x = sample(model, count=1, method=SAMPLERS[name](steps=6), conditions=Conditions(like=like), generator=seeded(3))
    assert x.flatten().tolist() == pytest.approx(PINNED[name], abs=1e-5)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_known_image_through_every_sampler_is_the_same_after_the_model_was_saved_and_loaded(
    name: str, tmp_path: Path
) -> None:
    # Before its first step such a net is the denoiser of Gaussian images of its center and spread.
    config = DiffusionUNetConfig(
        channels=1, width=4, levels=1, embedding=6, parameterization="edm", center=0.6, spread=0.1
    )
    on_paper = GaussianDiffusion(mean=0.6, covariance=0.1**2)
    on_paper.center, on_paper.spread = 0.6, 0.1
    like = torch.tensor([[[[0.0, 0.25, 0.5, 1.0], [1.0, 0.5, 0.3, 0.1]]]])
    drawn: dict[str, Any] = {"count": 1, "method": SAMPLERS[name](steps=6), "conditions": Conditions(like=like)}
    header = Header(model=dump(config, MODEL_CATALOGUES), batch_size=4, data={"image_shape": [1, 2, 4]})
    fresh, other = config.build().eval(), diffusion(config)
    for model in (fresh, other):
        save(tmp_path / "model.safetensors", model, header)
        x = sample(load(tmp_path / "model.safetensors", device="cpu"), generator=seeded(3), **drawn)
        assert torch.equal(x, sample(model, generator=seeded(3), **drawn))
        known = torch.allclose(x, sample(on_paper, generator=seeded(3), **drawn), rtol=0, atol=1e-5)
        assert known == (model is fresh)


def test_each_class_has_its_own_mean_and_no_class_that_of_all() -> None:
    model = ClassesDiffusion((0.2, 0.5, 0.8), std=0.05)
    drawn: dict[str, Any] = {"count": 400, "shape": (1, 2, 3), "method": DPMSolver(steps=40), "batch_size": 400}
    x = sample(model, conditions=Conditions(classes=(2, 0)), **drawn)
    assert float(x[0::2].mean()) == pytest.approx(0.8, abs=0.01)
    assert float(x[1::2].mean()) == pytest.approx(0.2, abs=0.01)
    assert float((x[0::2] - 0.8).std()) == pytest.approx(0.05, rel=0.1)
    free = sample(model, **drawn)
    assert float(free.mean()) == pytest.approx(0.5, abs=0.03)
    assert float(free.std()) == pytest.approx(math.sqrt(0.06 + 0.05**2), rel=0.1)
    torch.testing.assert_close(sample(model, conditions=Conditions(classes=(1,), guidance=0), **drawn), free)


def test_guidance_goes_as_far_beyond_the_estimate_without_the_class_as_it_says() -> None:
    model = ClassesDiffusion((0.2, 0.8), std=0.05)
    method = Euler(steps=1, largest=2.0)
    drawn: dict[str, Any] = {"count": 3, "shape": (1, 2, 3), "method": method}
    # One step from level 2 to 0 is the estimate at that level.
    free, alone, guided = (
        sample(model, generator=seeded(2), conditions=conditions, **drawn)
        for conditions in (None, Conditions(classes=(1,)), Conditions(classes=(1,), guidance=3.0))
    )
    torch.testing.assert_close(guided, free + 3 * (alone - free))


def test_classes_are_found_by_name() -> None:
    model = net()
    model.trained_on = TrainedOn(image_shape=SHAPE, classes=("ant", "bee", "2"))
    drawn: dict[str, Any] = {"count": 4, "method": Euler(steps=2)}
    named = sample(model, conditions=Conditions(classes=("bee", "2")), **drawn)
    assert torch.equal(named, sample(model, conditions=Conditions(classes=(1, 2)), **drawn))
    assert not torch.equal(named, sample(model, conditions=Conditions(classes=(0,)), **drawn))


def test_strength_none_gives_the_image_and_strength_one_ignores_it() -> None:
    drawn: dict[str, Any] = {"count": 3, "method": Heun(steps=4)}
    none, half, all_of_it = (
        sample(net(), conditions=Conditions(like=image(), strength=strength), **drawn) for strength in (0, 0.5, 1)
    )
    assert torch.equal(none, image().expand(3, -1, -1, -1))
    assert torch.equal(all_of_it, sample(net(), shape=SHAPE, **drawn))
    assert not torch.equal(half, all_of_it)


def test_what_is_kept_of_an_image_falls_with_the_strength_as_on_paper() -> None:
    model, like = GaussianDiffusion(mean=0.5, covariance=0.25**2), image(count=2)
    method = Euler(steps=4, levels="straight", largest=3.0)
    for strength, start in ((0.25, 1 / 4), (0.5, 2 / 4), (0.75, 3 / 4)):
        x = sample(model, count=400, method=method, conditions=Conditions(like=like, strength=strength))
        # From t = 3/4·strength Euler's steps of t leave 1 − Δt·(…) of each deviation; of level s in spreads, the
        # denoiser keeps 1 / (1 + s²).
        level, kept = (t := 0.75 * start) / (1 - t), 1.0
        while level > 1e-9:
            following = (t := t - 0.1875) / (1 - t)
            kept *= 1 / (1 + level**2) + following / level * (1 - 1 / (1 + level**2))
            level = following
        slope = ((x[0::2].mean(0) - 0.5) * (like[0] - 0.5)).sum() / (like[0] - 0.5).square().sum()
        assert float(slope) == pytest.approx(kept, abs=0.02)


def test_an_image_taken_up_and_down_comes_back_the_nearer_the_more_steps_and_the_higher_the_order() -> None:
    model, like = GaussianDiffusion(mean=0.4, covariance=0.2**2, path="straight"), image()
    apart = {
        (name, steps): float((sample(model, count=1, method=method(steps=steps), conditions=up) - like).abs().max())
        for up in [Conditions(like=like, strength=1, deterministic=True)]
        for name, method in (("euler", Euler), ("heun", Heun), ("dpm-solver", DPMSolver))
        for steps in (20, 40)
    }
    assert apart["euler", 20] / apart["euler", 40] == pytest.approx(2, rel=0.2)
    assert apart["heun", 20] / apart["heun", 40] == pytest.approx(4, rel=0.3)
    assert apart["heun", 40] < 0.1 * apart["euler", 40]
    assert apart["dpm-solver", 40] < 0.1 * apart["euler", 40]


@pytest.mark.parametrize("method", [DPMSolver(steps=8), Heun(steps=8), Ancestral(steps=8), StochasticEDM(steps=8)])
@pytest.mark.parametrize("times", [1, 3])
def test_what_is_kept_stays_bit_for_bit_and_the_rest_is_made_anew(method: DiffusionMethod, times: int) -> None:
    visible = torch.zeros(8, 12, dtype=torch.bool)
    visible[2:7, 3:] = True
    like = image(count=2)
    x = sample(net(), count=3, method=method, conditions=Conditions(like=like, visible=visible, times=times))
    wanted = like[[0, 1, 0]]
    assert torch.equal(x[..., visible], wanted[..., visible])
    assert float((x - wanted)[..., ~visible].abs().mean()) > 0.05
    assert not torch.equal(x[0], x[2])


def test_steps_taken_again_bring_what_is_made_nearer_to_its_law_given_what_is_kept() -> None:
    correlation, kept = 0.8, 0.5 + 0.25 * 1.5
    covariance = 0.25**2 * torch.tensor([[1, correlation], [correlation, 1]])
    model = GaussianDiffusion(mean=0.5, covariance=covariance)
    like = torch.tensor([[[[kept, 0.0]]]])
    wanted = 0.5 + correlation * (kept - 0.5)
    means, deviations = {}, {}
    for times in (1, 4, 12):
        conditions = Conditions(like=like, visible=LEFT, times=times)
        x = sample(model, count=300, method=Heun(steps=12), conditions=conditions, batch_size=300)[:, 0, 0, 1]
        means[times], deviations[times] = abs(float(x.mean()) - wanted), float(x.std())
    # 300 draws tell the mean to 0.01.
    assert means[1] > means[4] + 0.05 > means[12] + 0.05
    assert means[12] < 0.06
    assert deviations[12] == pytest.approx(0.25 * math.sqrt(1 - correlation**2), rel=0.2)


def test_of_codes_the_mask_is_shrunken_and_the_image_is_kept_over_what_they_decode_to() -> None:
    like = torch.rand(1, 1, 4, 6, generator=seeded(0))
    visible = torch.ones(4, 6, dtype=torch.bool)
    visible[1, 1:4] = False
    x = sample(HalvedDiffusion(), count=2, method=Euler(steps=3), conditions=Conditions(like=like, visible=visible))
    assert torch.equal(x[..., visible], like.expand(2, -1, -1, -1)[..., visible])
    # Whichever code has a hidden pixel is made anew: (2 + 4) / 8.
    torch.testing.assert_close(x[..., ~visible], torch.full((2, 1, 3), 0.75))
    x = sample(HalvedDiffusion(), count=2, method=Euler(steps=3), conditions=Conditions(like=like, strength=0))
    assert torch.equal(x, like.expand(2, -1, -1, -1))


def test_what_is_made_does_not_depend_on_what_is_hidden_though_the_encoder_sees_it() -> None:
    like = torch.rand(3, 1, 4, 6, generator=seeded(0))
    visible = torch.ones(2, 4, 6, dtype=torch.bool)
    visible[0, 1, 1:4] = False
    visible[1, 2:, 4:] = False
    hidden = ~visible.repeat(3, 1, 1)[:, None]
    model, method = HalvedDiffusion(seen=0.3, follows=True), Euler(steps=3)
    made: list[torch.Tensor] = []
    for other in (0.0, 1.0):
        # Six samples take images and masks in turn.
        images = torch.where(hidden, other, like.repeat(2, 1, 1, 1))
        conditions = Conditions(like=images, visible=visible)
        made.append(sample(model, count=6, method=method, conditions=conditions, generator=seeded(1)))
    assert torch.equal(made[0], made[1])
    # Three images and two masks in turn are six.
    turns = Conditions(like=like, visible=visible)
    assert torch.equal(
        made[0][hidden], sample(model, count=6, method=method, conditions=turns, generator=seeded(1))[hidden]
    )
    # What is asked to begin with them does.
    begun = [
        sample(model, count=1, method=method, conditions=Conditions(like=each, visible=visible[:1], strength=0.5))
        for each in (like[:1], torch.where(hidden[:1], 0.0, like[:1]))
    ]
    assert not torch.equal(*begun)


def test_hidden_pixels_are_painted_over_from_visible_ones_alone() -> None:
    visible = torch.rand(4, 7, 10, generator=seeded(0)) < 0.2
    visible[0] = False
    visible[0, 6, 9] = True
    x = torch.rand(4, 2, 7, 10, generator=seeded(1))
    painted = painted_over(x, visible)
    kept = visible[:, None].expand_as(x)
    assert torch.equal(painted[kept], x[kept])
    assert torch.equal(painted_over(torch.where(kept, x, math.nan), visible), painted)
    # A single pixel is all there is to know, and what is of one value stays so.
    torch.testing.assert_close(painted[0], x[0, :, 6:, 9:].expand(2, 7, 10))
    torch.testing.assert_close(painted_over(torch.where(kept, 0.3, x), visible), torch.full_like(x, 0.3))
    # Averages lie between the least and the greatest of the image.
    for each, mask in zip(painted, visible, strict=True):
        assert bool((each <= each[:, mask].amax(1)[:, None, None] + 1e-6).all())


def test_what_is_painted_is_the_average_of_the_visible_pixels_of_a_cell_between_its_neighbors() -> None:
    x = torch.full((1, 1, 4, 4), 0.2)
    x[..., :2, :2] = torch.tensor([[0.6, 0.9], [0.3, 0.0]])
    visible = torch.ones(1, 4, 4, dtype=torch.bool)
    visible[0, 1, 1] = False
    # Three of the cell's pixels average to 0.6; the center of the hidden one lies a quarter of the way to the others.
    expected = 0.75**2 * 0.6 + (1 - 0.75**2) * 0.2
    assert float(painted_over(x, visible)[0, 0, 1, 1]) == pytest.approx(expected)
    # Of a cell that is hidden but for one pixel, that pixel counts no more than one in the coarser cell.
    visible[0, :2, :2] = torch.tensor([[True, False], [False, False]])
    visible[0, 2:, :] = visible[0, :2, 2:] = False
    visible[0, 2, 2:] = True
    assert float(painted_over(x, visible)[0, 0, 0, 0]) == pytest.approx(0.6)
    # The coarsest scale has the average of all three visible pixels, not of cells.
    coarse = torch.tensor([[0.6, (0.6 + 2 * 0.2) / 3], [(0.6 + 2 * 0.2) / 3, 0.2]])
    expected = 0.75 * 0.25 * float(coarse[0, 0] + coarse[1, 1]) + float(0.75**2 * coarse[0, 1] + 0.25**2 * coarse[1, 0])
    assert float(painted_over(x, visible)[0, 0, 1, 2]) == pytest.approx(expected)


def test_a_mask_that_hides_a_pixel_of_every_code_is_refused() -> None:
    visible = torch.ones(4, 6, dtype=torch.bool)
    visible[::2, ::2] = False
    like = torch.rand(1, 1, 4, 6, generator=seeded(0))
    with pytest.raises(ArgumentError, match=r"^a mask must leave a code whose pixels are all kept, got one .* 2x3 cod"):
        sample(HalvedDiffusion(), count=2, conditions=Conditions(like=like, visible=visible))
    every = visible.clone()
    visible[0, 0] = True
    with pytest.raises(ArgumentError, match=r"^a mask must leave a code"):
        sample(HalvedDiffusion(), count=2, conditions=Conditions(like=like, visible=torch.stack([visible, every])))
    assert sample(HalvedDiffusion(), count=2, conditions=Conditions(like=like, visible=visible)).shape == (2, 1, 4, 6)


def test_the_film_of_an_inpainting_shows_what_is_kept_at_every_step() -> None:
    visible = torch.zeros(8, 12, dtype=torch.bool)
    visible[:4] = True
    conditions = Conditions(like=image(), visible=visible)
    frames = list(sample_steps(net(), count=2, method=Euler(steps=3), conditions=conditions))
    assert len(frames) == 3
    assert all(torch.equal(frame[..., visible], image().expand(2, -1, -1, -1)[..., visible]) for frame in frames)


ALL = torch.ones(8, 12, dtype=torch.bool)
SOME = torch.arange(12).expand(8, 12) < 5


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"guidance": 2.0}, ArgumentError, "guidance must come with a class to guide to, got 2 and none; name one"),
        ({"guidance": -1.0, "classes": (1,)}, ArgumentError, r"guidance must lie in \[0, 1000.0\], got -1"),
        ({"guidance": 1e30, "classes": (1,)}, ArgumentError, r"guidance must lie in \[0, 1000.0\], got 1e\+30"),
        ({"classes": (3,)}, ArgumentError, r"the number of a class must lie in \[0, 2\], got 3; take one of these"),
        ({"classes": (-1,)}, ArgumentError, r"the number of a class must lie in \[0, 2\], got -1"),
        ({"classes": ("cat",)}, ArgumentError, "there is no class 'cat'; there are 0, 1, 2"),
        ({"like": image(), "strength": 1.5}, ArgumentError, r"strength must lie in \[0, 1\], got 1.5"),
        ({"like": image(), "strength": -0.1}, ArgumentError, r"strength must lie in \[0, 1\], got -0.1"),
        ({"strength": 0.5}, ArgumentError, "a strength must come with an image that it is of, got none; give one"),
        ({"visible": ALL}, ArgumentError, "a mask must come with an image that it is of, got none"),
        ({"deterministic": True}, ArgumentError, "the noise of an image must come with an image that it is of, got"),
        ({"like": image(), "times": 2}, ArgumentError, "times must come with a mask of what is kept, got 2"),
        ({"like": image(), "visible": ALL}, ArgumentError, "a mask must keep a part .*, got one that keeps all of it"),
        ({"like": image(), "visible": ~ALL}, ArgumentError, "a mask must keep a part .*, got one that keeps nothing"),
        ({"like": image(), "visible": torch.stack([ALL, ~ALL])}, ArgumentError, "a mask must keep .* keeps all of it"),
        (
            {"like": image(), "visible": ALL[:0]},
            ShapeError,
            r"a mask must have shape \(H, W\), .*, got \(0, 12\); give",
        ),
        ({"like": image(), "visible": ALL[None][:0]}, ShapeError, r"a mask must have shape .*, got \(0, 8, 12\); give"),
        (
            {"like": image(), "visible": ALL[0]},
            ShapeError,
            r"a mask must have shape .*, got \(12,\); give one at least",
        ),
        ({"like": image(), "visible": torch.stack([SOME, ALL])}, ArgumentError, "a mask must keep .* keeps all of it"),
        ({"like": image(), "visible": torch.stack([SOME, ~ALL])}, ArgumentError, "a mask must keep .* keeps nothing"),
        ({"like": image(), "visible": LEFT}, ShapeError, "a mask must have the size of the image, 8x12, got 1x2"),
        ({"like": image(), "visible": ALL.float()}, ArgumentError, "visible must be bool, True where .*, got torch.fl"),
        ({"like": image()[:, :, :4]}, ShapeError, r"the image that samples are to be like must have their shape"),
        ({"like": image() * 255}, ArgumentError, r"images must be floats in \[0, 1\]"),
    ],
)
def test_conditions_that_do_not_hold_together_are_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sample(net(), count=2, shape=SHAPE, conditions=Conditions(**given))


@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_that_are_not_finite_are_refused(name: str) -> None:
    broken = GaussianDiffusion(mean=float("nan"), covariance=0.01)
    with pytest.raises(ContractError, match=r"^a model must give finite values, got nan for example 0; train it"):
        sample(broken, count=2, shape=SHAPE, method=SAMPLERS[name](steps=2))


def test_what_a_model_or_a_sampler_cannot_do_is_refused() -> None:
    with pytest.raises(ContractError, match="a class needs a model that was trained with classes, and this one was"):
        sample(diffusion(DIFFUSION["clean"]), count=2, shape=SHAPE, conditions=Conditions(classes=(1,)))
    with pytest.raises(ArgumentError, match="the noise of an image is found by a sampler that draws none, got Ancestr"):
        sample(net(), count=2, method=Ancestral(), conditions=Conditions(like=image(), deterministic=True))
    with pytest.raises(ContractError, match="classes, images and masks need a sampler of diffusion models, got NoDi"):
        sample(built(CONFIGS["dncnn"]), count=2, shape=SHAPE, method=NoDiffusion(), conditions=Conditions(like=image()))
