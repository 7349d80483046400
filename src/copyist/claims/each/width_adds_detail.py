"""Twice the maps add detail and take painting-like artifacts away, at the cost of global order."""

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
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.spectra import radial_spectrum
from copyist.tensors import Images

CLAIM = Claim(
    sentence="With twice the maps at every level the samples have more detail and fewer painting-like artifacts, and "
    "less global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the wide U-Net',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="detail",
            measure="energy above half of Nyquist's frequency in samples of the wide U-Net (landscapes, linear "
            "schedule, batches of 64), over that in samples of the usual one",
            holds_when=Above(1.0),
        ),
        Part(
            name="noise",
            measure="noise level of the wide U-Net's samples minus that of the usual one's, wavelet estimate: the "
            "detail is not noise",
            holds_when=Below(0.02),
        ),
        Part(
            name="artifacts",
            measure="mean |log power of samples / power of held-out scenes| over radial frequencies: that of the wide "
            "U-Net minus that of the usual one",
            holds_when=Below(0.0),
        ),
        Part(
            name="order",
            measure="mean graded score of the scene rules of its samples (gray and remembered ones as 0) minus the "
            "usual U-Net's",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        *landscape_controls("usual", "samples of the usual U-Net"),
        *landscape_controls("wide", "samples of the wide U-Net"),
        *landscape_controls("longer", "samples of the usual U-Net after twice the steps: of more compute, not width"),
        Control(name="artifacts_usual", measure="mean |log power ratio| of the usual U-Net's samples"),
        Control(name="artifacts_wide", measure="the same for the wide one"),
        Control(name="artifacts_longer", measure="the same for the usual one after twice the steps"),
        Control(name="psnr_usual", measure="PSNR of the usual U-Net's copies of held-out scenes, dB"),
        Control(name="psnr_wide", measure="the same for the wide one, dB"),
        *scene_controls(),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes from the usual U-Net, the wide one, and the usual one trained for longer."""
    models = {
        "usual": trial.trained(scenes_unet(trial)),
        "wide": trial.trained(scenes_unet(trial, widen=2)),
        "longer": trial.trained(scenes_unet(trial, share=2.0)),
    }
    x, found = held_out(trial, scenes(trial)), sample_landscapes(models, trial)
    artifacts = {f"artifacts_{label}": _artifacts(each.images, x) for label, each in found.items()}
    values = scene_values(trial) | artifacts | landscape_values(found)
    values |= {
        "detail": found["wide"].detail / found["usual"].detail,
        "noise": found["wide"].noise - found["usual"].noise,
        "artifacts": artifacts["artifacts_wide"] - artifacts["artifacts_usual"],
        "order": found["wide"].score - found["usual"].score,
        "psnr_usual": clean_psnr(models["usual"], x),
        "psnr_wide": clean_psnr(models["wide"], x),
    }
    own = radial_spectrum(x)
    curve = Curves(
        title="Power of samples over frequency",
        x_label="cycles per pixel",
        y_label="mean power",
        x=own.frequency.tolist(),
        lines={
            "held-out scenes": own.power.mean(0).tolist(),
            **{label: radial_spectrum(each.images).power.mean(0).tolist() for label, each in found.items()},
        },
        log_y=True,
    )
    pictures = landscape_pictures(
        found, trial, caption="Held-out scenes, and samples of the usual, wide and longer-trained U-Net."
    )
    return Measurements(values=values, curves={"spectra": curve}, pictures={"samples": pictures})


def _artifacts(images: Images, x: Images) -> float:
    ratio = radial_spectrum(images).power.mean(0) / radial_spectrum(x).power.mean(0)
    return float(ratio.log().abs().mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run)
