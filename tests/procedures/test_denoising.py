"""Reconstruct, denoise and encode are the model, applied as often as they say."""

import pytest
import torch

from contracts import CONFIGS, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.procedures import denoise, encode, reconstruct

# How many images they take at a time is in tests/models/test_batches.py.


def test_a_pass_is_one_copy_and_three_are_the_copy_of_the_copy_of_the_copy() -> None:
    model = built(CONFIGS["mlp"])
    x = images()
    with torch.no_grad():
        assert torch.equal(reconstruct(model, x), model(x))
        assert torch.equal(denoise(model, x), model(x))
        assert torch.equal(denoise(model, x, passes=3), model(model(model(x))))


def test_encode_is_the_encoder() -> None:
    model = autoencoder(CONFIGS["mlp"])
    with torch.no_grad():
        assert torch.equal(encode(model, images()), model.encode(images()))


def test_nothing_asks_for_gradients_and_nothing_is_drawn() -> None:
    before = torch.random.get_rng_state()
    model = autoencoder(CONFIGS["unet-batch"])
    assert not any(answer(model, images()).requires_grad for answer in (reconstruct, denoise, encode))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_a_model_does_not_take_is_refused() -> None:
    model = autoencoder(CONFIGS["mlp"])
    for answer in (reconstruct, denoise, encode):
        with pytest.raises(ShapeError, match=r"give a single image a batch axis with x\[None\]$"):
            answer(model, torch.rand(3, 8, 12))
        with pytest.raises(ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(3, 12, 8\)"):
            answer(model, torch.rand(2, 3, 12, 8))
        with pytest.raises(ArgumentError, match=r"^batch size must be at least 1, got 0$"):
            answer(model, images(), batch_size=0)
    with pytest.raises(ArgumentError, match=r"^passes must be at least 1, got 0$"):
        denoise(model, images(), passes=0)


def test_to_encode_without_a_code_is_refused() -> None:
    model = built(CONFIGS["unet-skips"])
    with pytest.raises(ContractError, match=r"^encode works in a model's code, and UNetSkips has none; take a model"):
        encode(model, images())
