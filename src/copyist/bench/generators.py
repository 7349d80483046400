"""Diffusion of pixels, diffusion of codes and a copier: trained for equal budgets of processor time, and sampled."""

__all__ = ["bench_generators"]

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, final

from copyist.baselines.instruments import JUDGE
from copyist.bench.generators_result import GeneratorBench, GeneratorTrial, Kind
from copyist.bench.measure import machine
from copyist.data import open_source
from copyist.data.splits import Splits
from copyist.errors import ArgumentError
from copyist.evaluation.generation_measures import generation_table
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.recipes import autoencoder, diffusion, latent_diffusion, unet
from copyist.training import Recipe, train

Trained: TypeAlias = Literal["pixels", "codes", "copies"]
"""What is trained: diffusion of pixels, diffusion of codes with its autoencoder, a copier."""

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


def _taking(recipe: Recipe, steps: int) -> Recipe:
    return replace(recipe, training=replace(recipe.training, steps=steps, validate_every=steps, save_every=steps))
