"""A copier removes blur as well without batch normalization as with it."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping

import torch

from copyist.baselines.wiener import fit_linear, linear_bases
from copyist.claims.measures.copy_measures import copies, held_out
from copyist.claims.measures.over_training import common_level
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder, small_ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blur
from copyist.evidence import Above, Claim, Control, Part, Regime, Within
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

SIGMAS = (0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0)

JUDGED = 1.0
"""In pixels of 16 a side: the blur of 8 pixels of the source's research code, of images of 128."""

ON_THE_LADDER = 2.0
"""The same blur of images of 32."""

LADDER_SEEDS = 3
"""Seeds that the standard ladder has."""

SPLITS = ("training", "held_out")

NETS = ("with", "without")

MARGIN = 0.25
"""Of a distance: alike is within a quarter."""

_SAID = '"The Role of Batch Normalization in Denoising": to remove batch normalization does not affect the ability to '

CLAIM = Claim(
    sentence="Removing batch normalization does not affect how well a copier deblurs.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=35.0, split="training", code=1.0),
    picture="copies",
    parts=(
        *(
            Part(
                name=f"gain_{net}_training",
                measure="PSNR of O(x̃) minus that of x̃, dB, for a Gaussian blur of 1 pixel, the 64 landscapes of 16×16 "
                f"that the net learned, {net} batch normalization",
                holds_when=Above(0.0),
                source=_SAID + f"deblur an input, so that the net {net} it deblurs",
            )
            for net in NETS
        ),
        Part(
            name="left_without_over_with_training",
            measure="‖O(x̃) − x‖ without batch normalization over with it, these landscapes, after as many images in "
            "training: alike within a quarter",
            holds_when=Within(MARGIN, around=1.0),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(name=f"{number}_{split}", measure=f"{what}, {split.replace('_', '-')} landscapes")
            for split in SPLITS
            for number, what in (
                ("psnr_blurred", "PSNR of the blurred images, dB: what the identity leaves"),
                ("psnr_with", "clean PSNR with batch normalization, dB"),
                ("psnr_without", "clean PSNR without, dB"),
            )
        ),
        *(
            Control(
                name=f"{number}_held_out",
                measure=f"{what}, landscapes that the net never saw, and copies worse",
            )
            for number, what in (
                ("gain_with", "gain with batch normalization, dB"),
                ("gain_without", "gain without, dB"),
                ("left_without_over_with", "‖O(x̃) − x‖ without over with"),
            )
        ),
        Control(name="gain_linear", measure="gain of the linear map fitted to this blur on other images, training, dB"),
        *(
            Control(
                name=f"ladder_{number}",
                measure=f"{what}, the standard ladder's nets on held-out landscapes of 32×32 at the highest snapshot "
                "that both reached; the first three seeds, for which it is trained",
            )
            for number, what in (
                ("gain_with", "gain for a blur of 2 pixels with batch normalization, dB"),
                ("gain_without", "the same without, dB"),
                ("psnr_blurred", "PSNR of images blurred by 2 pixels, dB"),
                ("level", "PSNR of that snapshot, dB"),
            )
        ),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Blur images that were learned and others, and copy them."""
    recipe = small_ladder(trial, count=64)
    nets = {"with": trial.trained(recipe), "without": trial.trained(small_ladder(trial, count=64, statistics="none"))}
    splits = trial.splits(recipe.data)
    images = {"training": splits.train.images().to(trial.device), "held_out": held_out(trial, recipe.data)}
    values: dict[str, float] = {}
    for split, clean in images.items():
        x_tilde = _blurred(clean, JUDGED)
        left = {net: _psnr(copies(model, x_tilde), clean) for net, model in nets.items()}
        values[f"psnr_blurred_{split}"] = _psnr(x_tilde, clean)
        values |= {f"gain_{net}_{split}": value - _psnr(x_tilde, clean) for net, value in left.items()}
        values |= {f"psnr_{net}_{split}": _psnr(copies(model, clean), clean) for net, model in nets.items()}
        values[f"left_without_over_with_{split}"] = 10 ** ((left["with"] - left["without"]) / 20)
    others, x = images["held_out"], images["training"]
    x_tilde = _blurred(x, JUDGED)
    linear = fit_linear(linear_bases(others[::2]), clean=others[1::2], noisy=_blurred(others[1::2], JUDGED))
    values["gain_linear"] = _psnr(linear(x_tilde), x) - _psnr(x_tilde, x)
    shown = {"image": x, "blurred": x_tilde} | {f"{net} norm": copies(model, x_tilde) for net, model in nets.items()}
    return Measurements(
        values=values | _on_the_ladder(trial),
        curves={f"blur-{split.replace('_', '-')}": _curves(nets, clean, split) for split, clean in images.items()},
        pictures={
            "copies": Pictures(
                caption="Copies of learned landscapes blurred by 1 pixel.",
                rows={label: each[:8] for label, each in shown.items()},
            )
        },
    )


def _on_the_ladder(trial: Trial) -> dict[str, float]:
    """Held-out images by nets of many images that copy alike, where the ladder has this seed."""
    if trial.seed >= LADDER_SEEDS:
        return {f"ladder_{number}": math.nan for number in ("gain_with", "gain_without", "psnr_blurred", "level")}
    recipes = {"with": ladder(trial), "without": ladder(trial, "no-norm")}
    level = common_level(trial, *recipes.values())
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    x_tilde = _blurred(x, ON_THE_LADDER)
    before = _psnr(x_tilde, x)
    values = {"ladder_psnr_blurred": before, "ladder_level": math.nan if level is None else level}
    for net, recipe in recipes.items():
        values[f"ladder_gain_{net}"] = _psnr(copies(trial.trained(recipe, at=level, control=True), x_tilde), x) - before
    return values


def _curves(nets: Mapping[str, Reconstructor], x: Images, split: str) -> Curves:
    lines: dict[str, list[float]] = {net: [] for net in nets}
    for sigma in SIGMAS:
        x_tilde = _blurred(x, sigma)
        for net, model in nets.items():
            lines[net].append(_psnr(copies(model, x_tilde), x) - _psnr(x_tilde, x))
    return Curves(
        title=f"Deblurring, {split.replace('_', '-')} images",
        x_label="blur in pixels",
        y_label="gain in PSNR, dB",
        x=SIGMAS,
        lines=lines,
    )


def _blurred(x: Images, sigma: float) -> Images:
    return Blur(sigma)(x, generator=torch.Generator().manual_seed(0))


def _psnr(x_hat: Images, x: Images) -> float:
    return float(psnr(x_hat, x).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
