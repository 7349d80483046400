"""Copies of copies of noise have the statistics of training images, at each place or in each channel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from copyist.models.contracts import Model
from copyist.procedures import RepeatedCopying, sample, sample_steps
from known import GaussianDenoiser

COUNT, SHAPE = 64, (3, 8, 8)


@pytest.fixture
def images(tmp_path: Path) -> Tensor:
    draws = np.random.default_rng(0)
    # Of another mean and spread in each place.
    x = draws.uniform(size=(100, *SHAPE)) * np.linspace(0.2, 1, 8)[:, None] * np.array([1, 0.5, 0.8])[:, None, None]
    np.savez(tmp_path / "images.npz", x_train=x.astype(np.float32), x_test=x[:9].astype(np.float32))
    return torch.from_numpy(x).float()


def copier(source: str) -> Model:
    """Halves what it copies."""
    model = GaussianDenoiser(mean=0, std=1, sigma=1)
    model.trained_on = replace(model.trained_on, source=source, image_shape=SHAPE)
    return model


def test_samples_have_the_mean_and_the_spread_of_each_place(images: Tensor, tmp_path: Path) -> None:
    x = sample(copier(str(tmp_path / "images.npz")), count=COUNT, method=RepeatedCopying(steps=3))
    torch.testing.assert_close(x.mean(0), images.mean(0), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std(0, correction=0), images.std(0, correction=0), atol=1e-5, rtol=0)


def test_or_those_of_each_channel(images: Tensor, tmp_path: Path) -> None:
    method = RepeatedCopying(steps=2, statistics="channels", source=str(tmp_path / "images.npz"))
    x = sample(copier(""), count=COUNT, method=method)
    for found, wanted in (
        (x.mean((0, 2, 3)), images.mean((0, 2, 3))),
        (x.std((0, 2, 3), correction=0), images.std((0, 2, 3), correction=0)),
    ):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert (x.mean(0) - images.mean(0)).abs().max() > 0.1


def test_or_nothing_is_set_right() -> None:
    method = RepeatedCopying(steps=3, mean=0.8, std=0.0, statistics="none")
    states = list(sample_steps(copier("nowhere"), count=2, shape=SHAPE, method=method))
    assert [float(state.mean()) for state in states] == pytest.approx([0.4, 0.2, 0.1])


def test_a_place_that_is_alike_in_all_samples_takes_the_mean(images: Tensor, tmp_path: Path) -> None:
    x = sample(copier(str(tmp_path / "images.npz")), count=COUNT, method=RepeatedCopying(steps=1, std=0.0))
    torch.testing.assert_close(x, images.mean(0).expand_as(x), atol=1e-5, rtol=0)


def test_what_cannot_be_set_right_is_refused(images: Tensor, tmp_path: Path) -> None:
    model = copier(str(tmp_path / "images.npz"))
    with pytest.raises(ArgumentError, match=r"over at least 32 samples, got 31; take more \(--count 32\)"):
        sample(model, count=31, method=RepeatedCopying())
    with pytest.raises(ShapeError, match=r"got 3x4x4 and 3x8x8 of .*images\.npz; name another source"):
        sample(model, count=COUNT, shape=(3, 4, 4), method=RepeatedCopying())
    with pytest.raises(DataError, match=r"got 'nowhere.npz', of which .*; say where they are"):
        sample(copier("nowhere.npz"), count=COUNT, method=RepeatedCopying())
    with pytest.raises(UnknownNameError, match=r"statistics= must be one of places, channels, none, got 'place'"):
        RepeatedCopying(statistics="place")  # pyright: ignore[reportArgumentType]
