"""Copying on principal axes, beside numpy's singular vectors."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from copyist.baselines.linear_copier import linear_copier, moments_matched, principal_copier
from copyist.data import open_source
from copyist.models.contracts import Autoencoder, needs
from copyist.models.in_batches import in_batches
from copyist.recipes import configured
from copyist.tensors import Images
from copyist.training import train


def images(count: int, *, seed: int) -> Images:
    """Images (2, 3, 4) that vary less and less along fixed axes."""
    draws = torch.Generator().manual_seed(9)
    axes = torch.linalg.qr(torch.randn(24, 24, generator=draws)).Q
    sizes = 0.3 * 0.8 ** torch.arange(24.0)
    parts = torch.randn(count, 24, generator=torch.Generator().manual_seed(seed))
    return (0.5 + (parts * sizes) @ axes).view(count, 2, 3, 4)


def psnr_by_numpy(train: Images, x: Images, count: int) -> float:
    """Mean PSNR of x on the first `count` right singular vectors of the centered training images."""
    rows, mean = train.flatten(1).double().numpy(), train.flatten(1).double().numpy().mean(0)
    axes = np.linalg.svd(rows - mean)[2][:count]
    centered = x.flatten(1).double().numpy() - mean
    error = centered - centered @ axes.T @ axes
    return float((-10 * np.log10((error**2).mean(1))).mean())


@pytest.mark.parametrize("count", [1, 2, 7, 16, 23])
def test_it_takes_the_fewest_axes_that_reach_the_quality(count: int) -> None:
    train, x = images(200, seed=0), images(30, seed=1)
    reached = psnr_by_numpy(train, x, count)
    assert len(linear_copier(train, x, clean_psnr=reached - 1e-3).axes) == count
    assert len(linear_copier(train, x, clean_psnr=reached + 1e-3).axes) == count + 1


def test_where_no_number_of_axes_is_enough_all_are_kept() -> None:
    # Ten images differ along nine axes.
    assert len(linear_copier(images(10, seed=0), images(30, seed=1), clean_psnr=200.0).axes) == 9


def test_a_copy_of_a_copy_is_that_copy() -> None:
    copier = linear_copier(images(200, seed=0), images(30, seed=1), clean_psnr=20.0)
    x_hat = copier(images(5, seed=2))
    torch.testing.assert_close(copier(x_hat), x_hat)
    torch.testing.assert_close(copier(copier.mean[None]), copier.mean[None])


def test_matched_copies_have_the_other_images_mean_and_spread_per_channel() -> None:
    x_hat, like = images(20, seed=3), 0.1 + 0.5 * images(30, seed=4)
    found = moments_matched(x_hat, like)
    torch.testing.assert_close(found.mean((0, 2, 3)), like.mean((0, 2, 3)))
    torch.testing.assert_close(found.std((0, 2, 3), correction=0), like.std((0, 2, 3), correction=0))


def test_matching_takes_back_another_brightness_and_contrast() -> None:
    x = images(20, seed=3)
    torch.testing.assert_close(moments_matched(0.3 * x + 0.4, x), x)


def test_copies_without_contrast_become_the_mean_instead_of_noise() -> None:
    like = images(30, seed=4)
    found = moments_matched(torch.full((20, 2, 3, 4), 0.7), like)
    on_paper = like.mean((0, 2, 3))[None, :, None, None].expand(20, 2, 3, 4)
    # A rounding error may be enlarged by the spread over a thousandth.
    torch.testing.assert_close(found, on_paper, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("count", "num_axes"), [(200, 5), (200, 24), (15, 7)])
def test_principal_copies_are_those_of_scikit_learn(count: int, num_axes: int) -> None:
    train, x = images(count, seed=0), images(30, seed=1)
    pca = PCA(num_axes).fit(train.flatten(1).double().numpy())
    wanted = pca.inverse_transform(pca.transform(x.flatten(1).double().numpy()))
    x_hat = principal_copier(train, num_axes=num_axes)(x)
    torch.testing.assert_close(x_hat.flatten(1), torch.from_numpy(wanted).float(), rtol=1e-4, atol=1e-5)


def test_there_are_no_more_principal_axes_than_the_examples_span() -> None:
    assert len(principal_copier(images(10, seed=0), num_axes=20).axes) == 9
    assert len(principal_copier(images(10, seed=0).flatten(1), num_axes=4).axes) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        ("linear", ["steps=2000", "batch_size=128", "learning_rate=1e-2"]),
        ("table", ["widths=[]", "activation=identity", "steps=1200", "weight_decay=0"]),
    ],
)
def test_a_linear_autoencoder_reaches_the_error_of_pca_and_nothing_less(
    recipe: str, settings: list[str], tmp_path: Path
) -> None:
    assignments = [*settings, "validate_every=9999", "save_every=9999"]
    chosen = configured(recipe, assignments=assignments)
    model = needs(train(chosen, out=tmp_path / "run").load(), Autoencoder, verb="test")
    learned = open_source(chosen.data).train
    # Images are learned as they are, a table in standard deviations.
    units = learned.examples().std(0, correction=0) if learned.is_table else torch.ones(())
    x, num_units = learned.examples() / units, model.encode(learned.examples(0, 1)).numel()
    copies = in_batches(model, model, learned.examples()).detach() / units
    pca = PCA(num_units).fit(x.flatten(1).double().numpy())
    lowest = ((pca.inverse_transform(pca.transform(x.flatten(1).double().numpy())) - x.flatten(1).numpy()) ** 2).mean()
    found = float((copies - x).square().mean())
    # No linear code of that size copies the training examples better; the smallest axes are found last.
    assert lowest * (1 - 1e-5) <= found <= 1.02 * lowest
