"""Twice the maps add detail and take painting-like artifacts away, at the cost of global order."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.landscapes import (
    by_rules,
    landscape_controls,
    landscape_pictures,
    landscape_spectra,
    landscape_values,
    sample_landscapes,
)
from copyist.claims.nets import small_unet
from copyist.claims.nets.shapes import EQUAL_PSNR, shape
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Part, Regime

SAMPLES = "256 samples (16×16 landscapes, 30 steps of the linear schedule, batches of 64)"

SOURCE = 'third version, "Diffusion with no Diffusion"'

CLAIM = Claim(
    sentence="With twice the maps at every level the samples have more detail and fewer painting-like artifacts, and "
    "less global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the wide U-Net',
    regime=Regime(psnr=EQUAL_PSNR, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="detail",
            source=f"{SOURCE}: more maps per layer are the way to more detail; images of twice the maps are of greater "
            "detail and clarity",
            measure=f"energy above half of Nyquist's frequency in {SAMPLES} of the U-Net with 48 maps at its highest "
            "level, over that of the one with 24; equal image visits",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="artifacts",
            source=f"{SOURCE}: the extra width reduces the number of painting-like artefacts",
            measure="mean |log power of samples / power of held-out scenes| over radial frequencies: that of the wide "
            "U-Net over that of the usual one, equal image visits; what is painted differs in its spectrum",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="order",
            source=f"{SOURCE}: in these images are signs of greater global disorganization",
            measure="odds that a sample keeps all scene rules (gray and remembered ones do not) for the wide U-Net "
            "over those for the usual one, equal image visits",
            holds_when=Below(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="detail_alike",
            measure=f"the ratio of detail at equal PSNR, each at its snapshot of {EQUAL_PSNR:g} dB: width, not better "
            "copies",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="order_alike",
            measure="the odds ratio of order at equal PSNR",
            holds_when=Below(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="detail_beyond_visits",
            measure="the ratio of detail of the wide U-Net over the usual one after four times the image visits, which "
            "are as many multiplications: width, not compute",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="noise",
            measure="noise level of the wide U-Net's samples minus that of the usual one's, wavelet estimate, equal "
            "image visits: the detail is not noise",
            holds_when=Below(0.02),
        ),
    ),
    controls=(
        *landscape_controls("usual", "samples of the usual U-Net"),
        *landscape_controls("wide", "samples of the wide U-Net"),
        *landscape_controls("longer", "samples of the usual U-Net after four times the image visits"),
        *landscape_controls("usual_alike", f"samples of the usual U-Net at {EQUAL_PSNR:g} dB"),
        *landscape_controls("wide_alike", f"samples of the wide U-Net at {EQUAL_PSNR:g} dB"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Sample landscapes from the usual U-Net, the wide one, both at equal PSNR, and the usual one trained longer."""
    usual, wide = shape(trial), shape(trial, width=2)
    models = {
        "usual": trial.trained(usual),
        "wide": trial.trained(wide),
        "longer": trial.trained(small_unet(trial), control=True),
        "usual_alike": trial.trained(usual, at=EQUAL_PSNR),
        "wide_alike": trial.trained(wide, at=EQUAL_PSNR),
    }
    found = sample_landscapes(models, trial, source=usual.data)
    values = landscape_values(found) | {
        "detail": found["wide"].detail / found["usual"].detail,
        "detail_alike": found["wide_alike"].detail / found["usual_alike"].detail,
        "detail_beyond_visits": found["wide"].detail / found["longer"].detail,
        "artifacts": found["wide"].artifacts / found["usual"].artifacts,
        "noise": found["wide"].noise - found["usual"].noise,
    }
    order = {
        "order": by_rules(trial, source=usual.data, more=found["wide"], fewer=found["usual"]),
        "order_alike": by_rules(trial, source=usual.data, more=found["wide_alike"], fewer=found["usual_alike"]),
    }
    caption = (
        "Held-out scenes, and samples of the usual U-Net, of one twice as wide, of the usual one after four times the "
        "images (longer), and of the first two where they copy at 28 dB (alike)."
    )
    return Measurements(
        values={**values, **order},
        curves={"spectra": landscape_spectra(found, trial, source=usual.data)},
        pictures={"samples": landscape_pictures(found, trial, source=usual.data, caption=caption)},
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
