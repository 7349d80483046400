"""One linear attention between two convolutions copies, noise included, and its output knows its input."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import (
    clean_psnr,
    denoising_ratio,
    distance_ratio,
    gain,
    gains_by_color,
    held_out,
)
from copyist.claims.measures.inversion_measures import copied_and_inverted, known
from copyist.claims.nets import attention_copier, photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

HARDLY_VISIBLE = 0.05
"""In pixel value, root mean square: a little less than the shift that sets the yardstick of inversions."""

SIGMA = 0.2

CLAIM = Claim(
    sentence="One linear attention between two convolutions learns to copy its input, noise included, and its output "
    "represents the input almost perfectly.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="clean_psnr",
            measure="PSNR of the copies of held-out photographs of 32×32, dB",
            holds_when=Above(20.0),
        ),
        Part(
            name="missed",
            measure="root mean square error of inversions of the output (mean of two starts, channels aligned); "
            "converged inversions of 16 held-out photographs",
            holds_when=Below(HARDLY_VISIBLE),
        ),
        Part(
            name="apart",
            measure="root mean square difference of inversions from noise and from gray, over √2",
            holds_when=Below(HARDLY_VISIBLE),
        ),
        Part(
            name="gaussian_ratio",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under zero-mean noise of σ = {SIGMA}",
            holds_when=Above(0.9),
        ),
        Part(
            name="blend_against_unet",
            measure="that ratio under the blend at α = 0.3, minus that of the U-Net without skips",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        Control(name="converged", measure="share of inversions that converged from both starts"),
        Control(name="missed_untrained", measure="error of inversions before training"),
        Control(name="converged_untrained", measure="share of inversions that converged before training"),
        Control(name="missed_unet", measure="error of inversions of the U-Net without skips, one batch"),
        Control(name="converged_unet", measure="share of its inversions that converged"),
        Control(name="sharpness", measure="energy in high frequencies of the inverse from noise over the original's"),
        Control(name="gain", measure="projected gain at σ = 0.1: 1 for the identity"),
        Control(name="gain_brightness", measure="gain for noise that is equal in all channels: of brightness alone"),
        Control(name="gain_color", measure="gain for noise whose channels sum to 0: of color alone"),
        Control(name="gain_unet", measure="gain of the U-Net without skips, batches of 64"),
        Control(name="blend_mean_image", measure="ratio of the training images' mean under the blend"),
        Control(name="blend_ratio", measure="ratio of the attention under the blend"),
        Control(
            name="gaussian_linear_copier",
            measure="ratio of as many principal axes as copy clean photographs like the attention, σ = 0.2",
        ),
        Control(name="gaussian_unet", measure="ratio of the U-Net without skips, σ = 0.2"),
        Control(name="psnr_unet", measure="clean PSNR of the U-Net without skips, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train the attention, compare it with the U-Net, and invert the outputs of both."""
    recipe, noise, blend = attention_copier(trial), GaussianNoise(SIGMA), Blend(0.3)
    model, unet = trial.trained(recipe), trial.trained(photos_unet(trial))
    x, seen = held_out(trial, recipe.data), held_out(trial, photos(trial))
    train = trial.splits(recipe.data).train.images().to(trial.device)
    count = trial.pick(smoke=4, standard=16, gpu=32)
    found, before = known(model, x[:count], trial), known(trial.untrained(recipe), x[:count], trial)
    beside = known(unet, seen[: 2 * count], trial)
    quality = clean_psnr(model, x)
    axes = linear_copier(train, x, clean_psnr=quality)
    noisy = noise(x, generator=trial.generator("noise", "axes"))
    blended = blend(x, generator=trial.generator("noise", "mean"))
    values = {
        "clean_psnr": quality,
        "missed": found.missed,
        "apart": found.apart,
        "gaussian_ratio": denoising_ratio(model, x, noise, trial),
        "converged": found.converged,
        "missed_untrained": before.missed,
        "converged_untrained": before.converged,
        "missed_unet": beside.missed,
        "converged_unet": beside.converged,
        "sharpness": found.sharpness,
        "gain": gain(model, x, trial),
        "gain_unet": gain(unet, seen, trial),
        "blend_mean_image": distance_ratio(train.mean(0).expand_as(x), blended, x),
        "blend_ratio": denoising_ratio(model, x, blend, trial),
        "gaussian_linear_copier": distance_ratio(axes(noisy), noisy, x),
        "gaussian_unet": denoising_ratio(unet, seen, noise, trial),
        "psnr_unet": clean_psnr(unet, seen),
    }
    values["gain_brightness"], values["gain_color"] = gains_by_color(model, x, trial)
    values["blend_against_unet"] = values["blend_ratio"] - denoising_ratio(unet, seen, blend, trial)
    caption = "Linear attention between two convolutions: copies, and images whose outputs equal the top row's."
    pictures = copied_and_inverted(model, found, x[:count], noisy[:count], blended[:count], caption=caption)
    return Measurements(values=values, pictures={"inversions": pictures})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
