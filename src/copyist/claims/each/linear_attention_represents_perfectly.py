"""One linear attention between two convolutions copies, noise included, and its output knows its input."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

from copyist.claims.measures.copied_and_represented import copied_and_represented, represented_controls
from copyist.claims.measures.copy_measures import clean_psnr, denoising_ratio, gain, held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion
from copyist.claims.measures.inversion_finding import find_inversion
from copyist.claims.measures.inversion_table import inversion_controls, inversion_values
from copyist.claims.measures.over_training import common_level
from copyist.claims.nets import attention_copier
from copyist.claims.nets.ladder import small_ladder
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.training import Recipe

NOISES: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}

_SAID = (
    'second version, "Representations in Unet generative models with Attention": with one linear attention between '
    "convolutions of 64 maps, the model "
)

_PARTS = (
    Part(
        name="beyond_one_color",
        measure="PSNR of the copies of 256 held-out landscapes of 16×16, minus the better of each one's mean color and "
        "of the training images' mean, dB: 6 where at most half of their error is left",
        holds_when=Above(6.0),
        source=f"{_SAID}tends to learn to copy its input",
    ),
    Part(
        name="missed_trained",
        measure="error of what converged inverses of the output from N(0.7, 0.05²) and from gray share, channels "
        "aligned, over the originals' contrast; 16 held-out landscapes: 1 where only mean colors are known",
        holds_when=Below(0.1),
        instruments=(INVERSION,),
        source=f"{_SAID}is capable of a representation of its input that is nearly perfect",
        scale="log",
    ),
    Part(
        name="blend_ratio",
        measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3, held-out landscapes: at most a tenth is removed",
        holds_when=Above(0.9),
        source=f"{_SAID}denoises its input poorly",
        scale="log",
    ),
    Part(
        name="gaussian_ratio",
        measure="the same under zero-mean noise of σ = 0.2",
        holds_when=Above(0.9),
        scale="log",
    ),
    Part(
        name="noise_trained",
        measure="what differs between the two starts' inverses, over the originals' contrast",
        holds_when=Below(0.1),
        instruments=(INVERSION,),
        scale="log",
    ),
    Part(
        name="converged_share",
        measure="share of the 16 landscapes whose inversions converged from both starts, (k + ½) / 17",
        holds_when=Above(0.5),
        scale="logit",
    ),
    *(
        Part(
            name=f"{kind}_over_unet",
            measure=f"the ratio under {words} over that of the U-Net without skips, each at the highest snapshot that "
            "both reached",
            holds_when=Above(1.0),
            scale="log",
        )
        for kind, words in (("blend", "the blend"), ("gaussian", "zero-mean noise"))
    ),
)

CLAIM = Claim(
    sentence="One linear attention between two convolutions learns to copy its input, noise included, and its output "
    "represents the input almost perfectly.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=33.0),
    parts=_PARTS,
    controls=(
        *represented_controls([part.name for part in _PARTS]),
        *(
            Control(name=f"{number}_{net}_alike", measure=f"{what} of the {words}, at that snapshot")
            for net, words in (("attention", "attention"), ("unet", "U-Net without skips"))
            for number, what in (
                ("psnr", "clean PSNR, dB,"),
                ("gain", "projected gain at σ = 0.1"),
                ("blend", "ratio under the blend"),
                ("gaussian", "ratio under zero-mean noise"),
            )
        ),
        *inversion_controls("unet", "the output of the U-Net without skips, 16 images in one batch"),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Train it on 64,000 images, some 2 minutes of one thread; invert its output, and that of the U-Net, some 3."""
    recipe, other = attention_copier(trial), small_ladder(trial, count=2048)
    caption = "Linear attention between two convolutions: images whose outputs equal the top row's, and copies."
    found = copied_and_represented(trial, recipe, caption=caption)
    values = {**found.values, **_beside_the_unet(trial, recipe, other)}
    return replace(found, values=by_inversion(CLAIM, values))


def _beside_the_unet(trial: Trial, recipe: Recipe, other: Recipe) -> dict[str, float]:
    """Both where they copy alike; and what the U-Net's output knows at its end."""
    level = common_level(trial, recipe, other)
    values: dict[str, float] = {}
    for net, each in {"attention": recipe, "unet": other}.items():
        model, x = trial.trained(each, at=level, control=True), held_out(trial, each.data)
        values |= {
            f"psnr_{net}_alike": clean_psnr(model, x),
            f"gain_{net}_alike": gain(model, x, trial),
            **{f"{kind}_{net}_alike": denoising_ratio(model, x, noise, trial) for kind, noise in NOISES.items()},
        }
    for kind in ("blend", "gaussian"):
        values[f"{kind}_over_unet"] = values[f"{kind}_attention_alike"] / values[f"{kind}_unet_alike"]
    few = held_out(trial, other.data, count=trial.pick(smoke=4, standard=16, gpu=32))
    return values | inversion_values("unet", find_inversion(trial.trained(other, control=True), few, trial))


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
