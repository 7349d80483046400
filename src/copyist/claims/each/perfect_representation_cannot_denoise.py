"""Where the output represents its input perfectly, the denoising loss is that of the corruption."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math

import torch

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, gain, held_out, squared_error
from copyist.claims.nets import attention_copier, denoiser, photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Claim, Control, Part, Regime, Within
from copyist.procedures.inversion import invert
from copyist.tensors import Images

SIGMA, ALPHA = 0.2, 0.3
MEAN, STD = 0.7, 0.2
"""Of the noise that is blended in."""

CLAIM = Claim(
    sentence="If the output represents its noisy input perfectly, the distance to the clean image is the one that the "
    "corruption made; one linear attention between two convolutions is near that.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="identity_gaussian",
            measure="mean squared error of the identity on zero-mean noise of σ = 0.2, over σ²; held-out photographs",
            holds_when=Within(0.01, around=1.0),
        ),
        Part(
            name="identity_blend",
            measure="the same on the blend with N(0.7, 0.2²) at α = 0.3, over (1 − α)²·(mean (x − 0.7)² + 0.2²)",
            holds_when=Within(0.01, around=1.0),
        ),
        Part(
            name="attention_gaussian",
            measure="mean squared error of the copies that one linear attention between two convolutions makes of "
            "zero-mean noise of σ = 0.2, over the noisy images' own; trained to copy photographs of 32×32",
            holds_when=Within(0.1, around=1.0),
        ),
        Part(
            name="attention_blend",
            measure="the same on the blend at α = 0.3",
            holds_when=Within(0.1, around=1.0),
        ),
    ),
    controls=(
        Control(name="attention_gain", measure="projected gain of that model at σ = 0.1: 1 for the identity"),
        Control(
            name="attention_inversion",
            measure="root mean squared distance between photographs and the images that its output represents alike, "
            "found from noise, converged or not; 8 photographs",
        ),
        Control(name="attention_converged", measure="share of these that converged"),
        Control(name="attention_psnr", measure="PSNR of its copies of clean photographs, dB"),
        Control(
            name="unet_gaussian",
            measure="the ratio of squared errors of the U-Net without skips, σ = 0.2, batches of 64",
        ),
        Control(name="unet_blend", measure="the same on the blend"),
        Control(
            name="linear_copier_gaussian",
            measure="the ratio of as many principal axes as copy clean photographs like the attention, σ = 0.2",
        ),
        Control(
            name="attention_denoiser_gaussian",
            measure="the ratio of the same attention trained to denoise: whether "
            "the model or what it was trained for is at fault",
        ),
        Control(name="attention_denoiser_blend", measure="the same on the blend"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Compare the identity with paper, and a model that nearly is one with the identity."""
    recipe, noise, blend = attention_copier(trial), GaussianNoise(SIGMA), Blend(ALPHA)
    x = held_out(trial, recipe.data)
    train = trial.splits(recipe.data).train.images().to(trial.device)
    attention, cured = trial.trained(recipe), trial.trained(denoiser(recipe))
    unet, seen = trial.trained(photos_unet(trial)), held_out(trial, photos(trial))
    quality = clean_psnr(attention, x)
    axes = linear_copier(train, x, clean_psnr=quality)
    noisy, blended = (_corrupted(x, each, trial) for each in (noise, blend))
    unet_noisy, unet_blended = (_corrupted(seen, each, trial) for each in (noise, blend))
    on_paper = (1 - ALPHA) ** 2 * (float((x - MEAN).square().mean()) + STD**2)
    copy = copies(attention, noisy)
    steps = trial.pick(smoke=20, standard=300, gpu=300)
    found = invert(attention, x[:8], steps=steps, generator=trial.generator("inversion"))
    values = {
        "identity_gaussian": squared_error(noisy, x) / SIGMA**2,
        "identity_blend": squared_error(blended, x) / on_paper,
        "attention_gaussian": squared_error(copy, x) / squared_error(noisy, x),
        "attention_blend": squared_error(copies(attention, blended), x) / squared_error(blended, x),
        "attention_gain": gain(attention, x, trial),
        "attention_inversion": float(found.input_distance.mean()) / math.sqrt(x[0].numel()),
        "attention_converged": float(found.converged.float().mean()),
        "attention_psnr": quality,
        "unet_gaussian": squared_error(copies(unet, unet_noisy), seen) / squared_error(unet_noisy, seen),
        "unet_blend": squared_error(copies(unet, unet_blended), seen) / squared_error(unet_blended, seen),
        "linear_copier_gaussian": squared_error(axes(noisy), x) / squared_error(noisy, x),
        "attention_denoiser_gaussian": squared_error(copies(cured, noisy), x) / squared_error(noisy, x),
        "attention_denoiser_blend": squared_error(copies(cured, blended), x) / squared_error(blended, x),
    }
    rows = {"photograph": x, "noisy": noisy, "copied by attention": copy, "denoised": copies(cured, noisy)}
    caption = "Linear attention between convolutions, trained to copy and to denoise, given noise of σ = 0.2."
    pictures = Pictures(caption=caption, rows={label: images[:8] for label, images in rows.items()})
    return Measurements(values=values, pictures={"copies": pictures})


def _corrupted(x: Images, corruption: Corruption, trial: Trial) -> Images:
    return corruption(x, generator=trial.generator("noise", type(corruption).__name__))


EXPERIMENT = Experiment(claim=CLAIM, run=run)
