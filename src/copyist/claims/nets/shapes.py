"""Copiers of small landscapes that differ in their shape alone: width, levels, and a layer that joins all positions.

Each sees 2048 landscapes of 16×16 on 80,000 image visits, and is kept when its copies first reach 28 dB. Seconds of one
thread, measured: 80 for the usual shape, 180 for twice its width and 115 with a level less, 55 for two levels at the
usual width, 110 for four, 105 and 125 for two with linear layers and with attention.
"""

__all__ = ["EQUAL_PSNR", "JoiningLayer", "shape"]

from dataclasses import replace
from typing import Literal, TypeAlias

from copyist.claims.nets.ladder import small_ladder
from copyist.claims.nets.scaling import marked_name
from copyist.claims.trial import Trial
from copyist.models.unet import UNetConfig
from copyist.training import Recipe

JoiningLayer: TypeAlias = Literal["none", "hidden", "attention"]
"""At the lowest level: nothing; linear layers of 500, 100 and 500 units; or attention by dot products beside a residual
connection."""

EQUAL_PSNR = 28.0
"""Decibels of the snapshots at which nets of several shapes are compared, and least of all that are judged.

An image of 16×16 has as many things in it as one of 32×32, and so more detail per pixel: the usual shape copies at
about 30 dB in the end.
"""

STEPS = 2500
"""Of 32 images, at scale standard."""


def shape(trial: Trial, *, width: float = 1.0, levels: int = 3, layer: JoiningLayer = "none") -> Recipe:
    """A copier of landscapes of one shape.

    Its code holds 8, 4 or 2 times the image's values for 2, 3 or 4 levels at twice the usual width, and half of that
    at the usual one; that of the hidden module 100 values. With two levels a pixel is reached by those within 9 rows
    and columns, so that no parameter joins opposite corners; with three by all.

    Args:
        trial: decides sizes and steps; images are 32×32 at scale gpu, where each shape has one level more.
        width: factor on the maps of every level, of which there are 24, 48, … from the highest.
        levels: resolutions, the full one included.
        layer: what joins all positions.
    """
    base = small_ladder(trial, count=2048, steps=STEPS)
    assert isinstance(base.model, UNetConfig)
    model = replace(
        base.model,
        width=max(1, round(width * base.model.width)),
        levels=levels + trial.pick(smoke=0, standard=0, gpu=1),
        hidden=(500, 100, 500) if layer == "hidden" else (),
        attention="lowest" if layer == "attention" else "none",
    )
    training = replace(
        base.training,
        validate_every=trial.pick(smoke=10, standard=100, gpu=200),
        snapshots=(EQUAL_PSNR,),
    )
    marks = {
        f"{width:g}-times-as-wide": width != 1,
        f"of-{levels}-levels": levels != 3,
        layer: layer != "none",
    }
    return replace(base, name=marked_name("shape", marks), model=model, training=training)
