"""What claims about copies of noisy images compute, of models that pass on a known share of the noise."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from copyist.claims.each import mse_need_not_blur
from copyist.claims.nets import photos, small_photos
from copyist.claims.trial import Trial
from copyist.training import Recipe

from .known import Affine, Passing, known_splits, known_trial, measured


def passing(
    shares: Callable[[Recipe], float | Callable[[Tensor], float]],
    *,
    shift: Callable[[Recipe], float] = lambda _: 0.0,
    training_shift: Callable[[Recipe], float] = lambda _: 0.0,
) -> Trial:
    """A trial whose trained models pass on a share of the noise; untrained ones pass on all of it."""
    return known_trial(
        lambda recipe: Passing(
            known_splits(recipe.data), share=shares(recipe), shift=shift(recipe), training_shift=training_shift(recipe)
        ),
        lambda _: Affine(),
    )


SMALL = small_photos(passing(lambda _: 0.0))


def near(values: dict[str, float], wanted: dict[str, float], *, within: float = 2e-3) -> None:
    """Compare some values with those on paper."""
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=within)


def test_attention_in_a_unet_is_held_against_the_plain_unet_that_copies_as_well() -> None:
    names = {"linear-attention-unet": 0.9, "mixed-attention-unet": 0.7, "unet-skips": 0.8}
    trial = passing(lambda r: next((share for name, share in names.items() if name in r.name), 0.3))
    values = measured("linear-attention-unet-copies-noise", trial)
    near(values, {"gain": 0.9, "gain_plain": 0.3, "gain_skips": 0.8, "gain_mixed": 0.7, "gain_linear_skips": 0.9})
    near(values, {f"{what}_difference": 0.6 for what in ("gain", "blend", "gaussian")})


def test_errors_of_codes_are_held_against_those_of_a_quarter_of_the_size() -> None:
    shifts = {"2": 0.1, "8": 0.05, "32": 0.02, "8-2-times-as-wide": 0.01}

    def shift(recipe: Recipe) -> float:
        return shifts.get(recipe.name.removeprefix("photos-bottleneck-of-"), 0.5)

    trial = passing(lambda _: 0.0, shift=shift, training_shift=lambda recipe: shift(recipe) / 10)
    values = measured("bottleneck-trades-error", trial)
    near(values, {"held_out_step": 0.25, "training_step": 0.25, "wider_net": 0.04})
    x, train = (part.images() for part in (known_splits(SMALL).test, known_splits(SMALL).train))
    axes = torch.linalg.svd((train - train.mean(0)).flatten(1), full_matrices=False).Vh[:2]
    rows = (x - train.mean(0)).flatten(1)
    near(values, {"smallest_against_pca": 0.1**2 / float((rows - rows @ axes.T @ axes).square().mean())})
    near(values, {"mean_image_psnr": -10 * float(rows.square().mean().log10())})
    decibels = {"held_out_psnr": 0.02, "lossless": 0.002, "overcomplete_training_psnr": 0.05}
    near(values, {name: -20 * math.log10(error) for name, error in decibels.items()}, within=0.01)


def test_detail_is_that_of_the_copies_on_the_photographs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # A copy of a share of the contrast has the square of it in every frequency, and misses the square of the rest.
    scales = {"photos-unet-0.25-times-as-wide": 0.5, "photos-unet-2-times-as-wide": 0.9, "photos-unet-variational": 0.6}

    def model(recipe: Recipe) -> Affine:
        longer = recipe.training.steps == 60 and "0.25" in recipe.name
        return Affine(scale=0.7 if longer else scales.get(recipe.name, 0.8))

    def drawn(_: object, count: int, trial: Trial, *, with_noise: bool = False) -> Tensor:
        x = trial.splits(photos(trial)).test.images(0, count)
        return (0.3 if with_noise else 0.4) * x

    monkeypatch.setattr(mse_need_not_blur, "_samples", drawn)
    values = measured("mse-need-not-blur", known_trial(model))
    near(values, {"small_detail": 0.25, "large_detail": 0.81, "large_missed": 0.01, "detail_by_size": 0.56})
    near(values, {"small_missed": 0.25, "small_trained_longer": 0.49, "usual_detail": 0.64})
    near(values, {"vae_detail": 0.16, "vae_detail_with_noise": 0.09, "vae_copies_detail": 0.36})
    near(values, {"large_detail_training": 0.81, "large_missed_training": 0.01})
