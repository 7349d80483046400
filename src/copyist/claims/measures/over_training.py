"""A copier's numbers over its training, by the PSNR of its copies, so that nets are compared where they copy alike."""

__all__ = ["LearningCurve", "common_level", "learning_curve", "learning_curves"]

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from copyist.claims.result import Curves
from copyist.claims.trial import Rung, Trial
from copyist.models.contracts import Reconstructor, needs
from copyist.training import Recipe

PLACES = tuple(range(18, 51))
"""PSNR in dB at which curves are drawn, between the snapshots."""


@final
@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """What a number was at each rung of a net, in the order of training."""

    psnrs: Sequence[float]
    """Of the copies of held-out images, in dB."""

    visits: Sequence[int]
    """Images seen by then, each as often as it was."""

    values: Sequence[float]

    def at_psnr(self, psnr: float) -> float:
        """The number where copies were of that PSNR, by a straight line between two rungs; not a number beyond them."""
        return _between(psnr, self.psnrs, self.values)

    def at_visits(self, visits: float) -> float:
        """The number after so many images, by a straight line over the logarithm of their count; likewise."""
        return _between(math.log(visits), [math.log(each) for each in self.visits], self.values)


def learning_curve(rungs: Sequence[Rung], measure: Callable[[Reconstructor], float]) -> LearningCurve:
    """Measure a net at each of its rungs.

    Args:
        rungs: from `Trial.rungs`.
        measure: a number of a model that copies.
    """
    models = [needs(rung.model, Reconstructor, verb="an experiment") for rung in rungs]
    return LearningCurve(
        psnrs=[rung.record.psnr for rung in rungs],
        visits=[rung.record.visits for rung in rungs],
        values=[measure(model) for model in models],
    )


def learning_curves(lines: Mapping[str, LearningCurve], *, title: str, y_label: str) -> Curves:
    """Learning curves over the PSNR of copies, at places that are the same for every seed."""
    return Curves(
        title=title,
        x_label="PSNR of copies of held-out images, dB",
        y_label=y_label,
        x=PLACES,
        lines={name: [line.at_psnr(place) for place in PLACES] for name, line in lines.items()},
    )


def common_level(trial: Trial, *recipes: Recipe) -> float | None:
    """The highest snapshot, a PSNR in dB, that all of these nets reached; None where there is none, for their ends."""
    reached = [{rung.level for rung in trial.rungs(recipe) if rung.level is not None} for recipe in recipes]
    return max(set[float].intersection(*reached), default=None)


def _between(place: float, places: Sequence[float], values: Sequence[float]) -> float:
    pairs = sorted(zip(places, values, strict=True))
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    return float(np.interp(place, xs, ys, left=math.nan, right=math.nan))
