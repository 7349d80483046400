"""The size of the code sets the error of a copy."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from copyist.claims.measures.bottlenecks import trained_bottlenecks
from copyist.claims.measures.copy_measures import copies, squared_error
from copyist.claims.nets import bottleneck
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

SOURCE = "on the bottleneck, whose low dimension forces the model to compress"

CLAIM = Claim(
    sentence="The size of an autoencoder's code sets the error of its copies.",
    source='"Autoencoders & Denoising AEs", on the basic autoencoder and the bottleneck dimension',
    regime=Regime(
        psnr=None, why="the error is what is measured; every net copies no worse than as many principal axes"
    ),
    picture="code",
    parts=(
        Part(
            name="held_out_step",
            source=SOURCE,
            measure="mean squared error on held-out digits (8×8) over that with a code of half the size: the largest "
            "such ratio from a code of 2 to one of 32, fully connected nets",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="training_step",
            source=SOURCE,
            measure="the same on the digits it was trained on",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="beyond_capacity",
            measure="held-out error with a code of half the largest and twice the units beside it, over that with the "
            "largest code: the code does more than as many times the units",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="against_axes",
            measure="held-out error over that of as many principal axes, the largest such ratio of all codes",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(name="mean_image_psnr", measure="PSNR of the training digits' mean, held-out digits, dB"),
        Control(name="axes_step", measure="the largest ratio on held-out digits with principal axes"),
        Control(name="axes_psnr", measure="PSNR of as many principal axes as the largest code, held-out digits, dB"),
        Control(name="held_out_psnr", measure="PSNR with the largest code on held-out digits, dB"),
        Control(name="training_psnr", measure="the same on training digits, dB"),
        Control(
            name="smallest_against_axes", measure="held-out error with the smallest code over that of as many axes"
        ),
        Control(name="largest_against_axes", measure="the same with the largest code"),
        Control(name="wider", measure="held-out error with twice the units over that with the usual ones, same code"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train one net for each size of the code, and one with more units; digits."""
    found = trained_bottlenecks(trial)
    x, train, sizes = found.held_out, found.train, found.sizes
    lines = {
        "held-out": [squared_error(copies(net, x), x) for net in found.nets],
        "training": [squared_error(copies(net, train), train) for net in found.nets],
        "held-out, principal axes": [squared_error(copier(x), x) for copier in found.axes],
        "training, principal axes": [squared_error(copier(train), train) for copier in found.axes],
    }
    wide = trial.trained(bottleneck(trial, code=sizes[-2], units=2.0), control=True)
    ours, axes, wider = lines["held-out"], lines["held-out, principal axes"], squared_error(copies(wide, x), x)
    ratios = [error / linear for error, linear in zip(ours, axes, strict=True)]
    values = {
        "held_out_step": _largest_step(ours),
        "training_step": _largest_step(lines["training"]),
        "beyond_capacity": wider / ours[-1],
        "against_axes": max(ratios),
        "mean_image_psnr": _decibels(squared_error(train.mean(0).expand_as(x), x)),
        "axes_step": _largest_step(axes),
        "axes_psnr": _decibels(axes[-1]),
        "held_out_psnr": _decibels(ours[-1]),
        "training_psnr": _decibels(lines["training"][-1]),
        "smallest_against_axes": ratios[0],
        "largest_against_axes": ratios[-1],
        "wider": wider / ours[-2],
    }
    shown = {f"code of {code}": copies(net, x[:8]) for code, net in zip(sizes, found.nets, strict=True)}
    pictures = Pictures(
        caption="Held-out digits, copied through codes of several sizes.", rows={"digit": x[:8], **shown}
    )
    return Measurements(values=values, curves={"code": _curves(sizes, lines)}, pictures={"copies": pictures})


def _largest_step(errors: Sequence[float]) -> float:
    return max(larger_code / smaller_code for smaller_code, larger_code in pairwise(errors))


def _decibels(error: float) -> float:
    return -10 * math.log10(error)


def _curves(sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> Curves:
    return Curves(
        title="Error over the size of the code",
        x_label="units of the code",
        y_label="mean squared error",
        x=sizes,
        lines=lines,
        log_x=True,
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
