"""Which first stage is best to generate in: several ways to train one, each with a denoiser of its codes."""

__all__ = ["OPTIONS", "FirstStageTrial", "FirstStages", "bench_first_stages"]

import math
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from copyist.baselines.instruments import JUDGE
from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine
from copyist.checks import check_choice
from copyist.data import open_source
from copyist.data.splits import Splits
from copyist.drawing.text import text_table
from copyist.errors import ArgumentError
from copyist.evaluation.generation_measures import generation_table, latent_table
from copyist.evidence import Interval, student_interval
from copyist.models.contracts import Autoencoder, needs
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.models.latent_diffusion import LatentDiffusion, LatentDiffusionConfig
from copyist.models.masked_vit import MaskedViTConfig
from copyist.models.unet import UNetConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.objectives import (
    ELBO,
    BoundedRate,
    Copying,
    FrozenEncoder,
    LatentDenoising,
    MaskedCopying,
    Objective,
    ScaleEquivariance,
)
from copyist.recipes import autoencoder, latent_diffusion, masked_vit
from copyist.training import Recipe, train

_WIDTH, _CODE = 8, 4
"""Of the first stages: 4 maps at a quarter of each side."""

_COPIER = UNetConfig(width=_WIDTH, levels=3, statistics="group", blocks="residual", code_channels=_CODE)
_GAUSSIAN = VariationalUNetConfig(width=_WIDTH, levels=3, blocks="residual", code_size=_CODE, joined=False)

OPTIONS: Mapping[str, tuple[UNetConfig | VariationalUNetConfig, Objective]] = {
    "plain": (_COPIER, Copying()),
    "small-kl": (_GAUSSIAN, ELBO(beta=0.05)),
    "latent-denoising": (_COPIER, LatentDenoising(strength=1.0, most=0.5)),
    "scale-equivariance": (_COPIER, ScaleEquivariance()),
    "bounded-rate": (_COPIER, BoundedRate(sigma=0.2)),
}
"""Model and objective of the first stages that are trained in one run, by name; `masked-encoder` takes two."""

_MASKED = MaskedViTConfig(patch=4, width=48, depth=4, heads=4, positions="sincos", decoder_width=48, decoder_depth=4)


@final
@dataclass(frozen=True, kw_only=True)
class FirstStageTrial:
    """One first stage, and a denoiser of its codes, of one seed."""

    option: str
    seed: int

    first_stage_seconds: float
    """Of its training, both runs of a masked encoder together."""

    denoiser_seconds: float

    psnr: float
    """Of the copies of test images, in dB."""

    copies: float
    """Fréchet distance of the copies to the test images, in features of appearance."""

    between: float
    """The interpolated FD."""

    kurtosis: float
    """Excess kurtosis of the codes, the mean over channels of its size."""

    distance: float
    """Fréchet distance of the samples."""

    layout: float
    """The same in features of the layout."""

    coverage: float
    """Share of test images with a sample near them."""


@final
@dataclass(frozen=True, kw_only=True)
class FirstStages(JsonResult):
    """All trials on one source."""

    data: str
    steps: tuple[int, int]
    """Of the first stage, and of the denoiser."""

    num_images: int
    floor: float
    """The distance of as many training images to the test images."""

    machine: Machine
    trials: tuple[FirstStageTrial, ...]

    def ratio(self, option: str, over: str = "plain") -> Interval:
        """Distance of the samples of one option over that of another, paired by seed: its geometric mean, and Student's
        95 % interval."""
        found = {(each.option, each.seed): each.distance for each in self.trials}
        seeds = sorted(seed for name, seed in found if name == option and (over, seed) in found)
        return student_interval([found[option, seed] / found[over, seed] for seed in seeds], scale="log")

    def __str__(self) -> str:
        names = ("psnr", "copies", "between", "kurtosis", "distance", "layout", "coverage", "first_stage_seconds")
        shown = ("seconds" if name.endswith("seconds") else name for name in names)
        rows = [["first stage", "seeds", *shown, "distance over plain"]]
        options = dict.fromkeys(each.option for each in self.trials)

        def mean(option: str, name: str) -> float:
            return statistics.fmean(getattr(each, name) for each in self.trials if each.option == option)

        for option in sorted(options, key=lambda option: mean(option, "distance")):
            seeds = sum(each.option == option for each in self.trials)
            ratio = self.ratio(option)
            told = f"{ratio.mean:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]" if math.isfinite(ratio.mean) else ""
            rows.append([option, str(seeds), *(f"{mean(option, name):.4g}" for name in names), told])
        head = (
            f"{self.data}: first stages of {self.steps[0]} steps, denoisers of {self.steps[1]}, {self.num_images} "
            f"samples; training images score a distance of {self.floor:.4g}"
        )
        return f"{head}\n{text_table(rows)}"


def bench_first_stages(
    data: str = "scenes?size=16&limit=2000",
    *,
    options: Sequence[str] = (*OPTIONS, "masked-encoder"),
    seeds: Sequence[int] = (0,),
    first_steps: int = 250,
    steps: int = 300,
    num_images: int = 256,
    begun: FirstStages | None = None,
    found: Callable[[FirstStages], None] = lambda result: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> FirstStages:
    """Train first stages of one shape in several ways, a denoiser of equal size in the codes of each, and sample it.

    Args:
        data: the source; training images train, and samples are compared with test images.
        options: names of `OPTIONS`, or `masked-encoder`.
        seeds: of weights, order and noise.
        first_steps: of each first stage; a masked encoder takes as many to be masked, and as many for its decoder.
        steps: of each denoiser.
        num_images: samples, and test images.
        begun: trials that need not be made again.
        found: is given what there is after each trial.
        say: takes one sentence per trial.

    Raises:
        UnknownNameError: there is no such option.
        ArgumentError: what was begun is of another source, or of other numbers of steps or images.
    """
    for option in options:
        check_choice("first stage", option, (*OPTIONS, "masked-encoder"))
    splits = open_source(data)
    count = min(num_images, len(splits.test))
    told = (data, (first_steps, steps), count)
    if begun is not None and (begun.data, begun.steps, begun.num_images) != told:
        raise ArgumentError(
            f"what is gone on with must be of {data}, {first_steps} and {steps} steps and {count} images, got "
            f"{begun.data}, {begun.steps[0]} and {begun.steps[1]} steps and {begun.num_images} images; begin anew "
            "(--force)"
        )
    trials = [] if begun is None else [*begun.trials]
    known = {(each.option, each.seed) for each in trials}
    floor = latent_table({}, splits, num_images=count).floor[JUDGE]

    def result() -> FirstStages:
        return FirstStages(
            data=data, steps=(first_steps, steps), num_images=count, floor=floor, machine=machine(), trials=(*trials,)
        )

    for seed in dict.fromkeys(seeds):
        for option in dict.fromkeys(options):
            if (option, seed) in known:
                continue
            first_stage, seconds = _first_stage(option, splits, seed=seed, steps=first_steps)
            trials.append(_trial(option, first_stage, splits, seed=seed, steps=steps, count=count, seconds=seconds))
            say(f"{option}, seed {seed}: distance {trials[-1].distance:.4g}, interpolated {trials[-1].between:.4g}")
            found(result())
    return result()


def _first_stage(option: str, splits: Splits, *, seed: int, steps: int) -> tuple[Autoencoder, float]:
    """It, and how long it took."""
    base = autoencoder(data=splits.train.source)
    base = replace(base, training=replace(base.training, steps=steps, validate_every=steps))
    if option != "masked-encoder":
        model, objective = OPTIONS[option]
        return _trained(replace(base, model=model, objective=objective), splits, seed=seed)
    # A transformer is trained as the recipe of masked ones is, but in as many steps and batches.
    training = replace(base.training, optimization=masked_vit().training.optimization)
    masked = replace(base, model=_MASKED, objective=MaskedCopying(), training=training)
    with tempfile.TemporaryDirectory() as folder:
        before = train(masked, data=splits, seed=seed, out=Path(folder) / "masked")
        decoder = replace(masked, objective=FrozenEncoder(objective=Copying()))
        model, after = _trained(decoder, splits, seed=seed, start=before.folder)
        return model, before.history()[-1].seconds + after


def _trained(recipe: Recipe, splits: Splits, *, seed: int, start: Path | None = None) -> tuple[Autoencoder, float]:
    run = train(recipe, data=splits, seed=seed, start=start)
    return needs(run.model, Autoencoder, verb="bench"), run.history()[-1].seconds


def _trial(
    option: str, first_stage: Autoencoder, splits: Splits, *, seed: int, steps: int, count: int, seconds: float
) -> FirstStageTrial:
    recipe = latent_diffusion(data=splits.train.source)
    recipe = replace(
        recipe,
        model=LatentDiffusionConfig(denoiser=DiffusionUNetConfig(width=24, levels=2)),
        training=replace(recipe.training, steps=steps, validate_every=steps),
    )
    run = train(recipe, data=splits, seed=seed, first_stage=first_stage)
    model = needs(run.model, LatentDiffusion, verb="bench")
    generated = generation_table({option: model}, splits, num_images=count, seed=seed).models[option]
    measured = latent_table({option: model.first_stage}, splits, num_images=count).models[option]
    return FirstStageTrial(
        option=option,
        seed=seed,
        first_stage_seconds=seconds,
        denoiser_seconds=run.history()[-1].seconds,
        psnr=measured.psnr,
        copies=measured.copies[JUDGE],
        between=measured.between[JUDGE],
        kurtosis=statistics.fmean(map(abs, measured.kurtosis)),
        distance=generated.distance[JUDGE],
        layout=generated.distance["layout"],
        coverage=generated.coverage,
    )
