"""The standard ladder: copiers of whole landscapes, each trained once, with snapshots at the quality of its copies.

One image visit (a forward and a backward pass) of the plain net costs about 5 ms of one thread, of which a thousand
steps are some two and a half minutes.
"""

__all__ = [
    "LADDER",
    "SNAPSHOTS",
    "SNAPSHOTS_BY_HEART",
    "Variant",
    "by_heart",
    "ladder",
    "ladder_denoiser",
    "ladder_variational",
    "small_ladder",
]

from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from copyist.claims.nets.scaling import marked_name, scenes
from copyist.claims.nets.unets import denoiser, variational
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.nn.norm import Statistics
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training

Variant: TypeAlias = Literal["plain", "skips", "no-norm", "per-image", "hidden", "deep"]
"""What of the plain U-Net is changed: nothing; skips; no normalization; each image's own statistics; the module of 500,
100 and 500 units in the middle; one level more."""

LADDER: tuple[Variant, ...] = get_args(Variant)
"""All of them, in the order of training."""

SNAPSHOTS = (24.0, 28.0, 31.0, 33.0, 36.0)
"""PSNR of copies of held-out images, in dB, at which a net is kept; and it is kept at its end."""

_CHANGED: dict[Variant, dict[str, Any]] = {
    "plain": {},
    "skips": {"skips": True},
    "no-norm": {"statistics": "none"},
    "per-image": {"statistics": "image"},
    "hidden": {"hidden": (500, 100, 500)},
    "deep": {"levels": 5},
}


def ladder(trial: Trial, variant: Variant = "plain", *, width: float = 1.0, count: int | None = None) -> Recipe:
    """A net of the standard ladder.

    Args:
        trial: decides sizes and steps.
        variant: what is changed of the plain net.
        width: factor on the maps of every level.
        count: how many landscapes to train on; None is all, 2048 at scale standard.
    """
    shape = UNetConfig(
        width=round(width * trial.pick(smoke=4, standard=32, gpu=64)), levels=trial.pick(smoke=3, standard=4, gpu=5)
    )
    changed = _CHANGED[variant] | ({"levels": shape.levels + 1} if variant == "deep" else {})
    marks = {variant: variant != "plain", f"{width:g}-times-as-wide": width != 1, f"of-{count}": count is not None}
    steps = trial.pick(smoke=20, standard=LENGTHS[variant], gpu=20_000)
    return Recipe(
        name=marked_name("ladder", marks),
        data=scenes(trial, count=count),
        model=replace(shape, **changed),
        objective=Copying(),
        training=_training(trial, steps=steps, rate=1e-3 if variant == "no-norm" else 3e-3),
    )


LENGTHS: dict[Variant, int] = {
    "plain": 15_000,
    "skips": 6000,
    "no-norm": 6000,
    "per-image": 6000,
    "hidden": 6000,
    "deep": 6000,
}
"""Steps of 32 images at scale standard."""


SNAPSHOTS_BY_HEART = (24.0, 28.0, 32.0, 36.0, 38.0, 40.0)
"""PSNR of copies of the images that a small net is learning by heart, in dB, at which it is kept."""


def ladder_denoiser(trial: Trial) -> Recipe:
    """The plain net of the ladder, trained to denoise blends and zero-mean noise of any strength.

    3000 steps at scale standard: 96,000 visits, some 8 minutes of one thread.
    """
    base = ladder(trial)
    steps = trial.pick(smoke=20, standard=3000, gpu=20_000)
    training = replace(base.training, steps=steps, snapshots=())
    return replace(denoiser(base), training=training)


def small_ladder(
    trial: Trial,
    *,
    count: int = 64,
    skips: bool = False,
    steps: int | None = None,
    statistics: Statistics = "batch",
    by_heart: bool = False,
) -> Recipe:
    """A net of the small ladder: few landscapes of 16×16, which it comes to know by heart; the code is twice the image.

    Args:
        trial: decides sizes and steps.
        count: how many landscapes to train on.
        skips: whether the decoder is also handed the encoder's maps.
        steps: of the optimizer at scale standard; None is 6000, of which a thousand take some 40 seconds of one thread.
        statistics: whose the normalization uses.
        by_heart: whether the snapshots are by copies of training images, which get ever better where those of held-out
            images stay poor; four times as many looks are taken, and no image is mirrored, which would double the set.
    """
    size, usual = trial.pick(smoke=16, standard=16, gpu=32), steps or 6000
    rate = 1e-3 if statistics == "none" else 3e-3
    training = _training(trial, steps=trial.pick(smoke=20, standard=usual, gpu=20_000), rate=rate)
    return Recipe(
        name=marked_name(
            f"small-ladder-of-{count}",
            {
                "skips": skips,
                f"{usual}-steps": usual != 6000,
                statistics: statistics != "batch",
                "by-heart": by_heart,
            },
        ),
        data=f"scenes?size={size}&limit={trial.pick(smoke=min(count, 32), standard=count, gpu=count)}",
        model=UNetConfig(width=trial.pick(smoke=4, standard=24, gpu=48), levels=3, skips=skips, statistics=statistics),
        objective=Copying(),
        training=_by_heart(training) if by_heart else training,
    )


STEPS_BY_HEART = {32: 2000, 64: 4000, 256: 10_000}
"""Steps at scale standard, by the number of images.

In trials 64 images were copied at 36 dB after 850 steps, at 38 after 1450 and at 39.3 after 2500 (held-out ones at 25);
256 at 28 after 400, at 32 after 1350 and at 34.1 after 3000 (28), 2.2 dB more for each doubling of the steps; 32, which
were mirrored too, at 38 after 700 and at 43.6 after 2000 (23).
"""


def by_heart(trial: Trial, *, count: int) -> Recipe:
    """A net of the small ladder that learns 32, 64 or 256 landscapes by heart, kept on its way there.

    A quiet thread takes about a minute for 32, two and a half for 64, and six and a half for 256.
    """
    return small_ladder(trial, count=count, steps=STEPS_BY_HEART[count], by_heart=True)


def ladder_variational(trial: Trial) -> Recipe:
    """A variational autoencoder of the plain ladder net's maps, and of as many units of code.

    Its 3000 steps of 32 images, at a lower rate than a copier bears, take about 8 minutes of one thread.
    """
    plain = ladder(trial)
    training = _training(trial, steps=trial.pick(smoke=20, standard=3000, gpu=20_000), rate=1e-3)
    return variational(replace(plain, training=replace(training, snapshots=())))


def _by_heart(training: Training) -> Training:
    return replace(
        training,
        flip=False,
        snapshots=SNAPSHOTS_BY_HEART,
        snapshot_split="training",
        validate_every=training.validate_every // 4,
    )


def _training(trial: Trial, *, steps: int, rate: float) -> Training:
    return Training(
        steps=steps,
        batch_size=trial.pick(smoke=16, standard=32, gpu=32),
        averaging=0.99,
        validate_every=trial.pick(smoke=10, standard=200, gpu=200),
        validation_images=trial.pick(smoke=16, standard=256, gpu=256),
        save_every=trial.pick(smoke=20, standard=200, gpu=1000),
        snapshots=SNAPSHOTS,
        optimization=Optimization(learning_rate=rate),
    )
