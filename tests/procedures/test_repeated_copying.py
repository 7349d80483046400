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

COUNT, SHAPE = 64, (3, 8, 6)


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


def test_samples_have_the_mean_and_the_spread_of_each_channel(images: Tensor, tmp_path: Path) -> None:
    method = RepeatedCopying(steps=2, statistics="channels", source=str(tmp_path / "images.npz"))
    x = sample(copier(""), count=COUNT, method=method)
    for found, wanted in (
        (x.mean((0, 2, 3)), images.mean((0, 2, 3))),
        (x.std((0, 2, 3), correction=0), images.std((0, 2, 3), correction=0)),
    ):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert (x.mean(0) - images.mean(0)).abs().max() > 0.1


def test_samples_of_another_size_take_the_statistics_of_channels_alone(images: Tensor, tmp_path: Path) -> None:
    model = copier(str(tmp_path / "images.npz"))
    x = sample(model, count=COUNT, shape=(3, 4, 4), method=RepeatedCopying(steps=2, statistics="channels"))
    torch.testing.assert_close(x.mean((0, 2, 3)), images.mean((0, 2, 3)), atol=1e-5, rtol=0)
    with pytest.raises(ShapeError, match=r"got 3x4x4 and 3x8x6; name other images"):
        sample(model, count=COUNT, shape=(3, 4, 4), method=RepeatedCopying())


def test_gray_samples_have_the_statistics_of_gray_images(tmp_path: Path) -> None:
    x = np.random.default_rng(1).uniform(size=(50, 1, 4, 6)).astype(np.float32)
    np.savez(tmp_path / "gray.npz", x_train=x, x_test=x[:5] / 2)
    found = sample(copier(str(tmp_path / "gray.npz")), count=COUNT, shape=(1, 4, 6), method=RepeatedCopying(steps=2))
    torch.testing.assert_close(found.mean(0), torch.from_numpy(x.mean(0)), atol=1e-5, rtol=0)


def test_images_that_have_changed_are_read_again(images: Tensor, tmp_path: Path) -> None:
    model, path = copier(str(tmp_path / "images.npz")), tmp_path / "images.npz"
    sample(model, count=COUNT, method=RepeatedCopying(steps=1))
    changed = images.numpy()[::-1] / 2
    np.savez(path, x_train=changed, x_test=changed[:9] / 2)
    x = sample(model, count=COUNT, method=RepeatedCopying(steps=1))
    torch.testing.assert_close(x.mean(0), images.mean(0) / 2, atol=1e-5, rtol=0)


def test_without_statistics_all_is_left_as_copied() -> None:
    method = RepeatedCopying(steps=3, mean=0.8, std=0.0, statistics="none")
    states = list(sample_steps(copier("nowhere"), count=2, shape=SHAPE, method=method))
    assert [float(state.mean()) for state in states] == pytest.approx([0.4, 0.2, 0.1])


def test_the_noise_has_the_mean_of_the_images_unless_it_is_given(images: Tensor, tmp_path: Path) -> None:
    method = RepeatedCopying(steps=1, std=0.0, statistics="none", source=str(tmp_path / "images.npz"))
    x = sample(copier(""), count=2, shape=SHAPE, method=method)
    torch.testing.assert_close(x, (images.mean() / 2).expand_as(x))


def test_a_place_that_is_alike_in_all_samples_takes_the_mean(images: Tensor, tmp_path: Path) -> None:
    x = sample(copier(str(tmp_path / "images.npz")), count=COUNT, method=RepeatedCopying(steps=1, std=0.0))
    torch.testing.assert_close(x, images.mean(0).expand_as(x), atol=1e-5, rtol=0)


def test_what_cannot_have_the_statistics_is_refused_before_the_first_step(images: Tensor, tmp_path: Path) -> None:
    model = copier(str(tmp_path / "images.npz"))
    with pytest.raises(ArgumentError, match=r"over at least 32 samples, got 31; take more \(--count 32\)"):
        sample_steps(model, count=31, method=RepeatedCopying())
    with pytest.raises(DataError, match=r"got 'nowhere.npz', which cannot be read \(.*\); say where they are"):
        sample_steps(copier("nowhere.npz"), count=COUNT, method=RepeatedCopying())
    with pytest.raises(DataError, match=r"and this model does not name its own; say where they are"):
        sample_steps(copier(""), count=COUNT, method=RepeatedCopying())
    with pytest.raises(DataError, match=r"^[^(]*elsewhere.npz"):
        sample_steps(model, count=COUNT, method=RepeatedCopying(source="elsewhere.npz"))
    with pytest.raises(UnknownNameError, match=r"statistics= must be one of places, channels, none, got 'place'"):
        RepeatedCopying(statistics="place")  # pyright: ignore[reportArgumentType]
