"""What linear attention passes on of noise in brightness, and of noise in color, while it learns to copy.

The noise is either the same in all three channels, or sums to 0 over them; the gain is the share of it that is found
again in the copy.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable, Sequence

import torch

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, gains_by_color, held_out
from copyist.claims.measures.over_training import LearningCurve, learning_curves
from copyist.claims.nets import attention_copier
from copyist.claims.nets.attentions import AttentionData
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.corruption import GaussianNoise
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor, needs
from copyist.tensors import Images
from copyist.training import Recipe

SOURCES: dict[AttentionData, str] = {"scenes": "landscapes", "photos": "photographs"}

AGES = {"first": "at the first snapshot", "last": "at the end of training"}

CLAIM = Claim(
    sentence="Trained to copy, one linear attention between two convolutions passes on noise of brightness before "
    "noise of color; with training color follows, and stays behind.",
    source="ours: what of noise a copier with perfect representation passes on",
    regime=Regime(psnr=None, why="judged is how it changes from the first snapshot to the end; PSNRs stand beside"),
    parts=tuple(
        part
        for kind, words in SOURCES.items()
        for part in (
            Part(
                name=f"gap_first_{kind}",
                measure="projected gain for noise of brightness minus that for noise of color, σ = 0.1, 256 held-out "
                f"{words} of 16×16, {AGES['first']}",
                holds_when=Above(0.0),
            ),
            Part(
                name=f"color_rise_{kind}",
                measure="gain for noise of color at the end minus that at the first snapshot, the same images",
                holds_when=Above(0.0),
            ),
            Part(
                name=f"gap_last_{kind}",
                measure=f"gain for noise of brightness minus that for noise of color {AGES['last']}",
                holds_when=Above(0.0),
            ),
        )
    ),
    controls=tuple(
        control
        for kind, words in SOURCES.items()
        for control in (
            Control(
                name=f"color_share_{kind}",
                measure=f"share of color in the variance of {words}: how little there is to learn from",
            ),
            *(
                Control(name=f"{what}_{age}_{kind}", measure=f"{measure}, {words}, {when}")
                for age, when in AGES.items()
                for what, measure in (
                    ("psnr", "clean PSNR, dB"),
                    ("brightness", "gain for noise of brightness"),
                    ("color", "gain for noise of color"),
                    ("brightness_axes", "that of as many principal axes as copy as well, for brightness"),
                    ("color_axes", "that of these axes for color: no attention, and the data alone"),
                )
            ),
        )
    ),
    picture="gains",
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Follow both gains over training on landscapes and on photographs: 2 minutes of one thread each."""
    values: dict[str, float] = {}
    lines: dict[str, LearningCurve] = {}
    rows: dict[str, Images] = {}
    for kind, words in SOURCES.items():
        recipe = attention_copier(trial, data=kind)
        rungs, x = trial.rungs(recipe), held_out(trial, recipe.data)
        train = trial.splits(recipe.data).train.images().to(trial.device)
        values |= _numbers(kind, rungs, x, train, trial)
        values[f"color_share_{kind}"] = _color_share(train)
        lines |= _courses(rungs, x, words, trial)
        if kind == "photos":
            rows = _rows(trial, recipe, x)
    return Measurements(
        values=values,
        curves={"gains": learning_curves(lines, title="Gain over training", y_label="projected gain")},
        pictures={"copies": Pictures(caption="Photographs with noise of σ = 0.1, and what is copied.", rows=rows)},
    )


def _numbers(kind: AttentionData, rungs: Sequence[Rung], x: Images, train: Images, trial: Trial) -> dict[str, float]:
    """Of the first snapshot and of the end, beside principal axes that copy as well."""
    values: dict[str, float] = {}
    for age, rung in {"first": rungs[0], "last": rungs[-1]}.items():
        quality = clean_psnr(needs(rung.model, Reconstructor, verb="an experiment"), x)
        brightness, color = gains_by_color(_copy(rung), x, trial)
        of_axes = gains_by_color(linear_copier(train, x, clean_psnr=quality), x, trial)
        values |= {
            f"psnr_{age}_{kind}": quality,
            f"brightness_{age}_{kind}": brightness,
            f"color_{age}_{kind}": color,
            f"gap_{age}_{kind}": brightness - color,
            f"brightness_axes_{age}_{kind}": of_axes[0],
            f"color_axes_{age}_{kind}": of_axes[1],
        }
    values[f"color_rise_{kind}"] = values[f"color_last_{kind}"] - values[f"color_first_{kind}"]
    return values


def _copy(rung: Rung) -> Callable[[Images], Images]:
    model = needs(rung.model, Reconstructor, verb="an experiment")
    return lambda images: copies(model, images)


def _courses(rungs: Sequence[Rung], x: Images, words: str, trial: Trial) -> dict[str, LearningCurve]:
    gains = [gains_by_color(_copy(rung), x, trial) for rung in rungs]
    psnrs, visits = [rung.record.psnr for rung in rungs], [rung.record.visits for rung in rungs]
    return {
        f"{noise}, {words}": LearningCurve(psnrs=psnrs, visits=visits, values=[each[index] for each in gains])
        for index, noise in enumerate(("brightness", "color"))
    }


def _color_share(x: Images) -> float:
    """Of the variance over pixels and images, what is left when each pixel's mean over channels is taken off."""
    spread = x - x.mean((0, 2, 3), keepdim=True)
    return float((spread - spread.mean(1, keepdim=True)).square().sum() / spread.square().sum())


def _rows(trial: Trial, recipe: Recipe, x: Images) -> dict[str, Images]:
    few = x[:8]
    noisy = GaussianNoise(0.1)(few, generator=trial.generator("picture"))
    return {"image": few, "noisy": noisy, "copy": copies(trial.trained(recipe), noisy)}


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
