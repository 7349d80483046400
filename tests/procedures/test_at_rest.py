"""A walk without noise comes to rest where, on paper, linear and rotating models do."""

import math

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, autoencoder, images
from copyist.errors import ArgumentError, ShapeError
from copyist.models import Autoencoder, MLPConfig
from copyist.procedures import AtRest, walk, walk_steps

SHAPE = (2, 3, 5)


def turning(degrees: float, *, shrink: float = 1.0, offset: float = 0.0) -> Autoencoder:
    """D∘E projects on a plane, turns by an angle, shrinks, and adds the same to every pixel value."""
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(2,), activation="identity"))
    axes, _ = torch.linalg.qr(torch.randn(30, 2, generator=torch.Generator().manual_seed(1)))
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = shrink * torch.tensor([[cosine, -sine], [sine, cosine]])
    into, out = (part for part in model.modules() if isinstance(part, nn.Linear))
    with torch.no_grad():
        into.weight.copy_(turn @ axes.T)
        out.weight.copy_(axes)
        into.bias.zero_()
        out.bias.fill_(offset)
    return model


def observed(frames: Tensor, tolerance: float = 1e-4) -> AtRest:
    stillness = AtRest(tolerance=tolerance)
    for frame in frames:
        stillness.observe(frame)
    return stillness


def test_a_projection_stands_still_after_one_step_which_the_second_shows() -> None:
    frames = walk(turning(0), images(3, SHAPE), steps=50, noise=0, until_still=1e-4, precision="float32")
    assert len(frames) == 3
    stillness = observed(frames)
    assert stillness.since.tolist() == [1, 1, 1]
    assert stillness.period.tolist() == [1, 1, 1]


def test_a_quarter_turn_is_a_cycle_of_four_which_has_come_back_whole_after_eight_steps() -> None:
    frames = walk(turning(90), images(3, SHAPE), steps=50, noise=0, until_still=1e-4, precision="float32")
    assert len(frames) == 9
    stillness = observed(frames)
    assert stillness.period.tolist() == [4, 4, 4]
    assert stillness.since.tolist() == [1, 1, 1]


def test_a_half_turn_is_a_cycle_of_two() -> None:
    stillness = observed(walk(turning(180), images(3, SHAPE), steps=9, noise=0, precision="float32"))
    assert stillness.period.tolist() == [2, 2, 2]
    assert stillness.since.tolist() == [1, 1, 1]


def test_a_turn_that_never_comes_back_takes_every_step() -> None:
    frames = walk(turning(50), images(3, SHAPE), steps=30, noise=0, until_still=1e-4, precision="float32")
    assert len(frames) == 31
    assert observed(frames).period.tolist() == [0, 0, 0]
    assert observed(frames).since.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_a_contraction_stands_still_when_its_known_rate_has_brought_the_motion_below_the_tolerance(
    tolerance: float,
) -> None:
    x = images(1, SHAPE)
    frames = walk(turning(0, shrink=0.5), x, steps=99, noise=0, until_still=tolerance, precision="float32")
    # From x₁ on each step halves the image, so that step n moves by ‖x₁‖ / 2ⁿ⁻¹.
    first = float(frames[1].norm() / x.norm())
    needed = math.ceil(math.log2(first / tolerance)) + 1
    assert len(frames) - 1 == needed


def test_images_walk_on_until_the_last_one_stands_still() -> None:
    x = images(2, SHAPE)
    model = turning(0, shrink=0.5)
    x[0] = 0
    alone = walk(model, x[1:], steps=99, noise=0, until_still=1e-3, precision="float32")
    frames = walk(model, x, steps=99, noise=0, until_still=1e-3, precision="float32")
    assert len(frames) == len(alone)
    assert observed(frames, 1e-3).since.tolist() == [0, len(alone) - 2]


def test_an_image_that_moves_again_has_not_stood_still() -> None:
    x = images(1, SHAPE)
    assert observed(torch.stack([x, x])).since.tolist() == [0]
    assert observed(torch.stack([x, x, x + 0.5])).since.tolist() == [-1]
    assert observed(torch.stack([x, x, x + 0.5, x + 0.5])).since.tolist() == [2]


def test_the_frames_before_rest_are_those_of_a_walk_that_takes_all_steps() -> None:
    model = turning(90)
    x = images(3, SHAPE)
    short = list(walk_steps(model, x, steps=20, noise=0, until_still=1e-4))
    whole = list(walk_steps(model, x, steps=20, noise=0))
    assert len(whole) == 21
    assert all(torch.equal(one, other) for one, other in zip(short, whole, strict=False))


def test_noise_and_tolerances_that_are_none_are_refused_before_the_first_step() -> None:
    model = autoencoder(CONFIGS["mlp"])
    with pytest.raises(ArgumentError, match=r"^until_still must come with noise=0, got noise=0.2; with noise nothing"):
        walk_steps(model, images(), steps=3, noise=0.2, until_still=1e-3)
    with pytest.raises(ArgumentError, match=r"^until_still must be greater than 0, got 0$"):
        walk_steps(model, images(), steps=3, noise=0, until_still=0)
    with pytest.raises(ArgumentError, match=r"^tolerance must be greater than 0, got nan$"):
        AtRest(tolerance=float("nan"))
    with pytest.raises(ShapeError, match=r"^frames must have shape"):
        AtRest(tolerance=1).observe(torch.rand(3, 4, 4))
