"""Copying on principal axes, beside numpy's singular vectors."""

import numpy as np
import pytest
import torch

from copyist.experiments.linear_copier import linear_copier, moments_matched
from copyist.tensors import Images


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
