"""Does a model denoise, and beyond what filters do? Three corruptions apart, each beside the dull explanations."""

__all__ = ["CONDITIONS", "Apply", "denoising_table"]

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import torch

from copyist.checks import check_at_least, check_images
from copyist.corruption import Blend, GaussianNoise, Shift
from copyist.errors import ArgumentError, ShapeError
from copyist.experiments.denoising_table import (
    BatchKind,
    BatchRow,
    CleanRow,
    CodeStatistics,
    DenoisingTable,
    Kind,
    Row,
    Verdict,
)
from copyist.metrics.distortion import distance, psnr, ssim
from copyist.metrics.identity import projected_gain
from copyist.metrics.intervals import mean_interval
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy
from copyist.procedures.controls import CONTROLS, ControlFitter
from copyist.procedures.filters import Filter
from copyist.randomness import generator
from copyist.tensors import Codes, Images, PerImage

WEIGHTS = (0.7, 0.5, 0.3, 0.1)
"""α of blends and shifts."""

SIGMAS = (0.1, 0.2, 0.4)
"""σ of zero-mean noise."""

CONDITIONS: tuple[tuple[Kind, float, Blend | GaussianNoise | Shift], ...] = (
    *(("blend", alpha, Blend(alpha)) for alpha in WEIGHTS),
    *(("gaussian", sigma, GaussianNoise(sigma)) for sigma in SIGMAS),
    *(("shift", alpha, Shift(alpha)) for alpha in WEIGHTS),
)
"""Kind, strength and corruption of each part of the table."""

GAIN_SIGMA = 0.1
"""Standard deviation of the noise that measures the projected gain."""

COMPANY: tuple[Kind, float] = ("blend", 0.3)
"""The corruption under which the dependence on the batch is measured."""

QUIET = 0.01
"""A unit is quiet when its spread is at most this share of the liveliest unit's."""

Function: TypeAlias = Callable[[Images], Images]


class Apply(Protocol):
    """How a function of a batch is applied to many images: the rule that fills the batches."""

    def __call__(self, function: Callable[[Images], torch.Tensor], x: Images, *, batch_size: int) -> torch.Tensor:
        """The answers for `x`, in its order."""
        ...


@torch.no_grad()
def denoising_table(
    models: Mapping[str, Function],
    *,
    train: Images,
    test: Images,
    apply: Apply,
    batch_size: int,
    seed: int = 0,
    encoders: Mapping[str, Callable[[Images], Codes]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DenoisingTable:
    """Measure how models and classical filters denoise the same corrupted test images.

    Each corruption is drawn once, from `seed` and its name, and shown to every method. The filters are set and fitted
    on training images under that same corruption. The dependence on the batch is measured on the first images alone:
    256, or one batch where that is more.

    Args:
        models: by name, maps from images to images of the same shape.
        train: clean images (N, C, H, W), at least 2, for the filters.
        test: clean images (M, C, H, W) that no model or filter was fitted on.
        apply: how images are put into batches.
        batch_size: images in one batch; where statistics of the batch are used, all numbers depend on it.
        seed: from which all noise is derived.
        encoders: for models that have a code, the map from images to codes, by the model's name.
        progress: called with the number of parts done and of all parts.

    Raises:
        ShapeError: train and test images differ in shape, or a model changes it.
        ArgumentError: a model has a control's name, an encoder is no model's, there are fewer than 2 training images,
            or `batch_size` is less than 1.
    """
    encoders = encoders or {}
    _check_arguments(models, encoders, train=train, test=test, batch_size=batch_size)

    def run(function: Function, x: Images) -> Images:
        if isinstance(function, Filter) and not function.uses_batch_statistics:
            return function(x)
        return apply(function, x, batch_size=batch_size).to(x)

    fitter = ControlFitter(train, run=run)
    rows: list[Row] = []
    verdicts: list[Verdict] = []
    batches: list[BatchRow] = []
    for done, (kind, strength, corruption) in enumerate(CONDITIONS):
        filters = fitter.fit(corruption, generator=generator(seed, "train", kind, str(strength)))
        x_tilde = corruption(test, generator=generator(seed, "test", kind, str(strength)))
        methods: dict[str, Function] = {**filters, **models}
        answers = {name: run(method, x_tilde) for name, method in methods.items()}
        ratios = {name: distance(x_hat, test) / distance(x_tilde, test) for name, x_hat in answers.items()}
        rows += [
            _row(name, kind, strength, filters.get(name), x=test, x_tilde=x_tilde, x_hat=x_hat, ratio=ratios[name])
            for name, x_hat in answers.items()
        ]
        verdicts += [_verdict(name, kind, strength, ratios) for name in models]
        if (kind, strength) == COMPANY:
            in_company: dict[str, Function] = {"matched blur": filters["matched blur"], **models}
            count = max(256, batch_size)
            for name, method in in_company.items():
                batches += _in_company(
                    name, method, x=test[:count], x_tilde=x_tilde[:count], apply=apply, batch_size=batch_size
                )
        if progress is not None:
            progress(done + 1, len(CONDITIONS) + 1)
    clean = tuple(_clean_row(name, model, encoders.get(name), test, run, seed) for name, model in models.items())
    if progress is not None:
        progress(len(CONDITIONS) + 1, len(CONDITIONS) + 1)
    return DenoisingTable(
        image_shape=(test.shape[1], test.shape[2], test.shape[3]),
        num_train=len(train),
        num_test=len(test),
        batch_size=batch_size,
        seed=seed,
        clean_noise_level=float(noise_level(test).mean()),
        rows=tuple(rows),
        verdicts=tuple(verdicts),
        clean=clean,
        batches=tuple(batches),
    )


def _check_arguments(
    models: Mapping[str, Function],
    encoders: Mapping[str, Callable[[Images], Codes]],
    *,
    train: Images,
    test: Images,
    batch_size: int,
) -> None:
    check_images(train, name="training images")
    check_images(test, name="test images")
    if train.shape[1:] != test.shape[1:]:
        shapes = f"{tuple(train.shape[1:])} and {tuple(test.shape[1:])}"
        raise ShapeError(f"training and test images must have one shape, got {shapes}")
    check_at_least("the number of training images", len(train), 2)
    check_at_least("batch_size", batch_size, 1)
    for name in models:
        if name in CONTROLS:
            raise ArgumentError(f"a model must not have the name of a control, got {name!r}; rename it")
    for name in encoders:
        if name not in models:
            raise ArgumentError(f"an encoder must have the name of a model, got {name!r}")


def _row(
    name: str,
    kind: Kind,
    strength: float,
    control: Filter | None,
    *,
    x: Images,
    x_tilde: Images,
    x_hat: Images,
    ratio: PerImage,
) -> Row:
    return Row(
        method=name,
        control=control is not None,
        corruption=kind,
        strength=strength,
        setting=control.setting if control is not None else "",
        ratio=mean_interval(ratio),
        distance_before=float(distance(x_tilde, x).mean()),
        distance_after=float(distance(x_hat, x).mean()),
        psnr=float(psnr(x_hat, x).mean()),
        # A ratio of sums: single flat images have next to no such energy to divide by.
        high_frequency_share=float(high_frequency_energy(x_hat).sum() / high_frequency_energy(x).sum()),
        noise_level=float(noise_level(x_hat).mean()),
    )


def _verdict(model: str, kind: Kind, strength: float, ratios: Mapping[str, PerImage]) -> Verdict:
    best = min(CONTROLS, key=lambda name: mean_interval(ratios[name]).mean)
    lead = mean_interval(ratios[model] - ratios[best])
    return Verdict(
        model=model,
        corruption=kind,
        strength=strength,
        beats_identity=mean_interval(ratios[model]).below(1.0),
        best_filter=best,
        lead=lead,
        beats_best_filter=lead.below(0.0),
    )


def _in_company(
    name: str, method: Function, *, x: Images, x_tilde: Images, apply: Apply, batch_size: int
) -> list[BatchRow]:
    """The same noisy images among noisy ones, among clean ones, in eights and alone."""

    def row(batch: BatchKind, size: int, x_hat: Images) -> BatchRow:
        ratio = distance(x_hat.to(x), x) / distance(x_tilde, x)
        return BatchRow(method=name, batch=batch, size=size, ratio=mean_interval(ratio))

    # Every second image is a clean one, and another than its neighbor.
    mixed = torch.stack([x_tilde, x.roll(len(x) // 2, dims=0)], dim=1).flatten(0, 1)  # (2B, C, H, W)
    return [
        row("all noisy", batch_size, apply(method, x_tilde, batch_size=batch_size)),
        row("half clean", batch_size, apply(method, mixed, batch_size=batch_size)[::2]),
        row("eights", 8, apply(method, x_tilde, batch_size=8)),
        row("alone", 1, apply(method, x_tilde, batch_size=1)),
    ]


def _clean_row(
    name: str,
    model: Function,
    encode: Callable[[Images], Codes] | None,
    x: Images,
    run: Callable[[Function, Images], Images],
    seed: int,
) -> CleanRow:
    x_hat = run(model, x)
    gain = projected_gain(lambda x: run(model, x), x, sigma=GAIN_SIGMA, generator=generator(seed, "gain"))
    return CleanRow(
        model=name,
        psnr=float(psnr(x_hat, x).mean()),
        ssim=float(ssim(x_hat, x).mean()),
        gain=mean_interval(gain),
        code=None if encode is None else _code_statistics(run(encode, x)),
    )


def _code_statistics(z: Codes) -> CodeStatistics:
    units = z.flatten(1)  # (B, K)
    spread = units.std(0, correction=0)
    return CodeStatistics(
        num_units=units.shape[1],
        mean=float(units.mean()),
        std=float(units.std(correction=0)),
        quiet_share=float((spread <= QUIET * spread.max()).float().mean()),
    )
