"""A layer that joins all positions gives samples more global order."""

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
from copyist.models.contracts import Reconstructor, needs

LAYERS = ("hidden", "attention")

SOURCE = (
    'third version, "Diffusion with no Diffusion": one way to prevent disorganization is at least one layer that is '
    "not restricted in space, "
)

CLAIM = Claim(
    sentence="A layer that joins all positions, a hidden module or self-attention, gives samples more global order.",
    source='Badger, "Autoencoders: Learning by Copying", on preventing disorganization',
    regime=Regime(psnr=EQUAL_PSNR),
    picture="samples",
    parts=(
        Part(
            name="order_hidden",
            source=SOURCE + "such as fully connected ones",
            measure="odds that a sample keeps all scene rules (16×16 landscapes, 30 steps of the linear schedule, "
            "batches of 64; gray and remembered ones do not keep them) for the U-Net of two levels, in which no other "
            "parameter joins opposite corners, with linear layers of 500, 100 and 500 units at the lowest, over those "
            "without; equal image visits",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="order_attention",
            source=SOURCE + "or self-attention",
            measure="the same with attention by dot products beside a residual connection at the lowest level",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        *(
            Part(
                name=f"alike_{layer}",
                measure=f"the odds ratio with {words} over that without, each at its snapshot of {EQUAL_PSNR:g} dB",
                holds_when=Above(1.0),
                scale="log",
                instruments=("rules",),
            )
            for layer, words in {"hidden": "the linear layers", "attention": "attention"}.items()
        ),
        *(
            Part(
                name=f"variety_{layer}",
                measure=f"standard deviation over the samples with {words}, mean over pixels, of that over held-out "
                "scenes: a net whose samples are all one orderly image has no order to show",
                holds_when=Above(0.25),
                scale="log",
            )
            for layer, words in {"hidden": "the linear layers", "attention": "attention"}.items()
        ),
    ),
    controls=(
        *landscape_controls("none", "samples of the U-Net without such a layer"),
        *landscape_controls("hidden", "samples of the U-Net with linear layers"),
        *landscape_controls("attention", "samples of the U-Net with attention"),
        *(
            control
            for layer in ("none", *LAYERS)
            for control in landscape_controls(f"{layer}_alike", f"samples of the U-Net at {EQUAL_PSNR:g} dB, {layer}")
        ),
        *landscape_controls("untrained", "samples of the U-Net with linear layers before training"),
        *landscape_controls("level_more", "samples of the U-Net with one level more instead"),
        *landscape_controls("ladder_plain", "samples of the standard ladder's net without such a layer, 32×32"),
        *landscape_controls("ladder_hidden", "samples of the standard ladder's net with the hidden module, 32×32"),
        Control(name="ladder_order", measure="the odds ratio for the ladder's net with the hidden module over without"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes from nets of two levels without a joining layer and with either, and from the ladder's."""
    recipes = {layer: shape(trial, levels=2, layer=layer) for layer in ("none", "hidden", "attention")}
    source = recipes["none"].data
    models = {layer: trial.trained(recipe) for layer, recipe in recipes.items()}
    models |= {f"{layer}_alike": trial.trained(recipe, at=EQUAL_PSNR) for layer, recipe in recipes.items()}
    models |= {
        "untrained": needs(trial.untrained(recipes["hidden"]), Reconstructor, verb="an experiment"),
        "level_more": trial.trained(shape(trial), control=True),
    }
    found = sample_landscapes(models, trial, source=source)
    ladder = ladder_landscapes(trial, {"ladder_plain": "plain", "ladder_hidden": "hidden"})
    plain, hidden = ladder["ladder_plain"], ladder["ladder_hidden"]
    values = landscape_values({**found, **ladder})
    values |= {f"variety_{layer}": found[layer].spread for layer in LAYERS}
    values["ladder_order"] = math.nan if plain is None or hidden is None else odds_ratio(hidden, plain)
    order = {
        f"order_{layer}": by_rules(trial, source=source, more=found[layer], fewer=found["none"]) for layer in LAYERS
    }
    order |= {
        f"alike_{layer}": by_rules(trial, source=source, more=found[f"{layer}_alike"], fewer=found["none_alike"])
        for layer in LAYERS
    }
    caption = (
        "Held-out scenes, and samples with a layer that joins all positions and without (none), at the end and at 28 "
        "dB (alike), and with one more level in its place (level more)."
    )
    pictures = {"samples": landscape_pictures(found, trial, source=source, caption=caption)}
    if plain is not None:
        caption = "Held-out scenes of 32×32, and samples of the standard ladder's nets without and with linear layers."
        pictures["ladder"] = landscape_pictures(ladder, trial, source=scenes(trial), caption=caption)
    return Measurements(values={**values, **order}, pictures=pictures)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
