"""Photographs, and the U-Nets that copy them."""

__all__ = [
    "brief_unet",
    "photos",
    "photos_unet",
    "photos_unet_skips",
    "small_photos",
    "small_photos_unet",
]

from dataclasses import replace

from copyist.claims.nets.sizes import unet_levels, unet_width
from copyist.claims.nets.unets import unet
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.nn.norm import Statistics
from copyist.training import Recipe


def photos(trial: Trial) -> str:
    """Photographs, with whole photographs held out."""
    return trial.pick(smoke="photos?size=16&stride=32&limit=64", cpu="photos", gpu="photos?size=64")


def small_photos(trial: Trial) -> str:
    """Photographs small enough for a fully connected net."""
    return trial.pick(smoke="photos?size=8&stride=32&limit=64", cpu="photos?size=16", gpu="photos?size=32")


def photos_unet(
    trial: Trial,
    *,
    statistics: Statistics = "batch",
    hidden: bool = False,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips on photographs; the source's sizes at scale gpu.

    Args:
        trial: decides sizes and steps.
        statistics: whose the normalization uses.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    return unet(
        trial,
        family="photos",
        data=photos(trial),
        statistics=statistics,
        hidden=hidden,
        batch_size=batch_size,
        share=share,
    )


def photos_unet_skips(trial: Trial, *, statistics: Statistics = "batch", share: float = 1.0) -> Recipe:
    """The same with skips, which may pass its input around the code."""
    base = photos_unet(trial, statistics=statistics, share=share)
    config = UNetConfig(width=unet_width(trial), levels=unet_levels(trial), statistics=statistics, skips=True)
    return replace(base, name=base.name.replace("unet", "unet-skips"), model=config)


def small_photos_unet(trial: Trial, *, skips: bool = False) -> Recipe:
    """The U-Net on the images of the fully connected nets, without skips or with."""
    base = photos_unet_skips(trial) if skips else photos_unet(trial)
    config = replace(base.model, levels=trial.pick(smoke=2, cpu=4, gpu=5))  # pyright: ignore[reportCallIssue]
    return replace(base, name=f"small-{base.name}", data=small_photos(trial), model=config)


def brief_unet(trial: Trial, *, skips: bool = False, share: float = 1.0) -> Recipe:
    """The U-Net in small batches, and for as few steps as one with attention can be given on two cores.

    Args:
        trial: decides sizes and steps.
        skips: whether the decoder is also handed the encoder's maps.
        share: of these steps.
    """
    part = share * trial.pick(smoke=1.0, cpu=0.6, gpu=1.0)
    base = photos_unet(trial, batch_size=8, share=part)
    if not skips:
        return base
    return replace(photos_unet_skips(trial), name="photos-unet-skips-batches-of-8", training=base.training)
