"""With skips the U-Net tends to the identity."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, gain, held_out
from copyist.claims.measures.over_training import learning_curve, learning_curves
from copyist.claims.nets import small_scenes, small_unet
from copyist.claims.nets.ladder import ladder
from copyist.claims.nets.scaling import scenes
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

LEVEL = 33.0
"""PSNR in dB at which nets with skips and without are compared."""

LADDER_SEEDS = 3
"""Seeds that the standard ladder has."""

NOISES: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}

_SAID = '"Autoencoders are capable of denoising without being trained to do so": residual connections, if not removed, '

CLAIM = Claim(
    sentence="With skips a U-Net that is trained to copy tends to the identity.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=LEVEL),
    picture="copies",
    parts=(
        Part(
            name="gain_with_skips",
            measure="projected gain at σ = 0.1 of the U-Net with skips at the end of training, held-out landscapes of "
            "16×16: nearer to 1, the identity, than to 0",
            holds_when=Above(0.5),
            source=_SAID + "lead to a model that learns the identity",
        ),
        Part(
            name="missing_after_training",
            measure="how far the gain with skips is from 1 at the end of training, over how far it was where "
            "copies reached 33 dB: it tends to 1 as copies improve",
            holds_when=Below(1.0),
            scale="log",
            source=_SAID + "lead there, by learning",
        ),
        Part(
            name="gain_difference",
            measure="gain with skips minus gain without, both where copies reached 33 dB",
            holds_when=Above(0.0),
            source=_SAID + "do so, which is why they are removed",
        ),
        Part(
            name="blend_over_skips",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3 without skips over that with, both at 33 dB",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="gaussian_over_skips",
            measure="the same under zero-mean noise of σ = 0.2",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="gain_near_one",
            measure="the gain with skips at the end: the identity, or nearly",
            holds_when=Above(0.8),
        ),
    ),
    controls=(
        Control(name="psnr_with_skips", measure="clean PSNR with skips at the end of training, dB"),
        Control(name="gain_skips_at_33", measure="gain with skips at 33 dB"),
        Control(name="gain_plain_at_33", measure="gain without skips at 33 dB"),
        Control(name="gain_plain", measure="gain without skips at the end of training"),
        Control(name="psnr_plain", measure="its clean PSNR, dB"),
        *(
            Control(name=f"{kind}_{net}", measure=f"denoising ratio {words}, {kind}")
            for kind in NOISES
            for net, words in (
                ("skips_at_33", "with skips at 33 dB"),
                ("plain_at_33", "without at 33 dB"),
                ("skips", "with skips at the end"),
                ("plain", "without at the end"),
            )
        ),
        *(
            Control(
                name=f"ladder_{number}_{net}",
                measure=f"{words} of the standard ladder's net {net}, landscapes of 32×32, at the end; the first three "
                "seeds, for which it is trained",
            )
            for number, words in (("gain", "gain"), ("psnr", "clean PSNR, dB,"), ("gaussian", "ratio at σ = 0.2"))
            for net in ("skips", "plain")
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train both; compare them where they copy alike, and at the end."""
    x = held_out(trial, small_scenes(trial))
    recipes = {"skips": small_unet(trial, skips=True), "plain": small_unet(trial)}
    ends = {name: trial.trained(recipe) for name, recipe in recipes.items()}
    alike = {name: trial.trained(recipe, at=LEVEL, control=True) for name, recipe in recipes.items()}
    gains = {name: gain(net, x, trial) for name, net in alike.items()}
    at_end = {name: gain(net, x, trial) for name, net in ends.items()}
    values: dict[str, float] = {
        "gain_with_skips": at_end["skips"],
        "missing_after_training": abs(1 - at_end["skips"]) / abs(1 - gains["skips"]),
        "gain_difference": gains["skips"] - gains["plain"],
        "psnr_with_skips": clean_psnr(ends["skips"], x),
        "gain_near_one": at_end["skips"],
        "gain_skips_at_33": gains["skips"],
        "gain_plain_at_33": gains["plain"],
        "gain_plain": at_end["plain"],
        "psnr_plain": clean_psnr(ends["plain"], x),
    }
    for kind, noise in NOISES.items():
        ratios = {name: denoising_ratio(net, x, noise, trial) for name, net in alike.items()}
        values[f"{kind}_over_skips"] = ratios["plain"] / ratios["skips"]
        values |= {f"{kind}_{name}_at_33": value for name, value in ratios.items()}
        values |= {f"{kind}_{name}": denoising_ratio(net, x, noise, trial) for name, net in ends.items()}
    lines = {
        ("with skips" if name == "skips" else "without"): learning_curve(
            trial.rungs(recipe), lambda model: gain(model, x, trial)
        )
        for name, recipe in recipes.items()
    }
    return Measurements(
        values=values | _on_the_ladder(trial),
        curves={"gain": learning_curves(lines, title="Gain over training", y_label="projected gain")},
        pictures={"copies": _pictures(ends, x, trial)},
    )


def _on_the_ladder(trial: Trial) -> dict[str, float]:
    """The same numbers of the standard ladder's nets, where it has this seed."""
    x = held_out(trial, scenes(trial))
    values: dict[str, float] = {}
    for net in ("skips", "plain"):
        model = trial.trained(ladder(trial, net), control=True) if trial.seed < LADDER_SEEDS else None
        values |= {
            f"ladder_gain_{net}": math.nan if model is None else gain(model, x, trial),
            f"ladder_psnr_{net}": math.nan if model is None else clean_psnr(model, x),
            f"ladder_gaussian_{net}": math.nan
            if model is None
            else denoising_ratio(model, x, NOISES["gaussian"], trial),
        }
    return values


def _pictures(nets: Mapping[str, Reconstructor], x: Images, trial: Trial) -> Pictures:
    x_tilde = Blend(0.5)(x, generator=trial.generator("picture"))
    shown = {
        "image": x,
        "noisy": x_tilde,
        "without skips": copies(nets["plain"], x_tilde),
        "with skips": copies(nets["skips"], x_tilde),
    }
    rows = {label: images[:8] for label, images in shown.items()}
    return Pictures(caption="Held-out landscapes, blended at α = 0.5, and their copies.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
