"""With more training fewer images walk."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copyist.claims.measures.references import Reference, reference_for
from copyist.claims.measures.walks import KeptWalk, keep_walk, walk_frames
from copyist.claims.nets.ladder import SNAPSHOTS, SNAPSHOTS_BY_HEART, by_heart, ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, odds
from copyist.models.contracts import Autoencoder, needs
from copyist.tensors import Images
from copyist.training import Recipe

COUNTS = (64, 256)
"""Landscapes of 16×16 to train on."""

STANDARD_SEEDS = (0, 1, 2)
"""Of which the standard ladder is trained."""

STARTS = {"training": "from training images", "held_out": "from held-out images"}

LEVELS = (*(f"{level:g}" for level in SNAPSHOTS), "end")
"""Rungs of the standard ladder by name."""

WHAT = {
    "share": "share of walkers",
    "low": "lower end of its binomial 95 % interval",
    "high": "upper end of it",
    "displacement": "mean distance from O(x), in halves of the median distance of copies,",
    "net": "net displacement over 50 steps, in the same unit,",
    "spread": "median distance between two walkers in the end over that between two copies: low where all fade into "
    "one picture, which counts as walking,",
    "at_rest": "share of walkers that rest or go round in the end",
}

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="With more training fewer images walk when they are copied again and again without noise.",
    source='Badger, "Autoencoders: Learning by Copying", second version, on the walk without noise: from 7 of 8 images '
    "to about 1 of 8 after 200 further epochs",
    regime=Regime(psnr=36.0, split="training", code=1.0),
    picture="ways",
    parts=(
        *(
            Part(
                name=f"odds_{count}",
                measure="odds that a training image walks (64 of them in batches of 32, 300 copies without noise; "
                "farther from O(x) in the end than half the median distance of two copies) at the end of training, "
                f"over those when copies of training images first reached 24 dB; {count} landscapes of 16×16, code "
                "twice the image",
                holds_when=Below(1.0),
                source=f"{PLACE}: the share that walks falls substantially with training, from 7/8 to about 1/8 with "
                "200 further epochs",
                scale="log",
            )
            for count in COUNTS
        ),
        *(
            Part(
                name=f"training_over_held_out_{count}",
                measure="odds that a training image walks at the end of training over those of a held-out image, "
                f"{count} landscapes: whether it is images that are stilled, or the net",
                holds_when=Below(1.0),
                scale="log",
            )
            for count in COUNTS
        ),
        *(
            Part(
                name=f"spread_{count}",
                measure="median distance between two walkers in the end, from training images at the end of training, "
                f"over that between two copies, {count} landscapes: what is stilled is not faded into one picture",
                holds_when=Above(0.5),
                scale="log",
            )
            for count in COUNTS
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{start}_{count}_{stage}", measure=f"{text} {words}, {count} landscapes, {when}")
            for count in COUNTS
            for start, words in STARTS.items()
            for stage, when in {"early": "at the first snapshot (24 dB)", "late": "at the end"}.items()
            for name, text in WHAT.items()
        ),
        *(
            Control(name=f"{name}_{count}_{stage}", measure=f"PSNR of copies of {words}, {count} landscapes, {stage}")
            for count in COUNTS
            for stage in ("early", "late")
            for name, words in {"psnr_training": "training images", "psnr_held_out": "held-out images"}.items()
        ),
        *(
            Control(
                name=f"standard_{start}_{level}",
                measure=f"share of walkers {words} by the standard ladder's net (2048 landscapes of 32×32) at {level}"
                f"{' of its training' if level == 'end' else ' dB held out'}; seeds 0 to 2 alone",
            )
            for start, words in STARTS.items()
            for level in LEVELS
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stage:
    """One rung, and what becomes of walkers by it."""

    rung: Rung
    walks: Mapping[str, KeptWalk]
    """By where they began."""

    @property
    def level(self) -> str:
        return "end" if self.rung.level is None else f"{self.rung.level:g}"


def run(trial: Trial) -> Measurements:
    """Every rung of two small nets, and of the standard one, from the same starts."""
    stages: dict[int, list[_Stage]] = {}
    for count in COUNTS:
        recipe = by_heart(trial, count=count)
        trial.autoencoder(recipe)  # the end is of the regime
        stages[count] = _stages(recipe, trial)
    standard = _stages(ladder(trial), trial) if trial.seed in STANDARD_SEEDS else []
    values: dict[str, float] = {}
    for count, each in stages.items():
        early, late = each[0], each[-1]
        values |= {
            f"odds_{count}": _odds(late, "training") / _odds(early, "training"),
            f"training_over_held_out_{count}": _odds(late, "training") / _odds(late, "held_out"),
            f"spread_{count}": late.walks["training"].found.spread,
            **_moved(count, "early", early),
            **_moved(count, "late", late),
        }
    shares = {stage.level: stage.walks for stage in standard}
    for start in STARTS:
        for level in LEVELS:
            values[f"standard_{start}_{level}"] = shares[level][start].found.share.mean if level in shares else math.nan
    caption = "Training images copied 300 times without noise, from the left to the right, early and late in training."
    pictures = {"ways": Pictures(caption=caption, rows=_rows(stages[COUNTS[0]]))}
    if standard:
        rows = _rows([*standard[:1], standard[-1]])
        pictures["standard"] = Pictures(caption=f"{caption[:-1]}, of 2048 landscapes.", rows=rows)
    return Measurements(values=values, curves={"training": _curve(stages)}, pictures=pictures)


def _stages(recipe: Recipe, trial: Trial) -> list[_Stage]:
    """What becomes of 64 walkers of each kind, rung by rung."""
    reference, count = reference_for(trial, recipe.data), trial.pick(smoke=16, standard=64, gpu=64)
    starts = {"training": reference.train[:count], "held_out": reference.test[:count]}
    return [_stage(rung, starts, reference, trial) for rung in trial.rungs(recipe)]


def _stage(rung: Rung, starts: Mapping[str, Images], reference: Reference, trial: Trial) -> _Stage:
    model = needs(rung.model, Autoencoder, verb="walk")
    walks = {
        name: keep_walk(walk_frames(model, x, trial, noise=0.0), model, reference, trial) for name, x in starts.items()
    }
    return _Stage(rung=rung, walks=walks)


def _odds(stage: _Stage, start: str) -> float:
    found = stage.walks[start].found
    return odds(found.walked, found.count)


def _moved(count: int, stage: str, found: _Stage) -> dict[str, float]:
    values = {
        f"psnr_training_{count}_{stage}": found.rung.record.psnr_training,
        f"psnr_held_out_{count}_{stage}": found.rung.record.psnr,
    }
    for start, walk in found.walks.items():
        each = walk.found
        values |= {
            f"share_{start}_{count}_{stage}": each.share.mean,
            f"low_{start}_{count}_{stage}": each.share.low,
            f"high_{start}_{count}_{stage}": each.share.high,
            f"displacement_{start}_{count}_{stage}": each.displacement,
            f"net_{start}_{count}_{stage}": each.net,
            f"spread_{start}_{count}_{stage}": each.spread,
            f"at_rest_{start}_{count}_{stage}": each.at_rest,
        }
    return values


def _rows(stages: Sequence[_Stage]) -> dict[str, Images]:
    """Three walkers at the first rung, and the same at the last."""
    return {
        f"{stage.rung.record.psnr_training:.0f} dB, image {number + 1}": stage.walks["training"].strip(walker=number)
        for stage in (stages[0], stages[-1])
        for number in range(3)
    }


def _curve(stages: Mapping[int, Sequence[_Stage]]) -> Curves:
    def line(count: int, start: str) -> list[float]:
        shares = {stage.rung.level: stage.walks[start].found.share.mean for stage in stages[count]}
        return [shares.get(level, math.nan) for level in SNAPSHOTS_BY_HEART]

    return Curves(
        title="Walking without noise over training",
        x_label="PSNR of copies of training images at which the net was kept, dB",
        y_label="share of walkers",
        x=SNAPSHOTS_BY_HEART,
        lines={f"{count} images, {words}": line(count, start) for count in COUNTS for start, words in STARTS.items()},
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
