"""What claims about copies of noisy images compute, of models that pass on a known share of the noise."""

from collections.abc import Callable

import pytest
from torch import Tensor

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


def near(values: dict[str, float], wanted: dict[str, float], *, within: float = 2e-3) -> None:
    """Compare some values with those on paper."""
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=within)


def test_attention_in_a_unet_is_held_against_the_plain_unet_that_copies_as_well() -> None:
    names = {"linear-attention-unet": 0.9, "mixed-attention-unet": 0.7, "unet-skips": 0.8}
    trial = passing(lambda r: next((share for name, share in names.items() if name in r.name), 0.3))
    values = measured("linear-attention-unet-copies-noise", trial)
    near(values, {"gain": 0.9, "gain_plain": 0.3, "gain_skips": 0.8, "gain_mixed": 0.7, "gain_linear_skips": 0.9})
    near(values, {f"{what}_difference": 0.6 for what in ("gain", "blend", "gaussian")})
