"""A copier removes blur as well without batch normalization as with it."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.wiener import fit_linear, linear_bases
from copyist.claims.measures.copy_measures import copies, held_out
from copyist.claims.measures.over_training import Course, course, courses_figure
from copyist.claims.nets import small_scenes, small_unet
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

SPLITS = ("held_out", "training")

NETS = ("with", "without")

MARGIN = 0.25
"""Of a gain: alike is within a quarter."""

_SAID = '"The Role of Batch Normalization in Denoising": without batch normalization the autoencoder can '

CLAIM = Claim(
    sentence="Removing batch normalization does not affect how well a copier deblurs.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=35.0, split="training", code=1.0),
    picture="copies",
    parts=(
        *(
            Part(
                name=f"gain_{net}_{split}",
                measure=f"PSNR of O(x̃) minus that of x̃, dB, for a Gaussian blur of 1 pixel, {split.replace('_', '-')} "
                f"landscapes of 16×16, {net} batch normalization",
                holds_when=Above(0.0),
                source=_SAID + "still deblur an input" if net == "without" else _SAID + "deblur no less than with it",
            )
            for net in NETS
            for split in SPLITS
        ),
        *(
            Part(
                name=f"left_without_over_with_{split}",
                measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ without batch normalization over with it, {split.replace('_', '-')} "
                "landscapes: alike within a quarter",
                holds_when=Within(MARGIN, around=1.0),
                scale="log",
            )
            for split in SPLITS
        ),
    ),
    controls=(
        *(
            Control(
                name=f"psnr_blurred_{split}",
                measure=f"PSNR of the blurred {split.replace('_', '-')} images, dB: what the identity leaves",
            )
            for split in SPLITS
        ),
        Control(
            name="gain_linear", measure="gain of the linear map fitted to this blur on training images, held-out, dB"
        ),
        *(
            Control(
                name=f"psnr_{net}_{split}",
                measure=f"clean PSNR {net} batch normalization, {split.replace('_', '-')}, dB",
            )
            for net in NETS
            for split in SPLITS
        ),
        Control(
            name="gain_difference_at_equal_psnr",
            measure="gain without minus gain with, held-out, dB, where copies were as good as the worse of the two at "
            "its end, between the snapshots of the other",
        ),
        *(
            Control(name=f"best_blur_{net}", measure=f"the blur, in pixels, of the largest gain {net}, held-out")
            for net in NETS
        ),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Blur held-out images and training images, and copy them."""
    x = held_out(trial, small_scenes(trial))
    train = trial.splits(small_scenes(trial)).train.images(0, 1024).to(trial.device)
    images = {"held_out": x, "training": train[: len(x)]}
    nets = {"with": trial.trained(small_unet(trial)), "without": trial.trained(small_unet(trial, statistics="none"))}
    values: dict[str, float] = {}
    for split, clean in images.items():
        x_tilde = _blurred(clean, JUDGED)
        left = {net: _psnr(copies(model, x_tilde), clean) for net, model in nets.items()}
        values[f"psnr_blurred_{split}"] = _psnr(x_tilde, clean)
        values |= {f"gain_{net}_{split}": value - _psnr(x_tilde, clean) for net, value in left.items()}
        values |= {f"psnr_{net}_{split}": _psnr(copies(model, clean), clean) for net, model in nets.items()}
        values[f"left_without_over_with_{split}"] = 10 ** ((left["with"] - left["without"]) / 20)
    x_tilde = _blurred(x, JUDGED)
    linear = fit_linear(linear_bases(train[::2]), clean=train[1::2], noisy=_blurred(train[1::2], JUDGED))
    values["gain_linear"] = _psnr(linear(x_tilde), x) - _psnr(x_tilde, x)
    figures = {split: _curves(nets, clean, split) for split, clean in images.items()}
    for net in NETS:
        line = figures["held_out"].lines[net]
        values[f"best_blur_{net}"] = SIGMAS[line.index(max(line))]
    lines = _over_training(trial, x)
    alike = min(line.psnrs[-1] for line in lines.values())
    values["gain_difference_at_equal_psnr"] = lines["without"].at_psnr(alike) - lines["with"].at_psnr(alike)
    shown = {"image": x, "blurred": x_tilde} | {f"{net} norm": copies(model, x_tilde) for net, model in nets.items()}
    return Measurements(
        values=values,
        curves={
            **{f"blur-{split}": figure for split, figure in figures.items()},
            "training": courses_figure(
                lines, title="Deblurring over training, blur of 1 pixel", y_label="gain in PSNR, dB"
            ),
        },
        pictures={
            "copies": Pictures(
                caption="Copies of held-out landscapes blurred by 1 pixel.",
                rows={label: each[:8] for label, each in shown.items()},
            )
        },
    )


def _curves(nets: dict[str, Reconstructor], x: Images, split: str) -> Curves:
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


def _over_training(trial: Trial, x: Images) -> dict[str, Course]:
    """The gain at each snapshot, so that nets are compared where they copy alike."""
    x_tilde = _blurred(x, JUDGED)
    recipes = {"with": small_unet(trial), "without": small_unet(trial, statistics="none")}
    return {
        net: course(trial.rungs(recipe), lambda model: _psnr(copies(model, x_tilde), x) - _psnr(x_tilde, x))
        for net, recipe in recipes.items()
    }


def _blurred(x: Images, sigma: float) -> Images:
    return Blur(sigma)(x, generator=torch.Generator().manual_seed(0))


def _psnr(x_hat: Images, x: Images) -> float:
    return float(psnr(x_hat, x).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
