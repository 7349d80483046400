"""What claims about attention compute, of maps whose copies, inversions and Jacobians are known on paper."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import pytest
import torch
from torch import Tensor, nn

from copyist.claims.each import dot_attention_represents_less
from copyist.claims.measures.inversion_finding import find_inversion
from copyist.claims.model_folder import Resources, TrainedNet
from copyist.claims.trial import Trial
from copyist.data.splits import Splits
from copyist.metrics.distortion import psnr
from copyist.models import Model
from copyist.models.contracts import TrainedOn
from copyist.training import Recipe

from .known import Affine, Gray, Known, Passing, known_splits, known_trial
from .known import measured as measured_by_instrument

FEW = "scenes?size=16&limit=16"


def measured(name: str, trial: Trial) -> dict[str, float]:
    """What a claim measures, by the one instrument there is, which passes."""
    values = measured_by_instrument(name, trial)
    assert all(check.passed for check in trial.instruments.values())
    return {key.removesuffix("@inversion"): value for key, value in values.items()}


@final
class OneColor(Known):
    """Every image becomes its mean color."""

    def decode(self, z: Tensor) -> Tensor:
        return z.mean((2, 3), keepdim=True).expand_as(z)


@final
class Blur(Known):
    """The mean of a pixel and its neighbors."""

    def decode(self, z: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(nn.functional.pad(z, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


@final
class Faded(Known):
    """Brightness passes, and of color a share."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def decode(self, z: Tensor) -> Tensor:
        gray = z.mean(1, keepdim=True)
        return gray + self.share * (z - gray)


@final
class Shuffled(Known):
    """Every value at another place: an orthogonal map."""

    def decode(self, z: Tensor) -> Tensor:
        return z.flatten(1).roll(7, 1).view_as(z)


@final
class Diagonal(Known):
    """Every value by a factor of its own, from 1 down to 1 / condition, by equal ratios."""

    def __init__(self, condition: float) -> None:
        super().__init__()
        self.condition = condition

    def decode(self, z: Tensor) -> Tensor:
        rows = z.flatten(1)
        falling = torch.logspace(0, -math.log10(self.condition), rows.shape[1], dtype=z.dtype)
        return (rows * falling).view_as(z)


@final
@dataclass(frozen=True)
class OnTheWay(Resources):
    """Few images, and known models at each snapshot; None where it is not reached."""

    nets: Callable[[Recipe, float | None], Model | None]

    def splits(self, source: str) -> Splits:
        return known_splits("photos?size=16" if source.startswith("photos") else FEW)

    def trained(
        self, recipe: Recipe, *, seed: int, start: Recipe | None = None, at: float | None = None
    ) -> TrainedNet | None:
        model = self.nets(recipe, at)
        if model is None:
            return None
        model.trained_on = TrainedOn(image_shape=self.splits(recipe.data).train.image_shape)
        return TrainedNet(model=model, visits=round(1000 * (at or 100)), seconds=1.0)

    def untrained(self, recipe: Recipe, *, seed: int) -> Model:
        model = OneColor()
        model.trained_on = TrainedOn(image_shape=self.splits(recipe.data).train.image_shape)
        return model


def on_the_way(nets: Callable[[Recipe, float | None], Model | None]) -> Trial:
    """A trial at scale standard, where nets have snapshots."""
    return Trial(scale="standard", seed=0, resources=OnTheWay(nets))


def near(values: dict[str, float], wanted: dict[str, float], *, within: float = 0.01) -> None:
    """Compare some values with those on paper."""
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, rel=within, abs=1e-3)


def passing(share: float, shift: float = 1e-4) -> Passing:
    return Passing(known_splits(FEW), share=share, shift=shift)


def test_a_unet_with_attention_is_held_against_others_where_all_copy_alike_and_at_the_end() -> None:
    shares: dict[tuple[str, float | None], float] = {
        ("linear-attention-unet", 33.0): 0.6,
        ("linear-attention-unet", None): 0.9,
        ("none-attention-unet", 33.0): 0.5,
        ("mixed-attention-unet", 33.0): 0.7,
        ("ladder-skips", 33.0): 0.8,
        ("ladder", 33.0): 0.3,
        ("ladder", None): 0.2,
    }

    def nets(recipe: Recipe, at: float | None) -> Model | None:
        if recipe.name == "linear-attention-unet-without-skips":
            # It never comes to 33 dB, and at its end copies as the plain one does at 31.
            return passing(0.4, shift=0.01) if at is None else None
        if (recipe.name, at) == ("ladder", 31.0):
            return passing(0.1, shift=0.01)
        if (recipe.name, at) in shares:
            return passing(shares[recipe.name, at])
        return None if at is not None else Affine()  # the identity at the end

    values = measured("linear-attention-unet-copies-noise", on_the_way(nets))
    near(values, {"blend_over_plain": 0.6 / 0.3, "gaussian_over_plain": 0.6 / 0.3, "gain_difference": 0.6 - 0.3})
    near(values, {"blend_over_plain_at_end": 0.9 / 0.2, "gain_at_end": 0.9})
    near(values, {"blend_over_without_attention": 0.6 / 0.5, "gain_difference_without_skips": 0.4 - 0.1})
    near(values, {"gain_mixed_alike": 0.7, "gain_skips_alike": 0.8, "gain_skips_last": 1.0, "gaussian_mixed_last": 1.0})
    near(values, {"psnr_without_skips_alike": 40.0, "gain_without_skips_alike": 0.4})


@pytest.mark.slow
def test_linear_attention_that_is_the_identity_copies_represents_and_does_not_denoise() -> None:
    def model(recipe: Recipe) -> Model:
        unet = Passing(known_splits(recipe.data), share=0.2, shift=1e-4)
        return Affine(scale=1.0, shift=0.001) if "attention" in recipe.name else unet

    values = measured("linear-attention-represents-perfectly", known_trial(model, lambda _: Gray()))
    near(values, {"clean_psnr": 60.0, "gain": 1.0, "blend_ratio": 1.0, "gaussian_ratio": 1.0, "sharpness_trained": 1.0})
    near(values, {"blend_over_unet": 1 / 0.2, "gaussian_over_unet": 1 / 0.2, "gain_unet_alike": 0.2}, within=0.05)
    assert values["beyond_one_color"] > 30.0
    assert max(values["missed_trained"], values["noise_trained"]) < 0.05
    assert values["converged_share"] == (4 + 0.5) / (4 + 1)
    # Of an untrained net that lets brightness pass, colors are missed.
    assert values["missed_untrained"] > 4 * values["missed_trained"]


def test_linear_attention_that_blurs_removes_noise_and_misses_detail() -> None:
    trial = known_trial(lambda recipe: Blur() if "attention" in recipe.name else Affine(), lambda _: Affine())
    values = measured("linear-attention-represents-perfectly", trial)
    # A ninth of each value is passed on, and by edges, which are repeated, two ninths: in a row of 16 by 9 / 8 more.
    assert values["gain"] == pytest.approx((9 / 8) ** 2 / 9, abs=0.003)
    assert values["gaussian_ratio"] < 0.9
    assert values["gaussian_over_unet"] == pytest.approx(values["gaussian_ratio"], rel=0.1)
    assert values["missed_trained"] > 10 * values["missed_untrained"] or math.isnan(values["missed_trained"])


def test_attention_that_gives_one_color_neither_copies_nor_represents() -> None:
    trial = known_trial(lambda _: OneColor(), lambda _: Affine(scale=0.5, shift=0.25))
    values = measured("dot-attention-alone-copies", trial)
    x = known_splits("scenes?size=16&limit=32").test.images(0, 256)
    assert values["clean_psnr"] == pytest.approx(values["psnr_one_color"], abs=1e-4)
    assert values["beyond_one_color"] <= 1e-4
    assert values["missed_trained"] == pytest.approx(1.0, abs=0.02)
    assert values["noise_trained"] == pytest.approx(values["noise_of_start"], rel=0.02)
    # One of the 256 positions is a 256th of their mean.
    assert values["gain"] == pytest.approx(1 / 256, abs=0.003)
    # Half of the contrast around 0.5 is off by half of it, and loses nothing.
    assert values["psnr_untrained"] == pytest.approx(float(psnr(0.5 * x + 0.25, x).mean()), abs=1e-3)
    assert values["missed_untrained"] < 0.05


def test_dot_products_alone_that_are_the_identity_do_all_that_is_claimed() -> None:
    values = measured("dot-attention-alone-copies", known_trial(lambda _: Affine(scale=1.0, shift=0.001)))
    near(values, {"clean_psnr": 60.0, "gain": 1.0, "blend_ratio": 1.0, "gaussian_ratio": 1.0})
    assert values["beyond_one_color"] > 30.0
    assert values["missed_trained"] < 0.05


def test_dot_products_are_held_against_linear_attention_at_its_end_and_where_it_copies_alike() -> None:
    def nets(recipe: Recipe, at: float | None) -> Model | None:
        if "dot" in recipe.name:
            return Faded(0.0) if at is None else None
        # On its way linear attention copies as dot products do, and knows as little; in the end it knows all.
        return {None: Affine(), 20.0: OneColor(), 24.0: Gray()}.get(at)

    values = measured("dot-attention-represents-less", on_the_way(nets))
    assert values["shared_converged"] == 1.0
    assert values["missed_dot"] > 0.1
    assert values["missed_ratio"] == pytest.approx(values["missed_dot"] / values["missed_linear"])
    assert values["missed_ratio"] > 10
    assert values["missed_ratio_of_all"] > 10
    assert values["noise_ratio"] > 10
    assert values["missed_ratio_alike"] == pytest.approx(1.0, abs=0.01)
    near(values, {"gain_linear": 1.0, "gain_dot": 1 / 3, "psnr_linear_alike": values["psnr_dot"]}, within=0.05)


def test_errors_are_compared_on_images_that_converged_in_both_nets(trial: Trial) -> None:
    x = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    found = find_inversion(nn.Identity(), x, trial)
    errors = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    scales = torch.tensor([9.0, 0.04, 0.02]).view(3, 1, 1, 1), torch.tensor([0.02, 0.02, 9.0]).view(3, 1, 1, 1)
    first, second = (
        replace(found, kept=torch.tensor(kept), inverses=(x + scale * errors, x + scale * errors.flip(3)))
        for kept, scale in zip(([False, True, True], [True, True, False]), scales, strict=True)
    )
    missed, noise = dot_attention_represents_less._ratios(first, second, x)
    assert (missed, noise) == (pytest.approx(2.0, rel=0.02), pytest.approx(2.0, rel=0.02))


def test_conditions_and_inversions_are_those_of_jacobians_on_paper() -> None:
    def trained(recipe: Recipe) -> Model:
        return Affine(scale=2.0) if "residual" in recipe.name else Diagonal(1e3)

    def untrained(recipe: Recipe) -> Model:
        return Shuffled() if "residual" in recipe.name else Diagonal(1e6)

    values = measured("dot-attention-is-ill-conditioned", known_trial(trained, untrained))
    near(values, {"condition_ratio_untrained": 1e6, "condition_ratio_trained": 1e3, "conditioned_by_training": 1e-3})
    near(values, {"condition_dot_alone_with_untrained": 1.0, "condition_dot_alone_with_trained": 1.0})
    near(values, {"condition_linear_alone_without_trained": 1e3, "condition_dot_between_without_untrained": 1e6})
    # Of six decades four are below a hundredth, and of three one.
    near(values, {"small_dot_alone_without_untrained": 4 / 6, "small_dot_alone_without_trained": 1 / 3}, within=0.02)
    assert min(values["missed_ratio_untrained"], values["missed_ratio_trained"]) > 2
    assert values["missed_of_all_dot_alone_with_untrained"] < 0.05
    assert values["missed_of_all_dot_alone_without_untrained"] > values["missed_of_all_dot_alone_without_trained"]


def test_gains_are_told_apart_by_color_at_the_first_snapshot_and_at_the_end() -> None:
    shares = {20.0: 0.1, 24.0: 0.3, None: 0.6}
    trial = on_the_way(lambda _, at: Faded(shares[at]) if at in shares else None)
    values = measured("linear-attention-passes-brightness-first", trial)
    for kind in ("scenes", "photos"):
        near(values, {f"brightness_first_{kind}": 1.0, f"color_first_{kind}": 0.1, f"color_last_{kind}": 0.6})
        near(values, {f"gap_first_{kind}": 0.9, f"gap_last_{kind}": 0.4, f"color_rise_{kind}": 0.5})
        assert values[f"psnr_last_{kind}"] > values[f"psnr_first_{kind}"]
    # Independent values of three channels, of which brightness is one direction.
    near(values, {"color_share_photos": 2 / 3}, within=0.02)
