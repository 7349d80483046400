"""One more level on the wide U-Net gives its samples more global order."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math

import torch

from copyist.claims.measures.landscapes import (
    by_rules,
    ladder_landscapes,
    landscape_controls,
    landscape_pictures,
    landscape_values,
    odds_ratio,
    sample_landscapes,
)
from copyist.claims.nets import scenes
from copyist.claims.nets.shapes import EQUAL_PSNR, shape
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime

CLAIM = Claim(
    sentence="One more level on the wide U-Net gives its samples more global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the wide and deep U-Net',
    regime=Regime(psnr=EQUAL_PSNR, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="order",
            source='third version, "Diffusion with no Diffusion": an extra layer in both encoder and decoder of the '
            "wide U-Net gives much more coherent images",
            measure="odds that a sample keeps all scene rules (16×16 landscapes, 30 steps of the linear schedule, "
            "batches of 64; gray and remembered ones do not keep them) for the wide U-Net of three levels over those "
            "for that of two, in which no parameter joins opposite corners; equal image visits",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="order_alike",
            measure=f"the same at equal PSNR, each at its snapshot of {EQUAL_PSNR:g} dB",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="share",
            measure="share of the deeper net's samples that keep all rules, adjusted: an order that can be seen",
            holds_when=Above(0.1),
            scale="logit",
        ),
        Part(
            name="variety",
            measure="standard deviation over the deeper net's samples, mean over pixels, of that over held-out scenes: "
            "a net whose samples are all one orderly image has no order to show",
            holds_when=Above(0.25),
            scale="log",
        ),
        Part(
            name="where_all_is_joined",
            measure="the odds ratio for the U-Net of usual width and four levels over that of three, both of which "
            "join all positions; equal image visits",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
    ),
    controls=(
        *landscape_controls("shallow", "samples of the wide U-Net of two levels"),
        *landscape_controls("deep", "samples of the wide U-Net of three levels"),
        *landscape_controls("usual", "samples of the usual U-Net, of three levels"),
        *landscape_controls("usual_deep", "samples of the usual U-Net of four levels"),
        *landscape_controls("shallow_alike", f"samples of that of two at {EQUAL_PSNR:g} dB"),
        *landscape_controls("deep_alike", f"samples of that of three at {EQUAL_PSNR:g} dB"),
        *landscape_controls("ladder_plain", "samples of the standard ladder's net of four levels, 32×32"),
        *landscape_controls("ladder_deep", "samples of the standard ladder's net of five levels, 32×32"),
        Control(name="ladder_order", measure="the odds ratio for the ladder's net of five levels over that of four"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes from nets of two widths and several levels, and from the ladder's of four and five."""
    shallow, deep = (shape(trial, width=2, levels=levels) for levels in (2, 3))
    models = {
        "shallow": trial.trained(shallow),
        "deep": trial.trained(deep),
        "usual": trial.trained(shape(trial), control=True),
        "usual_deep": trial.trained(shape(trial, levels=4), control=True),
        "shallow_alike": trial.trained(shallow, at=EQUAL_PSNR),
        "deep_alike": trial.trained(deep, at=EQUAL_PSNR),
    }
    found = sample_landscapes(models, trial, source=deep.data)
    ladder = ladder_landscapes(trial, {"ladder_plain": "plain", "ladder_deep": "deep"})
    plain, more = ladder["ladder_plain"], ladder["ladder_deep"]
    values = landscape_values({**found, **ladder}) | {
        "share": found["deep"].adjusted,
        "variety": found["deep"].spread,
        "ladder_order": math.nan if plain is None or more is None else odds_ratio(more, plain),
    }
    pairs = {"order": ("deep", "shallow"), "order_alike": ("deep_alike", "shallow_alike")}
    pairs |= {"where_all_is_joined": ("usual_deep", "usual")}
    order = {
        name: by_rules(trial, source=deep.data, more=found[first], fewer=found[second])
        for name, (first, second) in pairs.items()
    }
    caption = (
        "Held-out scenes; samples of the wide U-Net of two levels (shallow) and of three (deep), of the usual one of "
        "three (usual) and of four (usual deep), and of the wide ones where they copy near 28 dB (alike)."
    )
    pictures = {"samples": landscape_pictures(found, trial, source=deep.data, caption=caption)}
    if plain is not None:
        caption = "Held-out scenes of 32×32, and samples of the standard ladder's nets of four levels and five."
        pictures["ladder"] = landscape_pictures(ladder, trial, source=scenes(trial), caption=caption)
    return Measurements(values={**values, **order}, pictures=pictures)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
