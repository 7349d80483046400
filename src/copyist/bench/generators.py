"""Diffusion of pixels, diffusion of codes and a copier: trained for equal budgets of processor time, and sampled."""

__all__ = ["KINDS", "GeneratorBench", "GeneratorTrial", "Kind", "bench_generators"]

import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final, get_args

from copyist.baselines.instruments import JUDGE
from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine
from copyist.data import open_source
from copyist.data.splits import Splits
from copyist.drawing.text import text_table
from copyist.errors import ArgumentError
from copyist.evaluation.generation_measures import generation_table
from copyist.evidence import Interval, student_interval
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.recipes import autoencoder, diffusion, latent_diffusion, unet
from copyist.training import Recipe, train

Trained: TypeAlias = Literal["pixels", "codes", "copies"]
"""What is trained: diffusion of pixels, diffusion of codes with its autoencoder, a copier."""

Kind: TypeAlias = Literal["pixels", "codes", "copies", "repeated copies", "law of codes"]
"""What is sampled: a copier in three ways."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is sampled: each of these by its default method, and the copier by two others too."""

_SAMPLED: Mapping[Trained, Sequence[Kind]] = {
    "pixels": ("pixels",),
    "codes": ("codes",),
    "copies": ("copies", "repeated copies", "law of codes"),
}

_METHODS = {"repeated copies": "repeated-copying", "law of codes": "gaussian-codes"}

_FIRST_SHARE = 1 / 3
"""Of the budget of diffusion of codes, for the autoencoder."""

_FEW, _MORE = 8, 32
"""Steps of the two short runs that tell what a step costs."""


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


def bench_generators(
    data: str,
    *,
    budgets: Sequence[float] = (60, 240, 960),
    seeds: Sequence[int] = (0, 1, 2),
    num_images: int = 512,
    begun: GeneratorBench | None = None,
    found: Callable[[GeneratorBench], None] = lambda result: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> GeneratorBench:
    """Train each kind for each budget, and compare samples with test images.

    Budgets are of processor time, so that other work on the machine does not decide; short runs tell what a step costs.
    The autoencoder of a latent diffusion model takes a third of its budget, and the encoding of the images counts.

    Args:
        data: a source of images whose sides are multiples of 8.
        budgets: processor seconds of training.
        seeds: of weights, order and noise.
        num_images: samples, and test images.
        begun: trials that need not be made again.
        found: is given what there is after each trial.
        say: takes one sentence per trial.

    Raises:
        ArgumentError: what was begun is of another source, of another number of images or of other features; a budget
            is too short.
    """
    splits = open_source(data)
    real = generation_table({}, splits, num_images=num_images)
    if begun is not None and {*begun.floor} != {*real.floor.distance}:
        names = (", ".join(each) for each in (real.floor.distance, begun.floor))
        raise ArgumentError(
            "what is gone on with must have distances in {}, got those in {}; begin anew (--force)".format(*names)
        )
    if begun is not None and (begun.data, begun.num_images) != (data, real.num_images):
        raise ArgumentError(
            f"what is gone on with must be of {data} and {real.num_images} images, got {begun.data} and "
            f"{begun.num_images}; begin anew (--force)"
        )
    trials = [] if begun is None else [*begun.trials]
    known = {_key(each) for each in trials}
    where, trainer = machine(), _Trainer(splits)

    def result() -> GeneratorBench:
        return GeneratorBench(
            data=data,
            num_images=real.num_images,
            floor=real.floor.distance,
            pixel_law=real.pixel_law.distance,
            machine=where,
            trials=tuple(trials),
        )

    for seed in dict.fromkeys(seeds):
        for budget in sorted({*map(float, budgets)}):
            for trained, kinds in _SAMPLED.items():
                if all((kind, budget, seed) in known for kind in kinds):
                    continue
                model, steps, spent = trainer.train(trained, budget=budget, seed=seed)
                made = generation_table(
                    dict.fromkeys(kinds, model), splits, num_images=real.num_images, methods=_METHODS, seed=seed
                )
                for kind in kinds:
                    last = GeneratorTrial(
                        kind=kind,
                        budget=budget,
                        seed=seed,
                        spent=spent,
                        steps=steps,
                        parameters=sum(each.numel() for each in model.parameters()),
                        distance=made.models[kind].distance,
                        coverage=made.models[kind].coverage,
                        rules=made.models[kind].rules,
                        nearest=made.models[kind].nearest,
                        seconds=made.models[kind].seconds_per_image,
                        memory=made.models[kind].memory,
                    )
                    trials = [each for each in trials if _key(each) != _key(last)] + [last]
                    score = last.distance[JUDGE]
                    say(f"{kind}, {budget:g} s, seed {seed}: {steps} steps in {spent:.0f} s, distance {score:.4g}")
                found(result())
    return result()


@final
class _Trainer:
    """Trains for as long as a budget allows; what a step costs is told by short runs, once for each recipe."""

    def __init__(self, splits: Splits) -> None:
        self._splits = splits
        self._costs: dict[str, tuple[float, float]] = {}

    def train(self, kind: Trained, *, budget: float, seed: int) -> tuple[Model, int, float]:
        """The model of a kind, its steps, and the processor seconds that all of its training took.

        Raises:
            ArgumentError: the budget does not allow a step.
        """
        source = self._splits.train.source
        if kind != "codes":
            return self._trained(_pixels(source) if kind == "pixels" else unet(data=source), budget=budget, seed=seed)
        model, _, before = self._trained(autoencoder(data=source), budget=_FIRST_SHARE * budget, seed=seed)
        stage = needs(model, Autoencoder, verb="bench")
        model, steps, spent = self._trained(_codes(source), budget=budget - before, seed=seed, first_stage=stage)
        return model, steps, before + spent

    def _trained(
        self, recipe: Recipe, *, budget: float, seed: int, first_stage: Autoencoder | None = None
    ) -> tuple[Model, int, float]:
        if recipe.name not in self._costs:
            self._costs[recipe.name] = self._measured(recipe, first_stage)
        fixed, step = self._costs[recipe.name]
        steps = int((budget - fixed) / step)
        if steps < 1:
            raise ArgumentError(
                f"what a budget leaves for {recipe.name}, {budget:.3g} processor seconds, must allow a step, which "
                f"takes {step:.2g} after {fixed:.2g} here; take a longer budget (--budget)"
            )
        since = time.process_time()
        run = train(_taking(recipe, steps), data=self._splits, seed=seed, first_stage=first_stage)
        return run.model, steps, time.process_time() - since

    def _measured(self, recipe: Recipe, first_stage: Autoencoder | None) -> tuple[float, float]:
        """Processor seconds before and after the steps, and of a step."""
        self._seconds(recipe, _FEW, first_stage)  # The first run is slow, and is passed over.
        few, more = (self._seconds(recipe, steps, first_stage) for steps in (_FEW, _MORE))
        step = max(more - few, 1e-4) / (_MORE - _FEW)
        return max(few - _FEW * step, 0.0), step

    def _seconds(self, recipe: Recipe, steps: int, first_stage: Autoencoder | None) -> float:
        since = time.process_time()
        train(_taking(recipe, steps), data=self._splits, first_stage=first_stage)
        return time.process_time() - since


def _key(trial: GeneratorTrial) -> tuple[Kind, float, int]:
    return trial.kind, trial.budget, trial.seed


def _pixels(source: str) -> Recipe:
    """Of 1.76 million parameters, where the copier has 1.73."""
    return replace(diffusion(data=source), model=DiffusionUNetConfig(width=26, levels=4))


def _codes(source: str) -> Recipe:
    """Of 1.71 million parameters, with its first stage."""
    denoiser = replace(LatentDiffusionConfig().denoiser, levels=2, width=96)
    return replace(latent_diffusion(data=source), model=LatentDiffusionConfig(denoiser=denoiser))


def _last_zero(curve: Sequence[tuple[float, float]]) -> float | None:
    """Where a line through points (log budget, log ratio) crosses 0 for the last time, as a budget."""
    found: float | None = None
    for (x, y), (next_x, next_y) in itertools.pairwise(curve):
        if (y > 0) != (next_y > 0):
            found = math.exp(x + (next_x - x) * y / (y - next_y))
    return found


def _taking(recipe: Recipe, steps: int) -> Recipe:
    return replace(recipe, training=replace(recipe.training, steps=steps, validate_every=steps, save_every=steps))
