"""Diffusion of pixels and of codes at several resolutions, of one resolution each for the same time of one thread.

A step was timed, in seconds of one thread. Of pixels: 32 images of 32×32 0.23, 16 of 64×64 0.42, 8 of 128×128 0.79. Of
codes, 32 of each size: 0.07, 0.11 and 0.11. Of their autoencoders, as many images as of pixels: 0.17, 0.17 and 0.53; to
encode 2048 images of 128×128 takes 40 seconds.
"""

__all__ = ["LONG", "SHORT", "SIDES", "Side", "landscapes", "latent_diffusion", "pixel_diffusion"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from copyist import recipes
from copyist.claims.trial import Trial
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.models.unet import UNetConfig
from copyist.training import FirstStage, Recipe, Training

Side: TypeAlias = Literal[32, 64, 128]
"""Pixels along a side at scale standard, by which resolutions are named at every scale."""

SIDES: tuple[Side, ...] = (32, 64, 128)
"""All of them."""

LONG = 1.0
"""Share of the longest time of training: all of it."""

SHORT = 0.25
"""Share of the longest time of training."""


@final
@dataclass(frozen=True, kw_only=True)
class _Nets:
    """What is trained at one resolution, at scale standard."""

    batch: int
    """Images in a step of pixels, and of the autoencoder."""

    pixel_steps: int
    """In the longest time."""

    levels: int
    """Of the autoencoder, which divides the side by 2^(levels − 1)."""

    maps: int
    """Of the code."""

    first_steps: int
    """Of the autoencoder, in a third of the longest time."""

    width: int
    """Of the denoiser of codes."""

    denoiser_levels: int

    code_steps: Mapping[float, int]
    """Of the denoiser, by share of the longest time: in what is left of it when the images are encoded, which takes as
    long in both."""


_NETS: dict[Side, _Nets] = {
    32: _Nets(
        batch=32,
        pixel_steps=650,
        levels=3,
        maps=4,
        first_steps=290,
        width=64,
        denoiser_levels=2,
        code_steps={SHORT: 350, LONG: 1480},
    ),
    64: _Nets(
        batch=16,
        pixel_steps=720,
        levels=3,
        maps=4,
        first_steps=600,
        width=32,
        denoiser_levels=3,
        code_steps={SHORT: 380, LONG: 1730},
    ),
    128: _Nets(
        batch=8,
        pixel_steps=760,
        levels=4,
        maps=8,
        first_steps=380,
        width=32,
        denoiser_levels=3,
        code_steps={SHORT: 545, LONG: 3270},
    ),
}
"""Within 150, 300 and 600 seconds of one thread."""


def landscapes(trial: Trial, side: Side) -> str:
    """Landscapes of this resolution, half of it at scale smoke and twice at scale gpu."""
    pixels = trial.pick(smoke=side // 2, standard=side, gpu=2 * side)
    return f"scenes?size={pixels}&limit={trial.pick(smoke=64, standard=2048, gpu=2048)}"


def pixel_diffusion(trial: Trial, side: Side, share: float) -> Recipe:
    """Diffusion of pixels, for a share of the longest time."""
    nets = _NETS[side]
    base = recipes.diffusion(data=landscapes(trial, side))
    model = DiffusionUNetConfig(width=trial.pick(smoke=4, standard=24, gpu=48), levels=_levels(trial, 4))
    training = _training(base.training, trial, steps=nets.pixel_steps * share, batch=nets.batch)
    return replace(base, name=_named("pixel-diffusion", side, share), model=model, training=training)


def latent_diffusion(trial: Trial, side: Side, share: float) -> Recipe:
    """Diffusion of the codes of an autoencoder that is trained within the time."""
    nets, base = _NETS[side], recipes.latent_diffusion(data=landscapes(trial, side))
    first = recipes.autoencoder(data=base.data)
    first_stage = FirstStage(
        model=UNetConfig(
            width=trial.pick(smoke=4, standard=32 if side < 128 else 16, gpu=64),
            levels=_levels(trial, nets.levels),
            statistics="group",
            blocks="residual",
            code_channels=nets.maps,
        ),
        objective=first.objective,
        training=_training(first.training, trial, steps=nets.first_steps * share, batch=nets.batch),
    )
    width, levels = trial.pick(smoke=4, standard=nets.width, gpu=2 * nets.width), nets.denoiser_levels
    denoiser = replace(
        LatentDiffusionConfig().denoiser, width=width, levels=trial.pick(smoke=2, standard=levels, gpu=3)
    )
    steps = nets.code_steps[share]
    training = _training(base.training, trial, steps=steps, batch=32)
    return replace(
        base,
        name=_named("latent-diffusion", side, share),
        model=LatentDiffusionConfig(denoiser=denoiser),
        first_stage=first_stage,
        training=training,
    )


def _levels(trial: Trial, levels: int) -> int:
    return trial.pick(smoke=3, standard=levels, gpu=levels + 1)


def _named(name: str, side: Side, share: float) -> str:
    return f"{name}-{side}{'' if share == LONG else '-short'}"


def _training(training: Training, trial: Trial, *, steps: float, batch: int) -> Training:
    found = trial.pick(smoke=2, standard=round(steps), gpu=round(4 * steps))
    return replace(
        training,
        steps=found,
        batch_size=trial.pick(smoke=8, standard=batch, gpu=batch),
        validate_every=found,
        save_every=found,
    )
