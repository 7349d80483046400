"""Between two codes: on a linear model the way is straight in pixels too."""

from typing import Any

import pytest
import torch

from contracts import CONFIGS, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.procedures import interpolate, reconstruct


def test_a_linear_model_s_way_is_straight_in_pixels() -> None:
    model = autoencoder(CONFIGS["linear"])
    x, y = images(3), images(3, seed=1)
    frames = interpolate(model, x, y, steps=4)
    assert frames.shape == (5, *x.shape)
    start, end = reconstruct(model, x), reconstruct(model, y)
    for step, frame in enumerate(frames):
        torch.testing.assert_close(frame, start + step / 4 * (end - start))


def test_a_model_that_bends_is_straight_in_its_code() -> None:
    model = autoencoder(CONFIGS["unet-group"])
    x, y = images(2), images(2, seed=1)
    frames = interpolate(model, x, y, steps=2)
    with torch.no_grad():
        middle = model.decode((model.encode(x) + model.encode(y)) / 2)
        ends = (model(x) + model(y)) / 2
    torch.testing.assert_close(frames[1], middle)
    assert not torch.allclose(frames[1], ends, atol=1e-3)


@pytest.mark.parametrize("name", ["mlp", "unet-batch", "unet-hidden"])
def test_the_ends_are_the_copies_in_full_and_in_filled_batches(name: str) -> None:
    model = autoencoder(CONFIGS[name])
    x, y = images(5), images(5, seed=1)
    for batch_size in (3, 5, 8):
        frames = interpolate(model, x, y, steps=3, batch_size=batch_size)
        assert torch.equal(frames[0], reconstruct(model, x, batch_size=batch_size))
        assert torch.equal(frames[-1], reconstruct(model, y, batch_size=batch_size))


def test_on_the_whole_way_a_batch_holds_the_images_it_held_at_the_ends() -> None:
    model = autoencoder(CONFIGS["unet-batch"])
    x, y = images(5), images(5, seed=1)
    frames = interpolate(model, x, y, steps=4, batch_size=3)
    by_hand: list[torch.Tensor] = []
    with torch.no_grad():
        for chosen, count in (([0, 1, 2], 3), ([3, 4, 0], 2)):
            z = 0.75 * model.encode(x[chosen]) + 0.25 * model.encode(y[chosen])
            by_hand.append(model.decode(z)[:count])
    torch.testing.assert_close(frames[1], torch.cat(by_hand), rtol=1e-4, atol=1e-5)


def test_one_image_pairs_with_each_of_the_others() -> None:
    model = autoencoder(CONFIGS["unet-group"])
    x, y = images(1), images(3, seed=1)
    forth = interpolate(model, x, y, steps=3)
    assert torch.equal(forth, interpolate(model, x.expand(3, -1, -1, -1), y, steps=3))
    back = interpolate(model, y, x, steps=3)
    torch.testing.assert_close(back, forth.flip(0), rtol=1e-4, atol=1e-5)


def test_the_way_to_itself_stays_where_it_is() -> None:
    model = autoencoder(CONFIGS["unet-batch"])
    frames = interpolate(model, images(3), images(3), steps=3)
    assert torch.equal(frames, reconstruct(model, images(3)).expand_as(frames))


def test_the_model_is_left_as_it_was() -> None:
    model = autoencoder(CONFIGS["unet-running"]).train()
    before = [buffer.clone() for buffer in model.buffers()]
    assert not interpolate(model, images(2), images(2), steps=1).requires_grad
    assert all(part.training for part in model.modules())
    assert all(torch.equal(old, new) for old, new in zip(before, model.buffers(), strict=True))


def test_what_has_no_way_between_is_refused() -> None:
    model: Any = autoencoder(CONFIGS["unet-group"])
    with pytest.raises(ArgumentError, match=r"^steps must be at least 1, got 0$"):
        interpolate(model, images(2), images(2), steps=0)
    with pytest.raises(ShapeError, match=r"^both ends must be as many images, or one of them a single image, got 2 "):
        interpolate(model, images(2), images(3))
    with pytest.raises(
        ShapeError, match=r"^both ends must be images of one shape, got \(3, 8, 12\) and \(3, 12, 8\); bring"
    ):
        interpolate(model, images(2), images(2, (3, 12, 8)))
    with pytest.raises(ContractError, match=r"^interpolate works in a model's code, and UNetSkips has none"):
        interpolate(built(CONFIGS["unet-skips"]), images(), images())  # pyright: ignore[reportArgumentType]
