"""What walks and samples of landscapes are held against: real ones, by instruments that are checked first."""

__all__ = [
    "INSTRUMENTS",
    "NOISE_MEAN",
    "NOISE_STD",
    "RULES",
    "Appraisal",
    "Reference",
    "appraisal_controls",
    "appraisal_values",
    "appraise",
    "check_instruments",
    "decoded_noise",
    "pure_noise",
    "ratios",
    "reference_for",
]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import torch

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.distances import Distances, scene_distances
from copyist.claims.measures.landscapes import check_rules, remembered_images
from copyist.claims.nets import scenes
from copyist.claims.trial import Trial
from copyist.evidence import Control, adjusted_share, odds
from copyist.metrics.scenes import scene_rules
from copyist.models.contracts import Autoencoder
from copyist.models.in_batches import in_batches
from copyist.randomness import draw_normal
from copyist.tensors import Images

INSTRUMENTS = ("axes", "layout", "appearance")
"""That measure distances, in the order in which they may judge."""

RULES = ("rules",)
"""That counts the pictures that keep all rules of landscapes."""

NOISE_MEAN = 0.7
"""Mean of the noise that samples begin with."""

NOISE_STD = 0.2
"""Its standard deviation."""

_MEASURES = {
    "distance": "Fréchet distance to held-out landscapes on principal axes:",
    "layout": "the same in layout features:",
    "appearance": "the same in means, contrasts and coarse edges:",
    "density": "held-out landscapes' balls that hold a picture, per picture, in these features (1 for real ones):",
    "coverage": "share of held-out landscapes with a picture in their ball, in these features:",
    "kept": "share that keep all rules of landscapes:",
    "remembered": "median distance to the nearest training image over that of held-out landscapes:",
}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Landscapes that were trained on and others, and the distances between sets of them."""

    distances: Distances

    test: Images
    """All that are held out (M, C, H, W)."""

    @property
    def train(self) -> Images:
        """All that were trained on (N, C, H, W)."""
        return self.distances.train

    @property
    def real(self) -> Images:
        """The held-out ones that sets are compared with."""
        return self.distances.reference

    @property
    def count(self) -> int:
        """How many pictures a set has."""
        return len(self.real)


@final
@dataclass(frozen=True, kw_only=True)
class Appraisal:
    """What a set of pictures is worth as landscapes."""

    count: int
    """How many pictures."""

    distance: Mapping[str, float]
    """To held-out landscapes, by instrument."""

    density: Mapping[str, float]
    """Held-out landscapes' balls that hold a picture, per picture, by instrument."""

    coverage: Mapping[str, float]
    """Share of held-out landscapes with a picture in their ball, in (0, 1), by instrument."""

    kept: int
    """Pictures that keep all rules of landscapes."""

    fresh: int
    """Of these, those that are not nearly a training image."""

    new: int
    """Pictures that are not nearly a training image."""

    remembered: float
    """Median distance to the nearest training image over that of held-out landscapes."""

    @property
    def kept_odds(self) -> float:
        """Odds that a picture keeps all rules of landscapes and is not nearly a training image."""
        return odds(self.fresh, self.count)


def reference_for(trial: Trial, source: str = "") -> Reference:
    """Landscapes at this scale, 512 of each set at scale standard.

    Args:
        trial: decides sizes.
        source: of the landscapes; those of the standard ladder unless given.
    """
    test = trial.splits(source or scenes(trial)).test.images().to(trial.device)
    return Reference(distances=scene_distances(trial, source), test=test)


@torch.no_grad()
def check_instruments(
    reference: Reference, model: Autoencoder, trial: Trial, *, decoder: Autoencoder | None = None, mark: str = ""
) -> None:
    """Put on record whether distances and rules may judge the pictures of a copier.

    Args:
        reference: what is compared with.
        model: makes the copies of real images, and those of pure noise.
        trial: whose record it is.
        decoder: makes pictures of codes from N(0, I), which must be far; the copier itself unless given.
        mark: added to the instruments' names, where a claim uses them on images of a second source.
    """
    checks = reference.distances.check(
        copies=copies(model, reference.distances.real),
        one_pass=copies(model, pure_noise(reference, trial)),
        decoded=decoded_noise(decoder or model, reference, trial),
    )
    rules = check_rules(train=reference.train, held_out=reference.real)
    for check in (*checks.values(), rules):
        trial.check(replace(check, name=check.name + mark))


def pure_noise(reference: Reference, trial: Trial) -> Images:
    """The noise N(0.7, 0.2²) that samples begin with, as many images as a set has."""
    like, draws = reference.real, trial.generator("samples")
    return draw_normal(like.shape, mean=NOISE_MEAN, std=NOISE_STD, generator=draws, like=like)


@torch.no_grad()
def decoded_noise(model: Autoencoder, reference: Reference, trial: Trial) -> Images:
    """Pictures of as many codes from N(0, I)."""
    z = in_batches(model, model.encode, reference.real[:1])
    draws = trial.generator("standard codes")
    z = draw_normal((reference.count, *z.shape[1:]), generator=draws, like=z)
    return in_batches(model, model.decode, z).float()


def appraise(x: Images, reference: Reference) -> Appraisal:
    """What as many pictures as the reference has are worth, (N, C, H, W)."""
    x = x.to(reference.real)
    kept = scene_rules(x).coherent
    new = ~remembered_images(x, train=reference.train, held_out=reference.real)
    balls = reference.distances.coverage(x)
    return Appraisal(
        count=len(x),
        distance=reference.distances.distance(x),
        density={name: each.density for name, each in balls.items()},
        coverage={
            name: adjusted_share(round(each.coverage * reference.count), reference.count)
            for name, each in balls.items()
        },
        kept=int(kept.sum()),
        fresh=int((kept & new).sum()),
        new=int(new.sum()),
        remembered=reference.distances.memorization(x).ratio,
    )


def appraisal_controls(kinds: Mapping[str, str]) -> tuple[Control, ...]:
    """A control for each measure of each kind of pictures, by label, with what they are in words."""
    return tuple(
        Control(name=f"{name}_{label}", measure=f"{text} {what}")
        for label, what in kinds.items()
        for name, text in _MEASURES.items()
    )


def appraisal_values(found: Mapping[str, Appraisal]) -> dict[str, float]:
    """Their values, by the labels of `appraisal_controls`."""
    values: dict[str, float] = {}
    for label, each in found.items():
        values |= {
            f"distance_{label}": each.distance["axes"],
            f"layout_{label}": each.distance["layout"],
            f"appearance_{label}": each.distance["appearance"],
            f"density_{label}": each.density["appearance"],
            f"coverage_{label}": each.coverage["appearance"],
            f"kept_{label}": each.kept / each.count,
            f"remembered_{label}": each.remembered,
        }
    return values


def ratios(found: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """One number over another, by instrument."""
    return {name: found[name] / other[name] for name in INSTRUMENTS}
