"""U-Nets on real images, as the check on what drawn landscapes show: gray faces, and crops of photographs."""

__all__ = ["crops_unet", "faces_unet"]

from dataclasses import replace

from copyist.claims.nets.ladder import ladder
from copyist.claims.nets.small_scenes import small_unet
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.training import Recipe


def faces_unet(trial: Trial, *, skips: bool = False) -> Recipe:
    """A U-Net of the ladder's shape and half its width on gray faces of 32×32, whose code is twice the image.

    5000 steps of 32 images at scale standard, some 5 minutes of one thread.
    """
    base = ladder(trial, "skips" if skips else "plain")
    shape = UNetConfig(
        width=trial.pick(smoke=4, standard=16, gpu=64), levels=trial.pick(smoke=3, standard=4, gpu=5), skips=skips
    )
    return replace(
        base,
        name="faces-unet-skips" if skips else "faces-unet",
        data=trial.pick(
            smoke="faces?size=16&channels=1&limit=64",
            standard="faces?size=32&channels=1",
            gpu="faces?size=32&channels=1",
        ),
        model=shape,
        training=replace(
            base.training, steps=trial.pick(smoke=20, standard=5000, gpu=20_000), snapshots=(22.0, 24.0, 26.0, 28.0)
        ),
    )


def crops_unet(trial: Trial) -> Recipe:
    """The small ladder's net on crops of photographs of 16×16, which have no common layout.

    5000 steps at scale standard, some 3.5 minutes of one thread.
    """
    base = small_unet(trial)
    return replace(
        base,
        name="crops-unet",
        data=trial.pick(smoke="photos?size=16&stride=32&limit=64", standard="photos?size=16", gpu="photos?size=32"),
        training=replace(base.training, steps=trial.pick(smoke=20, standard=3000, gpu=20_000), snapshots=()),
    )
