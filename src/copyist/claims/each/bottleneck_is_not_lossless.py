"""Training to copy through a bottleneck does not make the compression lossless, not even on what was trained on.

The source says that the reconstruction loss makes it lossless on the training distribution. Digits have 17 gray levels,
so that a copy is exact where no value is off by half a level: an easier test than images of 256 levels would be.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.bottlenecks import trained_bottlenecks
from copyist.claims.measures.copy_measures import copies
from copyist.claims.nets import bottleneck
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, adjusted_share
from copyist.tensors import Images

LEVELS = 16
"""Steps from black to white: digits have 17 gray levels."""

VALUES = 64
"""Of an image: a code of as many units is no bottleneck."""

CLAIM = Claim(
    sentence="An autoencoder with a bottleneck is not lossless on the training distribution: most digits come back "
    "with wrong gray levels, even those it was trained on.",
    source='ours: "Autoencoders & Denoising AEs" says that the reconstruction loss makes the compression lossless on '
    "the training distribution",
    regime=Regime(psnr=None, why="every net copies training digits no worse than as many principal axes"),
    picture="exact",
    parts=(
        Part(
            name="exact_training",
            measure="share of the digits it was trained on that come back exactly, all 64 values rounded to their 17 "
            "levels; code of 32, half the image's values, adjusted",
            holds_when=Below(0.5),
            scale="logit",
        ),
        Part(
            name="exact_held_out",
            measure="the same of held-out digits, which are of the training distribution too",
            holds_when=Below(0.5),
            scale="logit",
        ),
        Part(
            name="wrong_values",
            measure="share of the values of held-out digits that come back at a wrong level",
            holds_when=Above(0.01),
            scale="logit",
        ),
    ),
    controls=(
        Control(name="exact_axes", measure="exact training digits by as many principal axes"),
        Control(name="exact_smallest", measure="exact training digits by the smallest code"),
        Control(name="exact_full", measure="exact training digits by a code as large as the image: no bottleneck"),
        Control(name="exact_full_held_out", measure="the same of held-out digits"),
        Control(name="wrong_values_training", measure="share of wrong values of training digits, code of 32"),
        Control(name="largest_miss", measure="largest miss of any value of a training digit, in levels, code of 32"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Copy digits through codes of several sizes, and count those that come back as they were."""
    found = trained_bottlenecks(trial)
    x, train = found.held_out, found.train
    full = trial.trained(bottleneck(trial, code=VALUES), control=True)
    largest, x_hats = copies(found.nets[-1], train), [copies(net, x) for net in found.nets]
    values = {
        "exact_training": _exact(largest, train),
        "exact_held_out": _exact(x_hats[-1], x),
        "wrong_values": _wrong_values(x_hats[-1], x),
        "exact_axes": _exact(found.axes[-1](train), train),
        "exact_smallest": _exact(copies(found.nets[0], train), train),
        "exact_full": _exact(copies(full, train), train),
        "exact_full_held_out": _exact(copies(full, x), x),
        "wrong_values_training": _wrong_values(largest, train),
        "largest_miss": float(((largest - train) * LEVELS).abs().max()),
    }
    curves = Curves(
        title="Digits that come back exactly, over the size of the code",
        x_label="units of the code",
        y_label="share of the digits",
        x=found.sizes,
        lines={
            "training": [_exact(copies(net, train), train) for net in found.nets],
            "held-out": [_exact(x_hat, x) for x_hat in x_hats],
        },
        log_x=True,
    )
    shown = {f"code of {code}": x_hat[:8] for code, x_hat in zip(found.sizes, x_hats, strict=True)}
    missed = {"what the largest missed": (x_hats[-1] - x)[:8].abs()}
    pictures = Pictures(
        caption="Held-out digits, their copies, and what they missed.", rows={"digit": x[:8], **shown, **missed}
    )
    return Measurements(values=values, curves={"exact": curves}, pictures={"copies": pictures})


def _exact(x_hat: Images, x: Images) -> float:
    """Share of images whose values all come back at their level; never 0 or 1."""
    wrong = ((x_hat - x) * LEVELS).abs().flatten(1).amax(1) >= 0.5
    return adjusted_share(int((~wrong).sum()), len(x))


def _wrong_values(x_hat: Images, x: Images) -> float:
    wrong = ((x_hat - x) * LEVELS).abs() >= 0.5
    return adjusted_share(int(wrong.sum()), x.numel())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
