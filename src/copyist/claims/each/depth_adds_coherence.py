"""One more level on the wide U-Net gives its samples more global order."""

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
from copyist.claims.nets import scenes, scenes_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime

CLAIM = Claim(
    sentence="One more level on the wide U-Net gives its samples more global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the wide and deep U-Net',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="order",
            measure="mean graded score of the scene rules, samples of the wide U-Net with one more level (landscapes, "
            "linear schedule, batches of 64; gray and remembered ones as 0), minus the wide U-Net's",
            holds_when=Above(0.0),
        ),
        Part(
            name="variety",
            measure="standard deviation over the deeper net's samples, mean over pixels, of that over held-out scenes: "
            "a net whose samples are all one orderly image has no order to show",
            holds_when=Above(0.25),
        ),
    ),
    controls=(
        *landscape_controls("wide", "samples of the wide U-Net"),
        *landscape_controls("deep", "samples of the wide U-Net with one more level"),
        *landscape_controls("usual", "samples of the usual U-Net"),
        *landscape_controls("usual_deep", "samples of the usual U-Net with one more level"),
        *landscape_controls("longer", "samples of the usual U-Net after twice the steps: of more compute, not depth"),
        Control(name="psnr_wide", measure="PSNR of the wide U-Net's copies of held-out scenes, dB"),
        Control(name="psnr_deep", measure="the same with one more level, dB"),
        *scene_controls(),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes from nets of two widths, each with its levels and with one more."""
    models = {
        "wide": trial.trained(scenes_unet(trial, widen=2)),
        "deep": trial.trained(scenes_unet(trial, widen=2, deepen=1)),
        "usual": trial.trained(scenes_unet(trial)),
        "usual_deep": trial.trained(scenes_unet(trial, deepen=1)),
        "longer": trial.trained(scenes_unet(trial, share=2.0)),
    }
    x, found = held_out(trial, scenes(trial)), sample_landscapes(models, trial)
    values = scene_values(trial) | landscape_values(found)
    values |= {
        "order": found["deep"].score - found["wide"].score,
        "variety": found["deep"].spread,
        "psnr_wide": clean_psnr(models["wide"], x),
        "psnr_deep": clean_psnr(models["deep"], x),
    }
    caption = "Held-out scenes, and samples of U-Nets of two widths and two depths."
    return Measurements(values=values, pictures={"samples": landscape_pictures(found, trial, caption=caption)})


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
