"""How much of what a copier takes off a blend is a shift of brightness and contrast, and how much is noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math

import torch

from copyist.baselines.linear_copier import moments_matched
from copyist.claims.measures.copy_measures import copies, denoising_ratio, held_out, squared_error
from copyist.claims.measures.running_averages import with_running_averages
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, GaussianNoise, Shift
from copyist.evaluation.denoising_measures import WEIGHTS
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

ALPHA = 0.3

STD = 0.2
"""Of the noise that is blended in."""

SHARES = ("loss", "improvement", "moments", "noise")

CLAIM = Claim(
    sentence="Most of what a copier takes off the blend is a shift of brightness and contrast, and not noise.",
    source="ours: the blend x̃ = αx + (1 − α)n with n ~ N(0.7, 0.2²) is a shift toward 0.7 and a zero-mean noise",
    regime=Regime(psnr=33.0, code=1.0),
    picture="weights",
    parts=(
        Part(
            name="loss_share",
            measure="‖s − x‖² / ‖x̃ − x‖², of the noiseless shift s = αx + (1 − α)·0.7 and the blend x̃ at α = 0.3, "
            "held-out landscapes: the share of the blend's loss that is the shift's",
            holds_when=Above(0.5),
            scale="logit",
        ),
        Part(
            name="improvement_share",
            measure="(‖s − x‖² − ‖O(s) − x‖²) / (‖x̃ − x‖² − ‖O(x̃) − x‖²): what the copier takes off the shift alone, "
            "over what it takes off the blend",
            holds_when=Above(0.5),
        ),
        Part(
            name="moments_share",
            measure="(‖x̃ − x‖² − ‖M(x̃) − x‖²) / (‖x̃ − x‖² − ‖O(x̃) − x‖²), where M sets the mean and the spread of "
            "each channel over a batch of 32 to the training images' and does nothing else: what two numbers of a "
            "channel do, over what the copier does",
            holds_when=Above(0.5),
        ),
    ),
    controls=(
        Control(
            name="noise_share",
            measure="(‖n‖² − ‖O(x + n) − x‖²) / (‖x̃ − x‖² − ‖O(x̃) − x‖²), of zero-mean noise n as strong as "
            "the blend's, σ = 0.14",
        ),
        *(
            Control(name=f"{kind}_{net}", measure=f"ratio ‖O(x̃) − x‖ / ‖x̃ − x‖ {words}, {what} at α = 0.3")
            for kind, what in (("blend", "the blend"), ("shift", "the noiseless shift"))
            for net, words in (
                ("copier", "of the copier"),
                ("averages", "of the copier with averages over clean training batches"),
                ("image", "of a net that normalizes by each image's own statistics"),
                ("no_norm", "of a net without normalization"),
            )
        ),
        Control(name="improvement_share_training", measure="the improvement's share on training images"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Take the blend apart into its shift and its noise."""
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    train, recipe = trial.splits(scenes(trial)).train.images().to(trial.device), ladder(trial)
    model = trial.trained(recipe)
    shares = _shares(model, x, ALPHA, train, trial)
    values = {f"{name}_share": shares[name] for name in SHARES}
    values["improvement_share_training"] = _shares(model, train[: len(x)], ALPHA, train, trial)["improvement"]
    nets = {
        "copier": model,
        "averages": with_running_averages(model, train, batch_size=recipe.training.batch_size),
        "image": trial.trained(ladder(trial, "per-image"), control=True),
        "no_norm": trial.trained(ladder(trial, "no-norm"), control=True),
    }
    for kind, corruption in (("blend", Blend(ALPHA)), ("shift", Shift(ALPHA))):
        values |= {f"{kind}_{net}": denoising_ratio(each, x, corruption, trial) for net, each in nets.items()}
    by_weight = [_shares(model, x, alpha, train, trial) for alpha in WEIGHTS]
    curves = Curves(
        title="Of what a copier takes off the blend",
        x_label="α, share of the image",
        y_label="share",
        x=WEIGHTS,
        lines={
            words: [each[name] for each in by_weight]
            for name, words in zip(
                SHARES, ("of the loss: the shift", "the shift", "two numbers of a channel", "noise alone"), strict=True
            )
        },
    )
    return Measurements(
        values=values, curves={"weights": curves}, pictures={"parts": _pictures(model, x, train, trial)}
    )


def _shares(model: Reconstructor, x: Images, alpha: float, train: Images, trial: Trial) -> dict[str, float]:
    """The shares of a blend's loss and of its improvement, in squared errors over all images."""
    blend, shift = (
        Blend(alpha)(x, generator=trial.generator("blend")),
        Shift(alpha)(x, generator=trial.generator("shift")),
    )
    noisy = GaussianNoise((1 - alpha) * STD)(x, generator=trial.generator("noise"))
    matched = _matched(blend, train, size=model.batch_size)
    loss = squared_error(blend, x)
    improvement = loss - squared_error(copies(model, blend), x) or math.nan
    taken = {
        "improvement": squared_error(shift, x) - squared_error(copies(model, shift), x),
        "moments": loss - squared_error(matched, x),
        "noise": squared_error(noisy, x) - squared_error(copies(model, noisy), x),
    }
    return {"loss": squared_error(shift, x) / loss} | {name: value / improvement for name, value in taken.items()}


def _matched(x_tilde: Images, train: Images, *, size: int) -> Images:
    """Mean and spread of each channel, batch by batch, set to the training images'."""
    return torch.cat([moments_matched(batch, train) for batch in x_tilde.split(size)])


def _pictures(model: Reconstructor, x: Images, train: Images, trial: Trial) -> Pictures:
    blend, shift = (
        Blend(ALPHA)(x, generator=trial.generator("blend")),
        Shift(ALPHA)(x, generator=trial.generator("shift")),
    )
    shown = {
        "image": x,
        "blend": blend,
        "its copy": copies(model, blend),
        "two numbers": _matched(blend, train, size=model.batch_size),
        "shift": shift,
        "its copy, shift": copies(model, shift),
    }
    rows = {label: images[:8] for label, images in shown.items()}
    return Pictures(
        caption="Held-out landscapes blended at α = 0.3, and shifted without noise; 'two numbers' sets the mean and "
        "the spread of each channel.",
        rows=rows,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
