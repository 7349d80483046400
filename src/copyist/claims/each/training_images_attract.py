"""Training images become fixed points that attract, as in an associative memory."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.nets.ladder import SNAPSHOTS_BY_HEART, by_heart
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime, adjusted_share, odds
from copyist.metrics.neighbors import nearest
from copyist.metrics.recall import recall
from copyist.models.contracts import Reconstructor, needs
from copyist.randomness import draw_normal
from copyist.tensors import Images

COUNTS = (32, 64)
"""Landscapes of 16×16 to train on; 32 of them are recalled."""

NOISES = {"from_0": 0.0, "from_05": 0.05, "from_10": 0.1, "from_20": 0.2, "from_40": 0.4}
"""Standard deviations of the noise from which images are recalled, by name."""

SIGMAS = tuple(NOISES.values())

JUDGED = 0.2
"""The noise that parts are about; on the way to the end it alone is asked of."""

BRIEFLY = (0.0, JUDGED)

KINDS = {
    "training": "training images",
    "held_out": "held-out images",
    "mixed": "training images that share their batches with as many held-out ones",
}

STEPS = 100
"""Copies of copies."""

CLAIM = Claim(
    sentence="Images that a copier knows by heart are fixed points that attract: copied again and again, noisy ones "
    "come back to them, and to held-out images they do not.",
    source="ours: after Radhakrishnan, Belkin and Uhler (2020), who find that overparameterized autoencoders store "
    "their training images as in an associative memory",
    regime=Regime(psnr=38.0, split="training", code=1.0),
    picture="recalled",
    parts=(
        *(
            Part(
                name=f"stays_{count}",
                measure=f"share of 32 of {count} training images of 16×16 that are still recalled after 100 copies of "
                "copies, without noise: nearer than a quarter of the median distance of two images, and no other "
                "training or held-out image nearer; at the end of training",
                holds_when=Above(0.5),
                scale="logit",
            )
            for count in COUNTS
        ),
        *(
            Part(
                name=f"recalled_{count}",
                measure=f"share of 32 of {count} training images that are recalled from noise of σ = 0.2, at less than "
                "half of the noise's own distance",
                holds_when=Above(0.5),
                scale="logit",
            )
            for count in COUNTS
        ),
        *(
            Part(
                name=f"training_over_held_out_{count}",
                measure=f"odds that a training image is recalled from noise of σ = 0.2, over those of a held-out "
                f"image, {count} images",
                holds_when=Above(1.0),
                scale="log",
            )
            for count in COUNTS
        ),
        *(
            Part(
                name=f"late_over_early_{count}",
                measure="odds that a training image is recalled from noise of σ = 0.2 at the end of training, over "
                f"those at the first snapshot (24 dB), {count} images",
                holds_when=Above(1.0),
                scale="log",
            )
            for count in COUNTS
        ),
    ),
    controls=(
        *(
            Control(
                name=f"{kind}_{count}_{name}",
                measure=f"share of {words} recalled from σ = {sigma:g}, {count} images, at the end",
            )
            for kind, words in KINDS.items()
            for count in COUNTS
            for name, sigma in NOISES.items()
        ),
        *(
            Control(name=f"captured_{count}", measure=f"share of held-out images that end at a training image, {count}")
            for count in COUNTS
        ),
        *(
            Control(name=f"identity_{count}", measure=f"share that the identity recalls from σ = 0.2, {count} images")
            for count in COUNTS
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kinds:
    """What is recalled, and among what."""

    training: Images
    held_out: Images
    among: Images


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stage:
    """One rung, and which images it recalls: (N,) bool, by kind and by σ of the noise."""

    rung: Rung
    recalled: dict[str, dict[float, Tensor]]

    def share(self, kind: str, sigma: float = JUDGED) -> float:
        return float(self.recalled[kind][sigma].double().mean())

    def odds(self, kind: str) -> float:
        found = self.recalled[kind][JUDGED]
        return odds(int(found.sum()), len(found))

    def adjusted(self, kind: str, sigma: float) -> float:
        found = self.recalled[kind][sigma]
        return adjusted_share(int(found.sum()), len(found))


def run(trial: Trial) -> Measurements:
    """Every rung of two nets, the same images under the same noise."""
    values: dict[str, float] = {}
    stages: dict[int, list[_Stage]] = {}
    rows: dict[str, Images] = {}
    for count in COUNTS:
        recipe = by_heart(trial, count=count)
        trial.autoencoder(recipe)  # the end is of the regime
        images = _images(recipe.data, trial)
        *way, end = trial.rungs(recipe)
        stages[count] = [*(_on_the_way(rung, images, trial) for rung in way), _at_the_end(end, images, trial)]
        early, late = stages[count][0], stages[count][-1]
        values |= {
            f"stays_{count}": late.adjusted("training", 0.0),
            f"recalled_{count}": late.adjusted("training", JUDGED),
            f"training_over_held_out_{count}": late.odds("training") / late.odds("held_out"),
            f"late_over_early_{count}": late.odds("training") / early.odds("training"),
            f"captured_{count}": _captured(_copier(late.rung), images, trial),
            f"identity_{count}": float(
                _recalled(_same, images.training, images, trial, BRIEFLY)[JUDGED].double().mean()
            ),
        }
        for kind in KINDS:
            for name, sigma in NOISES.items():
                values[f"{kind}_{count}_{name}"] = late.share(kind, sigma)
        rows |= {f"{count}: {name}": x for name, x in _rows(_copier(late.rung), images, trial).items()}
    caption = "Images, the same under noise of σ = 0.2, and what a hundred copies of copies make of that."
    return Measurements(
        values=values,
        curves={"training": _over_training(stages), "basins": _over_noise(stages)},
        pictures={"recalled": Pictures(caption=caption, rows=rows)},
    )


def _images(source: str, trial: Trial) -> _Kinds:
    splits = trial.splits(source)
    train, test = (part.images().to(trial.device) for part in (splits.train, splits.test))
    some = min(COUNTS)
    return _Kinds(training=train[:some], held_out=test[:some], among=torch.cat([train, test]))


def _on_the_way(rung: Rung, images: _Kinds, trial: Trial) -> _Stage:
    """Training images alone and held-out ones alone, without noise and under that which is judged."""
    copy = _copying(_copier(rung))
    kinds = {"training": images.training, "held_out": images.held_out}
    return _Stage(rung=rung, recalled={kind: _recalled(copy, x, images, trial, BRIEFLY) for kind, x in kinds.items()})


def _at_the_end(rung: Rung, images: _Kinds, trial: Trial) -> _Stage:
    """Training images alone, held-out ones alone, and training images in turn with held-out ones."""
    copy = _copying(_copier(rung))
    mixed = torch.stack([images.training, images.held_out], dim=1).flatten(0, 1)
    return _Stage(
        rung=rung,
        recalled={
            "training": _recalled(copy, images.training, images, trial, SIGMAS),
            "held_out": _recalled(copy, images.held_out, images, trial, SIGMAS),
            "mixed": {sigma: back[::2] for sigma, back in _recalled(copy, mixed, images, trial, SIGMAS).items()},
        },
    )


def _recalled(
    copy: Callable[[Images], Images], x: Images, images: _Kinds, trial: Trial, sigmas: Sequence[float]
) -> dict[float, Tensor]:
    """Which of them come back from each level of noise, (N,) each; the noise is the same but for its level."""
    draws = trial.generator("noise to recall from")
    found = recall(copy, x, among=images.among, sigmas=sigmas, steps=_steps(trial), generator=draws).recalled
    return dict(zip(sigmas, found, strict=True))


def _captured(model: Reconstructor, images: _Kinds, trial: Trial) -> float:
    """Share of held-out images that end as near to a training image as counts as recalled."""
    half = float(torch.pdist(images.training.flatten(1)).median()) / 2
    x = _copied(model, images.held_out, trial)
    found = nearest(x, images.among[: len(images.among) // 2]).distance * x[0].numel() ** 0.5
    return float((found < half / 2).double().mean())


def _copied(model: Reconstructor, x: Images, trial: Trial) -> Images:
    """Copies of copies."""
    for _ in range(_steps(trial)):
        x = copies(model, x)
    return x


def _steps(trial: Trial) -> int:
    return trial.pick(smoke=3, standard=STEPS, gpu=STEPS)


def _copier(rung: Rung) -> Reconstructor:
    return needs(rung.model, Reconstructor, verb="an experiment")


def _copying(model: Reconstructor) -> Callable[[Images], Images]:
    return lambda x: copies(model, x)


def _same(x: Images) -> Images:
    return x


def _over_training(stages: dict[int, list[_Stage]]) -> Curves:
    def line(count: int, kind: str) -> list[float]:
        shares = {stage.rung.level: stage.share(kind) for stage in stages[count]}
        return [shares.get(level, math.nan) for level in SNAPSHOTS_BY_HEART]

    return Curves(
        title="Recall from noise of σ = 0.2 over training",
        x_label="PSNR of copies of training images at which the net was kept, dB",
        y_label="share recalled",
        x=SNAPSHOTS_BY_HEART,
        lines=_lines(line),
    )


def _over_noise(stages: dict[int, list[_Stage]]) -> Curves:
    def line(count: int, kind: str) -> list[float]:
        return [stages[count][-1].share(kind, sigma) for sigma in SIGMAS]

    return Curves(
        title="Recall at the end of training",
        x_label="σ of the noise on the image, in units of pixel value",
        y_label="share recalled",
        x=SIGMAS,
        lines=_lines(line),
    )


def _lines(line: Callable[[int, str], Sequence[float]]) -> dict[str, Sequence[float]]:
    words = {"training": "training", "held_out": "held out"}
    return {f"{count} images, {word}": line(count, kind) for count in COUNTS for kind, word in words.items()}


def _rows(model: Reconstructor, images: _Kinds, trial: Trial) -> dict[str, Images]:
    """Eight images of each kind, under noise, and what they come to among the others of their batch."""
    rows: dict[str, Images] = {}
    for kind, x in {"trained on": images.training, "held out": images.held_out}.items():
        draws = trial.generator("noise to show")
        noisy = x + draw_normal(x.shape, std=JUDGED, generator=draws, like=x)
        end = _copied(model, noisy, trial)
        rows |= {kind: x[:8], f"{kind}, noisy": noisy[:8], f"{kind}, copied": end[:8]}
    return rows


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(7))
