"""A U-Net with linear attention, as diffusion models have it, denoises poorly when it is trained to copy.

The source draws it with linear attention beside residual connections, as the U-Nets of diffusion models are built: with
skips, group norm and residual blocks. That net is judged. Which of these makes the difference is told by the same net
without attention, without skips, with both kinds of attention, and by the ladder's net with skips alone.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping, Sequence

from copyist.claims.measures.copy_measures import (
    clean_psnr,
    copies,
    denoising_ratio,
    gain,
    held_out,
    nearest_rung,
)
from copyist.claims.measures.over_training import LearningCurve, learning_curve, learning_curves
from copyist.claims.nets import attention_unet, scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images
from copyist.training import Recipe

LEVEL = 33.0
"""PSNR in dB at which nets are compared."""

NETS = {
    "attention": "linear attention, skips, group norm, residual blocks",
    "plain": "plain U-Net of the ladder, without skips",
    "without_attention": "as the first, without attention",
    "without_skips": "as the first, without skips",
    "mixed": "as the first, with dot-product attention at the lowest two levels",
    "skips": "plain U-Net of the ladder with skips alone",
}

JUDGED = ("attention", "plain")

_SAID = (
    'second version, "Representations in Unet generative models with Attention": the trained U-Net with linear '
    "attention beside residual connections is not very effective at denoising"
)

_RATIO = "‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3 over that of the plain U-Net; 256 held-out landscapes"

CLAIM = Claim(
    sentence="A U-Net with linear attention in parallel to residual connections, trained to copy, copies noise too and "
    "denoises less than the plain U-Net.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=LEVEL),
    parts=(
        Part(
            name="blend_over_plain",
            measure=f"{_RATIO}, both where copies reached 33 dB",
            holds_when=Above(1.0),
            source=_SAID,
            scale="log",
        ),
        Part(
            name="blend_over_plain_at_end",
            measure=f"{_RATIO}, both at the end of training, which is twelve times as long for the plain U-Net",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="gaussian_over_plain",
            measure="the same ratio under zero-mean noise of σ = 0.2, both where copies reached 33 dB",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="gain_difference",
            measure="projected gain at σ = 0.1 minus the plain U-Net's, both where copies reached 33 dB",
            holds_when=Above(0.0),
        ),
        Part(
            name="gain_at_end",
            measure="that gain at the end of training: nearer to the identity's 1 than to 0",
            holds_when=Above(0.5),
        ),
        Part(
            name="blend_over_without_attention",
            measure="the ratio under the blend over that of the same net without attention, both where copies "
            "reached 33 dB: attention makes the difference, and not skips alone",
            holds_when=Above(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(
            name="gain_difference_without_skips",
            measure="gain with linear attention and without skips, minus the plain U-Net's at the snapshot nearest in "
            "PSNR",
        ),
        *(
            Control(name=f"{what}_{net}_{age}", measure=f"{measure}, {words}, {when}")
            for net, words in NETS.items()
            for age, when in (("alike", "where copies reached 33 dB, or nearest to it"), ("last", "at the end"))
            for what, measure in (
                ("psnr", "clean PSNR, dB"),
                ("gain", "projected gain at σ = 0.1"),
                ("blend", "ratio under the blend at α = 0.3"),
                ("gaussian", "ratio at σ = 0.2"),
            )
        ),
    ),
    picture="copies",
)


def run(trial: Trial) -> Measurements:
    """Train three nets on 40,000 images and one on 20,000, and compare them alike.

    Two take 12 minutes of one thread each, the one without attention 5 and the mixed one 6.
    """
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    recipes = _recipes(trial)
    alike: dict[str, Reconstructor] = {}
    last: dict[str, Reconstructor] = {}
    for net, recipe in recipes.items():
        last[net] = trial.trained(recipe, control=net not in JUDGED)
        alike[net] = trial.trained(recipe, at=LEVEL) if net in JUDGED else _at_level(trial.rungs(recipe))
    values = _differences(
        {net: _numbers(each, x, trial) for net, each in alike.items()},
        {net: _numbers(each, x, trial) for net, each in last.items()},
    )
    beside = nearest_rung(trial.rungs(recipes["plain"]), psnr=values["psnr_without_skips_last"])
    values["gain_difference_without_skips"] = values["gain_without_skips_last"] - gain(beside, x, trial)
    return Measurements(
        values=values,
        curves={"gain": learning_curves(_courses(trial, recipes, x), title="Gain", y_label="projected gain")},
        pictures={"copies": _pictures(alike, x, trial)},
    )


def _recipes(trial: Trial) -> dict[str, Recipe]:
    return {
        "attention": attention_unet(trial),
        "plain": ladder(trial),
        "without_attention": attention_unet(trial, attention="none"),
        "without_skips": attention_unet(trial, skips=False),
        "mixed": attention_unet(trial, attention="mixed"),
        "skips": ladder(trial, "skips"),
    }


def _at_level(rungs: Sequence[Rung]) -> Reconstructor:
    """The snapshot at the level, or the one nearest to it where it was not reached."""
    return nearest_rung([rung for rung in rungs if rung.level == LEVEL] or rungs, psnr=LEVEL)


def _numbers(model: Reconstructor, x: Images, trial: Trial) -> tuple[float, float, float, float]:
    """Clean PSNR, gain, and the ratios under the blend and under zero-mean noise."""
    return (
        clean_psnr(model, x),
        gain(model, x, trial),
        denoising_ratio(model, x, Blend(0.3), trial),
        denoising_ratio(model, x, GaussianNoise(0.2), trial),
    )


def _differences(
    alike: Mapping[str, tuple[float, float, float, float]], last: Mapping[str, tuple[float, float, float, float]]
) -> dict[str, float]:
    """The numbers of each net where all copy alike, and at the end; and what the parts judge."""
    values: dict[str, float] = {}
    for age, found in {"alike": alike, "last": last}.items():
        for net in NETS:
            for what, number in zip(("psnr", "gain", "blend", "gaussian"), found[net], strict=True):
                values[f"{what}_{net}_{age}"] = number
    return values | {
        "blend_over_plain": values["blend_attention_alike"] / values["blend_plain_alike"],
        "blend_over_plain_at_end": values["blend_attention_last"] / values["blend_plain_last"],
        "gaussian_over_plain": values["gaussian_attention_alike"] / values["gaussian_plain_alike"],
        "gain_difference": values["gain_attention_alike"] - values["gain_plain_alike"],
        "gain_at_end": values["gain_attention_last"],
        "blend_over_without_attention": values["blend_attention_alike"] / values["blend_without_attention_alike"],
    }


def _courses(trial: Trial, recipes: Mapping[str, Recipe], x: Images) -> dict[str, LearningCurve]:
    return {
        NETS[net]: learning_curve(trial.rungs(recipe), lambda model: gain(model, x, trial))
        for net, recipe in recipes.items()
    }


def _pictures(nets: Mapping[str, Reconstructor], x: Images, trial: Trial) -> Pictures:
    few = x[:8]
    noisy = Blend(0.5)(x, generator=trial.generator("picture"))
    rows = {"landscape": few, "noisy": noisy[:8]}
    rows |= {NETS[net]: copies(model, noisy)[:8] for net, model in nets.items()}
    return Pictures(caption="Landscapes blended at α = 0.5, and their copies by nets that copy alike.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
