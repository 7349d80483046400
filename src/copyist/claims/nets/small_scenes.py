"""Nets on whole landscapes of 16×16, small enough for many seeds: overcomplete MLPs, and U-Nets on all landscapes."""

__all__ = ["MLP_REGIME", "mlp_denoiser", "scenes_mlp", "small_scenes", "small_unet"]

from dataclasses import replace

from copyist.claims.nets.ladder import small_ladder
from copyist.claims.nets.scaling import marked_name
from copyist.claims.nets.unets import denoiser
from copyist.claims.trial import Trial
from copyist.corruption import GaussianNoise
from copyist.evidence import Regime
from copyist.models.mlp import MLPConfig
from copyist.objectives import Copying, Denoising
from copyist.training import Optimization, Recipe, Training

COUNT = 2048
"""Landscapes to train on."""

STEPS = 10_000
"""Of the U-Nets: without skips 1200 reach 29.5 dB, and the source's nets copy far better."""

MLP_REGIME = Regime(psnr=27.0, code=1.0)
"""Of a fully connected net: 1600 steps reach 27 dB, and its copies go on improving; U-Nets copy better."""

SNAPSHOTS = (18.0, 20.0, 22.0, 24.0, 26.0, 27.0, 28.0)
"""PSNR of a fully connected net's copies of held-out images, in dB, at which it is kept."""


def small_scenes(trial: Trial) -> str:
    """Landscapes of 16×16: 768 values each."""
    return small_unet(trial).data


def small_unet(trial: Trial, *, skips: bool = False) -> Recipe:
    """The small ladder's net on as many landscapes as the standard ladder has.

    10,000 steps of 32 images at scale standard, some 6 minutes of one thread.
    """
    return small_ladder(trial, count=COUNT, skips=skips, steps=STEPS)


def scenes_mlp(trial: Trial, *, linear: bool = False, code: int | None = None) -> Recipe:
    """Five hidden layers, each wider than the input, with GELU.

    4000 steps of 128 images at scale standard, some 3.5 minutes of one thread; half as many where it is linear.

    Args:
        trial: decides sizes and steps.
        linear: whether it is without GELU, which makes it a linear map.
        code: units of the middle layer; None for as many as the others have.
    """
    units = trial.pick(smoke=800, standard=1000, gpu=4000)
    steps = trial.pick(smoke=20, standard=2000 if linear else 4000, gpu=20_000)
    marks = {"linear": linear, f"with-code-of-{code}": code is not None}
    return Recipe(
        name=marked_name("scenes-mlp", marks),
        data=small_scenes(trial),
        model=MLPConfig(widths=(units, units, code or units), activation="identity" if linear else "gelu"),
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, standard=128, gpu=512),
            averaging=0.99,
            validate_every=trial.pick(smoke=10, standard=200, gpu=200),
            validation_images=trial.pick(smoke=16, standard=256, gpu=256),
            save_every=trial.pick(smoke=20, standard=1000, gpu=1000),
            snapshots=SNAPSHOTS,
            optimization=Optimization(learning_rate=trial.pick(smoke=1e-3, standard=1e-3, gpu=1e-4)),
        ),
    )


def mlp_denoiser(recipe: Recipe, *, blends: bool = False) -> Recipe:
    """The same net, trained for half as many steps against the clean image.

    Args:
        recipe: of `scenes_mlp`.
        blends: whether it is given blends and zero-mean noise of any strength, or Gaussian noise of σ from 0 to 0.5.
    """
    halved = replace(recipe.training, steps=recipe.training.steps // 2, snapshots=())
    found = replace(denoiser(recipe), training=halved)
    if blends:
        return found
    noise = Denoising(corruption=GaussianNoise(sigma=(0.0, 0.5)))
    return replace(found, name=f"{recipe.name}-noise-denoiser", objective=noise)
