"""What benchmarks of generators find: samples of each kind by budget and seed, and where two kinds cross."""

__all__ = ["KINDS", "GeneratorBench", "GeneratorTrial", "Kind"]

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from copyist.baselines.instruments import JUDGE
from copyist.bench.timings import JsonResult, Machine
from copyist.drawing.text import text_table
from copyist.evidence import Interval, student_interval

Kind: TypeAlias = Literal["pixels", "codes", "copies", "repeated copies", "law of codes"]
"""What is sampled: a copier in three ways."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is sampled: each of these by its default method, and the copier by two others too."""


@final
@dataclass(frozen=True, kw_only=True)
class GeneratorTrial:
    """One model of one seed, trained for one budget and sampled in one way."""

    kind: Kind

    budget: float
    """Processor seconds that were to be spent on training."""

    seed: int

    spent: float
    """Processor seconds that were."""

    steps: int
    """Of the model that is sampled."""

    parameters: int
    """Numbers that the model has, those of a first stage included."""

    distance: Mapping[str, float]
    """Fréchet distance of its samples to test images, by features."""

    coverage: float
    """Share of test images with a sample near them."""

    rules: float | None
    """Share of samples that keeps all rules of `scenes`; None of other images."""

    nearest: float
    """Median distance of samples to the nearest training image, over that of test images."""

    seconds: float
    """By a clock, per sample."""

    memory: float
    """Megabytes of the model and of its tensors while 32 images are sampled, by count."""


@final
@dataclass(frozen=True, kw_only=True)
class GeneratorBench(JsonResult):
    """All trials on one source."""

    data: str
    num_images: int

    floor: Mapping[str, float]
    """Distances of as many training images, by features."""

    pixel_law: Mapping[str, float]
    """Likewise of draws of the normal law of the training images' pixels."""

    machine: Machine
    """Where the last of them was made."""

    trials: tuple[GeneratorTrial, ...]

    def ratio(self, kind: Kind, over: Kind, *, budget: float) -> tuple[float, float, float]:
        """Distance of one kind over that of another after equal budgets, in features of appearance, paired by seed: its
        geometric mean, and Student's 95 % interval, which is no number from one seed."""
        found = student_interval(list(self._ratios(kind, over, budget).values()), scale="log")
        return found.mean, found.low, found.high

    def interval(self, kind: Kind, *, budget: float) -> Interval:
        """The geometric mean of one kind's distances after a budget, in features of appearance, and Student's 95 %
        interval over seeds."""
        found = [each.distance[JUDGE] for each in self.trials if (each.kind, each.budget) == (kind, budget)]
        return student_interval(found, scale="log")

    @property
    def budgets(self) -> list[float]:
        """All of them, in processor seconds, the smallest first."""
        return sorted({each.budget for each in self.trials})

    def crossings(self, kind: Kind, over: Kind) -> dict[int, float | None]:
        """By seed, the budget at which one kind becomes as near to test images as another, or stops being nearer; None
        where the same kind is nearer at all budgets.

        Between budgets the logarithm of the ratio of their distances is taken to be linear in that of the budget. Of
        several crossings it is the last.
        """
        curves: dict[int, list[tuple[float, float]]] = {}
        for budget in self.budgets:
            for seed, ratio in self._ratios(kind, over, budget).items():
                curves.setdefault(seed, []).append((math.log(budget), math.log(ratio)))
        return {seed: _last_zero(curve) for seed, curve in curves.items()}

    def _ratios(self, kind: Kind, over: Kind, budget: float) -> dict[int, float]:
        """By seed."""
        found = {(each.kind, each.seed): each.distance[JUDGE] for each in self.trials if each.budget == budget}
        seeds = sorted(seed for name, seed in found if name == kind and (over, seed) in found)
        return {seed: found[kind, seed] / found[over, seed] for seed in seeds}

    def _crossing_told(self, kind: Kind, over: Kind) -> str:
        """Where two kinds cross, in words."""
        crossings = self.crossings(kind, over)
        where = [each for each in crossings.values() if each is not None]
        if not where:
            return f"{kind} and {over} cross at none of these budgets"
        found = student_interval(where, scale="log")
        seeds = f"in {len(where)} of {len(crossings)} seeds"
        return f"{kind} and {over} cross {seeds}, at {found.mean:.0f} s [{found.low:.0f}, {found.high:.0f}]"

    def __str__(self) -> str:
        names = list(self.floor)
        ruled = ["keep rules"] if any(each.rules is not None for each in self.trials) else []
        measures = {"coverage": "coverage", **dict.fromkeys(ruled, "rules"), "nearest": "nearest"}
        costs = {"s per sample": "seconds", "MB": "memory"}
        rows = [["budget, s", "trained", "seeds", "parameters", *names, *measures, *costs]]
        for label, found in (("training images", self.floor), ("normal law of their pixels", self.pixel_law)):
            shown = [f"{found[name]:.4g}" for name in names]
            rows.append(["", label, "", "", *shown, *("" for _ in {**measures, **costs})])
        for budget in self.budgets:
            for kind in KINDS:
                own = [each for each in self.trials if (each.kind, each.budget) == (kind, budget)]
                if own:
                    means = [statistics.fmean(each.distance[name] for each in own) for name in names]
                    means += [
                        statistics.fmean(getattr(each, field) for each in own)
                        for field in {**measures, **costs}.values()
                    ]
                    size = f"{own[0].parameters / 1e6:.2f} M"
                    rows.append([f"{budget:g}", kind, str(len(own)), size, *(f"{mean:.4g}" for mean in means)])
        head = f"{self.data}: {self.num_images} samples; ratios are of distances in features of {JUDGE}"
        lines = [head, text_table(rows)]
        for kind in KINDS[1:]:
            ratios = {budget: self.ratio(kind, "pixels", budget=budget) for budget in self.budgets}
            told = (
                f"{mean:.2f} [{low:.2f}, {high:.2f}] at {budget:g} s" for budget, (mean, low, high) in ratios.items()
            )
            lines.append(f"{kind} over pixels: {', '.join(told)}")
        lines.append(self._crossing_told("codes", "pixels"))
        return "\n".join(lines)


def _last_zero(curve: Sequence[tuple[float, float]]) -> float | None:
    """Where a line through points (log budget, log ratio) crosses 0 for the last time, as a budget."""
    found: float | None = None
    for (x, y), (next_x, next_y) in itertools.pairwise(curve):
        if (y > 0) != (next_y > 0):
            found = math.exp(x + (next_x - x) * y / (y - next_y))
    return found
