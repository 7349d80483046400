"""The size of the code sets the error of a copy; on the training distribution it is said to be lossless."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Sequence
from itertools import pairwise

from copyist.baselines.linear_copier import LinearCopier
from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import copies, held_out, squared_error
from copyist.claims.nets import bottleneck, overcomplete, small_photos
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

HALF_A_LEVEL = 54.2
"""PSNR of errors of half a gray level out of 255, in decibels: smaller ones are rounded away."""

CLAIM = Claim(
    sentence="The size of an autoencoder's code sets the error of its copies, which are lossless on the training "
    "distribution.",
    source='"Autoencoders & Denoising AEs", on the basic autoencoder and the bottleneck dimension',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="held_out_step",
            measure="mean squared error on held-out photographs (16×16) over that with a code of a quarter the size: "
            "the largest such ratio from the smallest code to one of a third of the image's values",
            holds_when=Below(1.0),
        ),
        Part(name="training_step", measure="the same on training photographs", holds_when=Below(1.0)),
        Part(
            name="lossless",
            measure="PSNR of the mean squared error on training photographs with the largest code, a third of the "
            "image's values, dB; at 54.2 dB errors are half a gray level",
            holds_when=Above(HALF_A_LEVEL),
        ),
    ),
    controls=(
        Control(name="mean_image_psnr", measure="PSNR of the training photographs' mean, held-out photographs, dB"),
        Control(name="pca_held_out_step", measure="the largest ratio on held-out photographs with principal axes"),
        Control(name="pca_held_out_psnr", measure="PSNR of as many principal axes as the largest code, held-out, dB"),
        Control(name="pca_training_psnr", measure="the same on training photographs, dB"),
        Control(name="held_out_psnr", measure="PSNR with the largest code on held-out photographs, dB"),
        Control(name="smallest_against_pca", measure="held-out error with the smallest code over that of as many axes"),
        Control(name="largest_against_pca", measure="the same with the largest code"),
        Control(
            name="wider_net",
            measure="held-out error with the second largest code and twice the units beside it, over "
            "that with the usual units: what capacity does at one size of the code",
        ),
        Control(
            name="overcomplete_training_psnr",
            measure="PSNR of the overcomplete net on training photographs, dB: "
            "what training reaches where no bottleneck is",
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train one net for each size of the code; photographs of 16×16."""
    sizes = trial.pick(smoke=(2, 8, 32), standard=(4, 16, 64, 256), gpu=(16, 64, 256, 1024))
    x, train = held_out(trial, small_photos(trial)), trial.splits(small_photos(trial)).train.images().to(trial.device)
    nets = [trial.trained(bottleneck(trial, code=code)) for code in sizes]
    mean, axes = train.mean(0), PrincipalBasis.fitted(train).axes
    pca = [LinearCopier(mean=mean, axes=axes[:code]) for code in sizes]
    lines = {
        "held-out": [squared_error(copies(net, x), x) for net in nets],
        "training": [squared_error(copies(net, train), train) for net in nets],
        "held-out, principal axes": [squared_error(copier(x), x) for copier in pca],
        "training, principal axes": [squared_error(copier(train), train) for copier in pca],
    }
    wider = trial.trained(bottleneck(trial, code=sizes[-2], units=2.0))
    wide = trial.trained(overcomplete(trial))
    ours, linear = lines["held-out"], lines["held-out, principal axes"]
    values = {
        "held_out_step": _largest_step(ours),
        "training_step": _largest_step(lines["training"]),
        "lossless": _decibels(lines["training"][-1]),
        "mean_image_psnr": _decibels(squared_error(mean.expand_as(x), x)),
        "pca_held_out_step": _largest_step(linear),
        "pca_held_out_psnr": _decibels(linear[-1]),
        "pca_training_psnr": _decibels(lines["training, principal axes"][-1]),
        "held_out_psnr": _decibels(ours[-1]),
        "smallest_against_pca": ours[0] / linear[0],
        "largest_against_pca": ours[-1] / linear[-1],
        "wider_net": squared_error(copies(wider, x), x) / ours[-2],
        "overcomplete_training_psnr": _decibels(squared_error(copies(wide, train), train)),
    }
    shown = {f"code of {code}": copies(net, x[:8]) for code, net in zip(sizes, nets, strict=True)}
    pictures = Pictures(
        caption="Held-out photographs, copied through codes of several sizes.", rows={"photograph": x[:8], **shown}
    )
    return Measurements(values=values, curves={"code": _curves(sizes, lines)}, pictures={"copies": pictures})


def _largest_step(errors: Sequence[float]) -> float:
    return max(larger_code / smaller_code for smaller_code, larger_code in pairwise(errors))


def _decibels(error: float) -> float:
    return -10 * math.log10(error)


def _curves(sizes: Sequence[int], lines: dict[str, list[float]]) -> Curves:
    return Curves(
        title="Error over the size of the code",
        x_label="units of the code",
        y_label="mean squared error",
        x=sizes,
        lines=lines,
        log_x=True,
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
