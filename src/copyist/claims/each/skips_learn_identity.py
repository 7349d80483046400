"""With skips the U-Net tends to the identity."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Sequence

import numpy as np

from copyist.claims.measures.copy_measures import clean_psnr, denoising_ratio, gain, held_out
from copyist.claims.nets import photos, photos_unet, photos_unet_skips
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

CLAIM = Claim(
    sentence="With skips a U-Net trained to copy learns the identity; without them it does not.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="gain_with_skips",
            measure="projected gain at σ = 0.1 of the U-Net with skips, held-out photographs",
            holds_when=Above(0.8),
        ),
        Part(
            name="gain_difference",
            measure="that gain minus the gain of the U-Net without skips",
            holds_when=Above(0.3),
        ),
        Part(
            name="gaussian_ratio_difference",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ at σ = 0.2 without skips, minus the same with",
            holds_when=Below(0.0),
        ),
        Part(
            name="gain_difference_at_equal_psnr",
            measure="gain with skips minus gain without, at the clean PSNR reached without (interpolated)",
            holds_when=Above(0.0),
        ),
        Part(
            name="gaussian_ratio_difference_at_equal_psnr",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ at σ = 0.2 without skips, minus the same with, at equal PSNR likewise",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        Control(name="gain_after_longer_training", measure="gain with skips after three times the usual steps"),
        Control(name="psnr_after_longer_training", measure="its clean PSNR, dB"),
        Control(name="gain_without_normalization", measure="gain with skips and without batch normalization"),
        Control(name="psnr_without_normalization", measure="its clean PSNR, dB"),
        Control(name="gain_without_skips", measure="projected gain of the U-Net without skips"),
        Control(name="gain_at_equal_psnr", measure="gain with skips at the clean PSNR reached without, interpolated"),
        Control(name="psnr_with_skips", measure="clean PSNR with skips, dB"),
        Control(name="psnr_without_skips", measure="clean PSNR without skips, dB"),
        Control(name="gaussian_ratio_with_skips", measure="denoising ratio at σ = 0.2 with skips"),
        Control(name="gaussian_ratio_without_skips", measure="denoising ratio at σ = 0.2 without skips"),
        Control(name="blend_ratio_with_skips", measure="denoising ratio of the blend, α = 0.3, with skips"),
        Control(name="blend_ratio_without_skips", measure="denoising ratio of the blend, α = 0.3, without skips"),
    ),
)

SHARES = (0.01, 0.02, 0.05, 0.1, 1.0, 3.0)
"""Of the usual training: the course of the gain, and nets with skips that copy no better than the one without."""


def run(trial: Trial) -> Measurements:
    """Train both, and the one with skips also for shorter and longer, past the point where both copy alike."""
    x = held_out(trial, photos(trial))
    plain, skips = trial.trained(photos_unet(trial)), trial.trained(photos_unet_skips(trial))
    wanted = clean_psnr(plain, x)
    course = [trial.trained(photos_unet_skips(trial, share=share)) for share in SHARES]
    gains, qualities = [gain(model, x, trial) for model in course], [clean_psnr(model, x) for model in course]
    plainer = trial.trained(photos_unet_skips(trial, statistics="none"))
    noise, blend = GaussianNoise(0.2), Blend(0.3)
    ratios = [denoising_ratio(model, x, noise, trial) for model in course]
    alike_gain, alike_ratio = (_at(wanted, qualities, numbers) for numbers in (gains, ratios))
    with_skips, without = gain(skips, x, trial), gain(plain, x, trial)
    noisy_with, noisy_without = (denoising_ratio(model, x, noise, trial) for model in (skips, plain))
    return Measurements(
        values={
            "gain_with_skips": with_skips,
            "gain_difference": with_skips - without,
            "gaussian_ratio_difference": noisy_without - noisy_with,
            "gain_difference_at_equal_psnr": alike_gain - without,
            "gaussian_ratio_difference_at_equal_psnr": noisy_without - alike_ratio,
            "gain_without_skips": without,
            "gain_after_longer_training": gains[-1],
            "psnr_after_longer_training": qualities[-1],
            "gain_without_normalization": gain(plainer, x, trial),
            "psnr_without_normalization": clean_psnr(plainer, x),
            "gain_at_equal_psnr": alike_gain,
            "psnr_with_skips": clean_psnr(skips, x),
            "psnr_without_skips": wanted,
            "gaussian_ratio_with_skips": noisy_with,
            "gaussian_ratio_without_skips": noisy_without,
            "blend_ratio_with_skips": denoising_ratio(skips, x, blend, trial),
            "blend_ratio_without_skips": denoising_ratio(plain, x, blend, trial),
        },
        curves={
            "training": Curves(
                title="The gain over training, with skips",
                x_label="steps of training",
                y_label="projected gain",
                x=[photos_unet_skips(trial, share=share).training.steps for share in SHARES],
                lines={"with skips": gains},
                log_x=True,
            )
        },
    )


def _at(wanted: float, qualities: Sequence[float], numbers: Sequence[float]) -> float:
    """What a number was over training when the clean PSNR was as wanted."""
    pairs = sorted(zip(qualities, numbers, strict=True))
    return float(np.interp(wanted, [quality for quality, _ in pairs], [number for _, number in pairs]))


EXPERIMENT = Experiment(claim=CLAIM, run=run)
