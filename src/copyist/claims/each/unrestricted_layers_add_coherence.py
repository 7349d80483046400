"""A layer that joins all positions gives samples more global order."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import clean_psnr, held_out
from copyist.claims.measures.landscapes import (
    landscape_controls,
    landscape_pictures,
    landscape_values,
    sample_landscapes,
    scene_controls,
    scene_values,
)
from copyist.claims.nets import scenes, scenes_attention_unet, scenes_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor, needs

BATCH, SHARE = 16, 0.5
"""Of the nets that are compared with attention, which is slow: images per step, and share of the usual steps."""

CLAIM = Claim(
    sentence="A layer that joins all positions, a hidden module or self-attention, gives samples more global order.",
    source='Badger, "Autoencoders: Learning by Copying", on preventing disorganization',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="hidden_order",
            measure="mean graded score of the scene rules, samples of the U-Net with linear layers of 500, 100 and 500 "
            "units in its middle (landscapes, linear schedule, batches of 64; gray and remembered ones as 0), minus "
            "that of the U-Net without",
            holds_when=Above(0.0),
        ),
        Part(
            name="hidden_variety",
            measure="standard deviation over the samples with the hidden module, mean over pixels, of that over "
            "held-out scenes: a net whose samples are all one orderly image has no order to show",
            holds_when=Above(0.25),
        ),
        Part(
            name="attention_order",
            measure="mean graded score of samples of the U-Net with attention at every level, by dot products at the "
            "lowest two, minus that of the U-Net without; both trained on batches of 16 for half the usual steps",
            holds_when=Above(0.0),
        ),
        Part(
            name="attention_variety",
            measure="the variety of the samples with attention",
            holds_when=Above(0.25),
        ),
    ),
    controls=(
        *landscape_controls("usual", "samples of the U-Net without such a layer"),
        *landscape_controls("hidden", "samples of the U-Net with the hidden module"),
        *landscape_controls("hidden_untrained", "samples of the same before training"),
        *landscape_controls("longer", "samples of the U-Net without, after twice the steps: of more compute"),
        *landscape_controls("attention", "samples of the U-Net with attention"),
        *landscape_controls("brief", "samples of the U-Net without, trained as briefly as the one with attention"),
        Control(name="psnr_usual", measure="PSNR of copies of held-out scenes without such a layer, dB"),
        Control(name="psnr_hidden", measure="the same with the hidden module, dB"),
        Control(name="psnr_attention", measure="the same with attention, dB"),
        Control(name="psnr_brief", measure="the same without, trained as briefly, dB"),
        *scene_controls(),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes with the hidden module and without, and with attention and without."""
    models = {
        "usual": trial.trained(scenes_unet(trial)),
        "hidden": trial.trained(scenes_unet(trial, hidden=True)),
        "hidden_untrained": needs(
            trial.untrained(scenes_unet(trial, hidden=True)), Reconstructor, verb="an experiment"
        ),
        "longer": trial.trained(scenes_unet(trial, share=2.0)),
        "attention": trial.trained(scenes_attention_unet(trial, batch_size=BATCH, share=SHARE)),
        "brief": trial.trained(scenes_unet(trial, batch_size=BATCH, share=SHARE)),
    }
    x, found = held_out(trial, scenes(trial)), sample_landscapes(models, trial)
    values = scene_values(trial) | landscape_values(found)
    values |= {
        "hidden_order": found["hidden"].score - found["usual"].score,
        "hidden_variety": found["hidden"].spread,
        "attention_order": found["attention"].score - found["brief"].score,
        "attention_variety": found["attention"].spread,
        "psnr_attention": clean_psnr(models["attention"], x),
        "psnr_brief": clean_psnr(models["brief"], x),
        "psnr_usual": clean_psnr(models["usual"], x),
        "psnr_hidden": clean_psnr(models["hidden"], x),
    }
    caption = "Held-out scenes, and samples with a layer that joins all positions and without."
    return Measurements(values=values, pictures={"samples": landscape_pictures(found, trial, caption=caption)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
