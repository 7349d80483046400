"""A walk is encode, perturb, decode, again: on linear models its end is known on paper."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from contracts import CODELESS, CONFIGS, VARIATIONAL, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import Autoencoder, MLPConfig
from copyist.procedures import denoise, reconstruct, walk, walk_steps
from copyist.procedures import walk as walk_of
from copyist.randomness import draw_normal

SHAPE = (2, 3, 5)


def projection(scale: float = 1.0) -> tuple[Autoencoder, torch.Tensor]:
    """A linear autoencoder that projects on four orthonormal axes and stretches by `scale`, and those axes (30, 4)."""
    model = autoencoder(MLPConfig(image_shape=SHAPE, widths=(4,), activation="identity"))
    axes, _ = torch.linalg.qr(torch.randn(30, 4, generator=torch.Generator().manual_seed(1)))
    into, out = (part for part in model.modules() if isinstance(part, nn.Linear))
    with torch.no_grad():
        into.weight.copy_(axes.T)
        out.weight.copy_(scale * axes)
        into.bias.zero_()
        out.bias.zero_()
    return model, axes


def projected(x: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    return (x.flatten(1) @ axes @ axes.T).reshape(x.shape)


def test_without_noise_a_projection_is_reached_at_once_and_stays() -> None:
    model, axes = projection()
    x = images(3, SHAPE)
    frames = walk(model, x, steps=6, noise=0)
    assert frames.shape == (7, 3, *SHAPE)
    assert torch.equal(frames[0], x)
    for frame in frames[1:]:
        torch.testing.assert_close(frame, projected(x, axes))


def test_without_noise_a_contraction_decays_geometrically() -> None:
    model, axes = projection(scale=0.5)
    x = images(3, SHAPE)
    frames = walk(model, x, steps=5, noise=0)
    for step in range(1, 6):
        torch.testing.assert_close(frames[step], 0.5**step * projected(x, axes))


def test_noise_adds_up_in_the_code() -> None:
    model, axes = projection()
    x = images(3, SHAPE)
    frames = walk(model, x, steps=4, noise=0.3, generator=torch.Generator().manual_seed(5))
    draws = torch.Generator().manual_seed(5)
    z = x.flatten(1) @ axes
    for step in range(1, 5):
        z = z + draw_normal(z.shape, std=0.3, generator=draws, like=z)
        torch.testing.assert_close(frames[step], (z @ axes.T).reshape(x.shape), rtol=1e-4, atol=1e-5)


def test_the_generator_decides_the_bits_and_seed_0_is_the_default() -> None:
    model = autoencoder(CONFIGS["unet-batch"])
    one, same, other, default = (
        walk(model, images(), steps=3, generator=None if seed is None else torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1, None)
    )
    assert torch.equal(one, same)
    assert torch.equal(one, default)
    assert not torch.allclose(one[1], other[1], atol=1e-3)
    assert torch.equal(one[0], other[0])


def test_steps_are_taken_one_at_a_time() -> None:
    model = autoencoder(CONFIGS["mlp"])
    frames = walk(model, images(), steps=3, noise=0.1)
    assert torch.equal(torch.stack(list(walk_steps(model, images(), steps=3, noise=0.1))), frames)


def test_images_walk_in_batches_of_the_stored_size_like_copies() -> None:
    model = autoencoder(CONFIGS["unet-batch"])
    model.trained_on = replace(model.trained_on, batch_size=3)
    x = images(5)
    with torch.no_grad():
        # What fills the last batch is decoded among those it was encoded with.
        by_hand = torch.cat(
            [model.decode(model.encode(x[rows]))[:count] for rows, count in (([0, 1, 2], 3), ([3, 4, 0], 2))]
        )
    walked = walk(model, x, steps=1, noise=0)[1]
    assert torch.equal(walked, by_hand)
    assert not torch.allclose(
        walk(model, x, steps=1, noise=0, precision="float32", batch_size=5)[1], by_hand, atol=1e-3
    )


def test_bf16_walks_close_to_float32() -> None:
    model = autoencoder(CONFIGS["unet-group"])
    full, half = (walk(model, images(), steps=2, noise=0.1, precision=name) for name in ("float32", "bf16"))
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    # bfloat16 has eight bits of precision.
    torch.testing.assert_close(half, full, rtol=0.05, atol=0.05)


def test_the_model_and_the_global_generator_are_left_as_they_were() -> None:
    model = autoencoder(CONFIGS["unet-running"]).train()
    before, buffers = torch.random.get_rng_state(), [buffer.clone() for buffer in model.buffers()]
    walk(model, images(), steps=2)
    assert all(part.training for part in model.modules())
    assert all(torch.equal(old, new) for old, new in zip(buffers, model.buffers(), strict=True))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_cannot_be_walked_is_refused_before_the_first_step() -> None:
    model = autoencoder(CONFIGS["mlp"])
    with pytest.raises(ArgumentError, match=r"^steps must be at least 1, got 0$"):
        walk_steps(model, images(), steps=0, noise=0.1)
    with pytest.raises(ArgumentError, match=r"^noise must be at least 0, got -0.1$"):
        walk_steps(model, images(), steps=1, noise=-0.1)
    with pytest.raises(ShapeError, match=r"^the model takes images of shape"):
        walk_steps(model, torch.rand(2, 3, 12, 8), steps=1, noise=0.1)
    with pytest.raises(ContractError, match=r"^walk works in a model's code, and UNetSkips has none"):
        walk_of(built(CONFIGS["unet-skips"]), images())


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - CODELESS - VARIATIONAL - {"masked-vit"}))
@pytest.mark.parametrize("batch_size", [2, 3, 8])
def test_a_walk_without_noise_is_denoising_again_and_again(kind: str, batch_size: int) -> None:
    model = autoencoder(CONFIGS[kind])
    x = images(5)
    frames = walk(model, x, steps=2, noise=0, batch_size=batch_size)
    assert torch.equal(frames[1], reconstruct(model, x, batch_size=batch_size))
    assert torch.equal(frames[2], denoise(model, x, passes=2, batch_size=batch_size))
