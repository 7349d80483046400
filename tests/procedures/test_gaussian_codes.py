"""Codes are drawn from normal laws of training images' codes, decoded, and copied."""

from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, ContractError, DataError, ShapeError
from copyist.models import Autoencoder
from copyist.procedures import GaussianCodes, sample, sample_steps
from copyist.randomness import draw_below, draw_normal
from known import Exact, GaussianDenoiser

SHAPE = (3, 8, 6)


class Rotating(Exact, Autoencoder):
    """A code that is the image's values the other way round, and twice as large; decoding loses a tenth."""

    def encode(self, x: Tensor) -> Tensor:
        return 2 * x.flatten(1).flip(1)

    def decode(self, z: Tensor) -> Tensor:
        return 0.9 * z.flip(1).view(-1, *SHAPE) / 2


@final
class Shifted(Exact, Autoencoder):
    """A code that is the image, far from 0."""

    def encode(self, x: Tensor) -> Tensor:
        return x + 20

    def decode(self, z: Tensor) -> Tensor:
        return z - 20


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
    x = sample(model_of(str(tmp_path / "images.npz")), count=20_000, method=GaussianCodes(steps=0, neighbors=None))
    expected = 0.9 * images.flatten(1)
    # The mean of 20,000 draws is known to a hundredth of the spread, and so are covariances.
    torch.testing.assert_close(x.flatten(1).mean(0), expected.mean(0), atol=0.01, rtol=0)
    torch.testing.assert_close(torch.cov(x.flatten(1).T), torch.cov(expected.T), atol=0.004, rtol=0)
    assert torch.cov(expected.T).abs().max() > 0.03


def test_samples_are_combinations_of_training_codes_and_are_copied_after_it(images: Tensor, tmp_path: Path) -> None:
    model, method = (
        model_of(""),
        GaussianCodes(steps=2, std=0.5, neighbors=None, images=10, source=str(tmp_path / "images.npz")),
    )
    states = list(sample_steps(model, count=3, shape=SHAPE, generator=torch.Generator().manual_seed(4), method=method))
    weights = draw_normal((3, 10), generator=torch.Generator().manual_seed(4), like=images)
    some = images[::4]
    away = torch.einsum("bn,nchw->bchw", weights, some - some.mean(0)) / 3
    expected = 0.9 * (some.mean(0) + 0.5 * away)
    for step, state in enumerate(states):
        torch.testing.assert_close(state, expected * 0.9**step)
    assert len(states) == 3


def test_samples_of_few_neighbors_stay_in_the_cluster_they_are_drawn_in(tmp_path: Path) -> None:
    # Two clusters, each on a line of its own.
    draws = np.random.default_rng(0)
    along, place = draws.uniform(-0.1, 0.1, size=60), np.arange(60) % 2
    x = np.full((60, 144), 0.5)
    x[:, 0] = np.where(place == 0, 0.2, 0.8)
    x[np.arange(60), 1 + place] += along
    np.savez(tmp_path / "two.npz", x_train=x.reshape(60, *SHAPE).astype(np.float32))
    model = model_of(str(tmp_path / "two.npz"))
    few = sample(model, count=400, method=GaussianCodes(steps=0, neighbors=20)).flatten(1) / 0.9
    second = few[:, 0] > 0.5
    assert 120 < int(second.sum()) < 280
    torch.testing.assert_close(few[:, 0], torch.where(second, 0.8, 0.2), atol=1e-5, rtol=0)
    # Each varies along its own line alone.
    assert float((few[second, 1] - 0.5).abs().max()) < 1e-5 < 0.02 < float(few[second, 2].std())
    # Of all together the law fills what lies between.
    all_of_them = sample(model, count=400, method=GaussianCodes(steps=0, neighbors=None)).flatten(1) / 0.9
    assert int(((all_of_them[:, 0] - 0.5).abs() < 0.1).sum()) > 40
    # As many neighbors as there are images give one law too, whichever image they are next to.
    wide = sample(model, count=4000, method=GaussianCodes(steps=0, neighbors=1000)).flatten(1) / 0.9
    torch.testing.assert_close(wide.std(0)[:3], torch.from_numpy(x).float().std(0)[:3], rtol=0.06, atol=0)


def test_samples_are_combinations_of_the_codes_next_to_that_of_a_random_image(images: Tensor, tmp_path: Path) -> None:
    model, method = model_of(str(tmp_path / "images.npz")), GaussianCodes(steps=0, std=0.5, neighbors=6)
    found = sample(model, count=4, generator=torch.Generator().manual_seed(4), method=method)
    draws = torch.Generator().manual_seed(4)
    chosen = draw_below(40, (4,), generator=draws)
    weights = draw_normal((4, 6), generator=draws, like=images)
    for x, image, own in zip(found, images[chosen], weights, strict=True):
        near = images[(images - image).flatten(1).double().norm(dim=1).argsort()[:6]]
        away = (own[:, None, None, None] * (near - near.mean(0))).sum(0) * 0.5 / 5**0.5
        torch.testing.assert_close(x, 0.9 * (near.mean(0) + away))


def test_neighbors_are_told_apart_however_far_from_0_codes_lie(tmp_path: Path) -> None:
    # Two clusters of a spread that is lost in the squares of the codes.
    x = np.random.default_rng(0).uniform(0.5, 0.502, size=(60, *SHAPE))
    x[::2, :, :4] += 0.005
    np.savez(tmp_path / "two.npz", x_train=x.astype(np.float32))
    model = Shifted()
    model.trained_on = replace(model.trained_on, source=str(tmp_path / "two.npz"), image_shape=SHAPE)
    few = sample(model, count=200, method=GaussianCodes(steps=0, neighbors=20))[:, :, :4].mean((1, 2, 3))
    assert float((few[:, None] - torch.tensor([0.501, 0.506])).abs().min(1).values.max()) < 0.0005


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
    with pytest.raises(ArgumentError, match=r"^neighbors must be a whole number of at least 2, got 1"):
        GaussianCodes(neighbors=1)
    with pytest.raises(ArgumentError, match=r"^images must be at least 2, got 1"):
        GaussianCodes(images=1)
