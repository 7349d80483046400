"""Codes are drawn from the normal law of training images' codes, decoded, and copied."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, ContractError, DataError, ShapeError
from copyist.models import Autoencoder
from copyist.procedures import GaussianCodes, sample, sample_steps
from copyist.randomness import draw_normal
from known import Exact, GaussianDenoiser

SHAPE = (3, 8, 6)


class Rotating(Exact, Autoencoder):
    """A code that is the image's values the other way round, and twice as large; decoding loses a tenth."""

    def encode(self, x: Tensor) -> Tensor:
        return 2 * x.flatten(1).flip(1)

    def decode(self, z: Tensor) -> Tensor:
        return 0.9 * z.flip(1).view(-1, *SHAPE) / 2


@pytest.fixture
def images(tmp_path: Path) -> Tensor:
    """Values that go together, of unlike means and spreads."""
    draws = np.random.default_rng(0)
    mixed = draws.normal(size=(40, 5)) @ draws.normal(size=(5, 144)) / 10 + np.linspace(0.3, 0.7, 144)
    x = mixed.clip(0, 1).reshape(40, *SHAPE).astype(np.float32)
    np.savez(tmp_path / "images.npz", x_train=x, x_test=x[:9])
    return torch.from_numpy(x)


def model_of(source: str) -> Rotating:
    model = Rotating()
    model.trained_on = replace(model.trained_on, source=source, image_shape=SHAPE)
    return model


def test_samples_have_the_mean_and_all_covariances_of_the_images_that_the_decoder_makes(
    images: Tensor, tmp_path: Path
) -> None:
    x = sample(model_of(str(tmp_path / "images.npz")), count=20_000, method=GaussianCodes(steps=0))
    expected = 0.9 * images.flatten(1)
    # The mean of 20,000 draws is known to a hundredth of the spread, and so are covariances.
    torch.testing.assert_close(x.flatten(1).mean(0), expected.mean(0), atol=0.01, rtol=0)
    torch.testing.assert_close(torch.cov(x.flatten(1).T), torch.cov(expected.T), atol=0.004, rtol=0)
    assert torch.cov(expected.T).abs().max() > 0.03


def test_samples_are_combinations_of_training_codes_and_are_copied_after_it(images: Tensor, tmp_path: Path) -> None:
    model, method = model_of(""), GaussianCodes(steps=2, std=0.5, images=10, source=str(tmp_path / "images.npz"))
    states = list(sample_steps(model, count=3, shape=SHAPE, generator=torch.Generator().manual_seed(4), method=method))
    weights = draw_normal((3, 10), generator=torch.Generator().manual_seed(4), like=images)
    some = images[::4]
    away = torch.einsum("bn,nchw->bchw", weights, some - some.mean(0)) / 3
    expected = 0.9 * (some.mean(0) + 0.5 * away)
    for step, state in enumerate(states):
        torch.testing.assert_close(state, expected * 0.9**step)
    assert len(states) == 3


def test_what_has_no_law_of_codes_is_refused_before_the_first_step(
    images: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = str(tmp_path / "images.npz")
    with pytest.raises(DataError, match=r"take the law of the codes of training images, and this model does not name"):
        sample_steps(model_of(""), count=2, shape=SHAPE, method=GaussianCodes())
    with pytest.raises(DataError, match=r"got 'nowhere.npz', which cannot be read \(.*\); say where they are"):
        sample_steps(model_of("nowhere.npz"), count=2, shape=SHAPE, method=GaussianCodes())
    with pytest.raises(ShapeError, match=r"whose codes they take, got 3x4x4 and 3x8x6; name other images"):
        sample_steps(model_of(source), count=2, shape=(3, 4, 4), method=GaussianCodes())
    with pytest.raises(ContractError):
        sample_steps(GaussianDenoiser(mean=0, std=1, sigma=1), count=2, shape=SHAPE, method=GaussianCodes())
    monkeypatch.setattr("copyist.memory.available_memory", lambda: 20_000)
    with pytest.raises(ArgumentError, match=r"the codes of 40 images must fit into memory, .* \(--set images=…"):
        sample_steps(model_of(source), count=2, shape=SHAPE, method=GaussianCodes())
    with pytest.raises(ArgumentError, match=r"^steps must be at least 0, got -1"):
        GaussianCodes(steps=-1)
    with pytest.raises(ArgumentError, match=r"^std must be at least 0, got -0.1"):
        GaussianCodes(std=-0.1)
    with pytest.raises(ArgumentError, match=r"^images must be at least 2, got 1"):
        GaussianCodes(images=1)
