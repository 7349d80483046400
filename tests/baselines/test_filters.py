"""Classical filters: closed forms, scipy and scikit-image as oracles, and the choice of a setting."""

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from skimage.restoration import denoise_tv_chambolle

from copyist.baselines.filters import Filter, MatchedBlur, MeanImage, Median, TotalVariation, Unchanged, best_setting
from copyist.corruption import GaussianNoise, Shift, gaussian_blur
from copyist.errors import ArgumentError, ShapeError


def images(batch: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.rand(batch, 3, 10, 12, generator=torch.Generator().manual_seed(seed))


def test_the_identity_changes_nothing_and_the_mean_image_forgets_everything() -> None:
    train, x = images(6), images(2, seed=1)
    assert torch.equal(Unchanged()(x), x)
    torch.testing.assert_close(MeanImage.fitted(train)(x), train.sum(0).expand(2, 3, 10, 12) / 6)


def test_a_matched_blur_has_the_moments_it_was_given() -> None:
    x_hat = MatchedBlur.fitted(images(6), blur=1.0, contrast=0.9)(0.3 * images(5, seed=1) + 0.5)
    expected = images(6)
    torch.testing.assert_close(x_hat.mean((0, 2, 3)), expected.mean((0, 2, 3)))
    torch.testing.assert_close(x_hat.std((0, 2, 3)), 0.9 * expected.std((0, 2, 3)), rtol=5e-3, atol=0)


def test_a_matched_blur_undoes_a_shift_of_the_very_data_it_was_fitted_on() -> None:
    x = images()
    x_tilde = Shift(0.3)(x, generator=torch.Generator())
    torch.testing.assert_close(MatchedBlur.fitted(x, blur=0.0)(x_tilde), x)


def test_a_matched_blur_is_a_blur_but_for_an_affine_change_of_each_channel() -> None:
    x = images()
    x_hat, blurred = MatchedBlur.fitted(images(6, seed=1), blur=0.8)(x), gaussian_blur(x, sigma=0.8)
    for channel in range(3):
        pair = torch.stack([x_hat[:, channel].flatten(), blurred[:, channel].flatten()])
        assert torch.corrcoef(pair)[0, 1].item() == pytest.approx(1, abs=1e-5)


def test_a_flat_batch_is_matched_to_the_mean() -> None:
    x_hat = MatchedBlur.fitted(images(), blur=1.0)(torch.full((2, 3, 10, 12), 0.25))
    # What is left of float32's rounding is stretched by the data's spread over the least one, some 300 times.
    expected = images().mean((0, 2, 3))[:, None, None].expand(2, 3, 10, 12)
    torch.testing.assert_close(x_hat, expected, rtol=0, atol=1e-4)


def test_the_median_is_scipys_image_by_image_and_channel_by_channel() -> None:
    x = images()
    expected = np.stack([[median_filter(plane, size=3) for plane in image] for image in x.numpy()])
    np.testing.assert_array_equal(Median(3)(x).numpy(), expected)


def test_total_variation_is_scikit_images_channel_by_channel() -> None:
    x = images(2)
    expected = np.stack([denoise_tv_chambolle(image, weight=0.2, channel_axis=0) for image in x.numpy()])
    np.testing.assert_allclose(TotalVariation(0.2)(x).numpy(), expected, atol=1e-6)


def test_the_best_setting_is_the_one_nearest_to_the_clean_images() -> None:
    flat = torch.full((3, 1, 16, 18), 0.5)
    noisy = GaussianNoise(0.2)(flat, generator=torch.Generator().manual_seed(0))
    candidates = [Median(1), Median(7), Median(3)]
    assert best_setting(candidates, clean=flat, noisy=noisy) == Median(7)
    assert best_setting(candidates, clean=noisy, noisy=noisy) == Median(1)


def test_the_best_setting_is_judged_in_the_batches_it_will_meet() -> None:
    seen: list[Filter] = []

    def run(candidate: Filter, x_tilde: torch.Tensor) -> torch.Tensor:
        seen.append(candidate)
        return candidate(x_tilde)

    best_setting([Median(1), Median(3)], clean=images(), noisy=images(), run=run)
    assert seen == [Median(1), Median(3)]


def test_settings_are_told_in_words() -> None:
    blur = MatchedBlur.fitted(images(), blur=1.4, contrast=0.9)
    filters: list[Filter] = [Unchanged(), MeanImage.fitted(images()), blur, Median(3), TotalVariation(0.25)]
    assert [f.setting for f in filters] == ["", "", "1.4 px, contrast 0.9", "3 px", "weight 0.25"]
    assert [f.uses_batch_statistics for f in filters] == [False, False, True, False, False]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ArgumentError, match="size must be odd and at least 1, got 4"):
        Median(4)
    with pytest.raises(ArgumentError, match="weight must be greater than 0"):
        TotalVariation(0.0)
    with pytest.raises(ArgumentError, match="at least one filter"):
        best_setting([], clean=images(), noisy=images())
    with pytest.raises(ShapeError, match=r"images must have shape \(3, 10, 12\), got \(3, 10, 11\)"):
        MeanImage.fitted(images())(torch.rand(2, 3, 10, 11))
    with pytest.raises(ShapeError, match="images must have 3 channels, got 2"):
        MatchedBlur.fitted(images(), blur=1.0)(torch.rand(4, 2, 10, 12))
