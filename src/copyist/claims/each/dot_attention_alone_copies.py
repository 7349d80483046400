"""Dot-product attention with nothing beside it copies, knows its input, and does not denoise."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, denoising_ratio, distance_ratio, gain, held_out
from copyist.claims.measures.inversion_measures import copied_and_inverted, known, missed_by_all
from copyist.claims.nets import attention_copier
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Reconstructor, needs

CLAIM = Claim(
    sentence="Dot-product attention alone, without convolutions, can be trained to copy; its output represents the "
    "input well, and it does not denoise.",
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
            "converged inversions of 8 held-out photographs",
            holds_when=Below(0.1),
        ),
        Part(
            name="gaussian_ratio",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under zero-mean noise of σ = 0.2",
            holds_when=Above(0.9),
        ),
        Part(
            name="blend_ratio",
            measure="the same under the blend at α = 0.3",
            holds_when=Above(0.9),
        ),
    ),
    controls=(
        Control(name="psnr_mean_image", measure="PSNR of the training images' mean, dB"),
        Control(name="psnr_mean_color", measure="PSNR of each photograph's own mean color, dB: attention to all alike"),
        Control(name="spread", measure="root mean square distance of photographs to their mean colors: all is missed"),
        Control(name="psnr_untrained", measure="clean PSNR before training, dB"),
        Control(name="missed_untrained", measure="error of inversions before training"),
        Control(name="missed_by_all_untrained", measure="the same of all inversions, converged or not"),
        Control(name="converged_untrained", measure="share of inversions that converged before training"),
        Control(name="missed_by_all", measure="error of all inversions after training, converged or not"),
        Control(name="disagreement", measure="1 − correlation of inversions from two starts"),
        Control(name="converged", measure="share of inversions that converged from both starts"),
        Control(name="gain", measure="projected gain at σ = 0.1: 1 for the identity"),
        Control(
            name="gaussian_linear_copier",
            measure="ratio of as many principal axes as copy clean photographs like the attention, σ = 0.2",
        ),
        Control(name="blend_mean_image", measure="ratio of the training images' mean under the blend"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train it, invert it before and after, and let it copy noise."""
    recipe, noise, blend = attention_copier(trial, attention="dot", convolutions=False), GaussianNoise(0.2), Blend(0.3)
    model, fresh = trial.trained(recipe), needs(trial.untrained(recipe), Reconstructor, verb="an experiment")
    x = held_out(trial, recipe.data, count=trial.pick(smoke=4, standard=128, gpu=256))
    few = x[: trial.pick(smoke=4, standard=8, gpu=32)]
    train = trial.splits(recipe.data).train.images().to(trial.device)
    mean, colors = train.mean(0).expand_as(x), x.mean((2, 3), keepdim=True).expand_as(x)
    found, before = known(model, few, trial), known(fresh, few, trial)
    quality = clean_psnr(model, x)
    axes = linear_copier(train, x, clean_psnr=quality)
    noisy, blended = (each(x, generator=trial.generator("noise", "beside")) for each in (noise, blend))
    values = {
        "clean_psnr": quality,
        "missed": found.missed,
        "gaussian_ratio": denoising_ratio(model, x, noise, trial),
        "blend_ratio": denoising_ratio(model, x, blend, trial),
        "psnr_mean_image": float(psnr(mean, x).mean()),
        "psnr_mean_color": float(psnr(colors, x).mean()),
        "spread": float((x - colors).square().mean().sqrt()),
        "psnr_untrained": clean_psnr(fresh, x),
        "missed_untrained": before.missed,
        "missed_by_all_untrained": missed_by_all(before, few),
        "converged_untrained": before.converged,
        "missed_by_all": missed_by_all(found, few),
        "disagreement": found.disagreement,
        "converged": found.converged,
        "gain": gain(model, x, trial),
        "gaussian_linear_copier": distance_ratio(axes(noisy), noisy, x),
        "blend_mean_image": distance_ratio(mean, blended, x),
    }
    caption = "Dot-product attention alone: copies, and images whose outputs equal the top row's."
    pictures = copied_and_inverted(model, found, few, noisy[: len(few)], blended[: len(few)], caption=caption)
    return Measurements(values=values, pictures={"inversions": pictures})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
