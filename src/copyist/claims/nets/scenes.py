"""Landscapes with known rules, and the U-Nets that copy them."""

__all__ = ["scenes", "scenes_attention_unet", "scenes_unet", "scenes_unet_skips"]

from dataclasses import replace

from copyist.claims.nets.sizes import unet_levels, unet_width
from copyist.claims.nets.unets import unet
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.training import Recipe


def scenes(trial: Trial, *, count: int | None = None) -> str:
    """Landscapes with known rules; `count` of them to train on."""
    smoke, cpu, gpu = ("scenes?size=16", "scenes?size=32", "scenes?size=64")
    number = count if count is not None else trial.pick(smoke=64, cpu=2048, gpu=2048)
    return f"{trial.pick(smoke=smoke, cpu=cpu, gpu=gpu)}&limit={number}"


def scenes_unet(
    trial: Trial,
    *,
    widen: int = 1,
    deepen: int = 0,
    hidden: bool = False,
    count: int | None = None,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips on landscapes.

    Args:
        trial: decides sizes and steps.
        widen: factor on the maps of every level.
        deepen: further levels; fewer where it is negative.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        count: how many landscapes to train on.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    data = scenes(trial, count=count)
    base = unet(trial, family="scenes", data=data, hidden=hidden, batch_size=batch_size, share=share)
    assert isinstance(base.model, UNetConfig)
    shape = replace(base.model, width=base.model.width * widen, levels=base.model.levels + deepen)
    depth = "-deep" if deepen > 0 else f"-shallow-by-{-deepen}" if deepen < 0 else ""
    marks = f"{'-wide' if widen > 1 else ''}{depth}"
    return replace(base, name=f"{base.name}{marks}", model=shape)


def scenes_attention_unet(trial: Trial, *, batch_size: int, share: float) -> Recipe:
    """The same with attention at every level beside a residual connection, by dot products at the lowest two.

    A step takes sixteen times as long as one of the U-Net without, so batches and steps are to be chosen.
    """
    base = scenes_unet(trial, batch_size=batch_size, share=share)
    config = UNetConfig(width=unet_width(trial), levels=unet_levels(trial), attention="mixed")
    return replace(base, name=f"{base.name}-attention", model=config)


def scenes_unet_skips(trial: Trial) -> Recipe:
    """The same with skips, which may pass its input around the code."""
    config = UNetConfig(width=unet_width(trial), levels=unet_levels(trial), skips=True)
    return replace(scenes_unet(trial), name="scenes-unet-skips", model=config)
