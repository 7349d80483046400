"""Denoising by models, beside filters fitted to each of three kinds of corruption."""

__all__ = ["CONDITIONS", "CONTROLS_SAW", "batch_dependence", "measure_denoising"]

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from copyist.baselines.controls import CONTROLS, ControlFitter
from copyist.baselines.filters import Filter
from copyist.checks import check_at_least, check_images, check_same_shape
from copyist.corruption import Blend, Corruption, GaussianNoise, Shift
from copyist.errors import ArgumentError, ShapeError
from copyist.evaluation.clean_copies import LESS, CleanCopies
from copyist.evaluation.clean_measures import Apply, Function, beside_principal_axes, clean_copies
from copyist.evaluation.denoising_table import (
    BatchKind,
    BatchRow,
    Condition,
    DenoisingRow,
    DenoisingTable,
    DenoisingVerdict,
    Saw,
)
from copyist.metrics.distortion import distance, psnr
from copyist.metrics.intervals import mean_interval
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy
from copyist.randomness import generator
from copyist.tensors import Codes, Images, PerImage

WEIGHTS = (0.7, 0.5, 0.3, 0.1)
"""α of blends and shifts."""

SIGMAS = (0.1, 0.2, 0.4)
"""σ of zero-mean noise."""

NUM_IN_COMPANY = 256
"""At most this many images (or one batch, where that is more) measure the dependence on the batch."""


CONTROLS_SAW: Mapping[str, Saw] = {
    "identity": "nothing",
    "mean image": "clean images",
    "matched blur": "setting",
    "median": "setting",
    "total variation": "setting",
    "linear": "corruption",
}
"""By control. The first two never saw the corruption."""

IN_COMPANY = Condition("blend", 0.3)
"""The condition under which the dependence on the batch is measured."""

CONDITIONS: Mapping[Condition, Corruption] = {
    **{Condition("blend", alpha): Blend(alpha) for alpha in WEIGHTS},
    **{Condition("gaussian", sigma): GaussianNoise(sigma) for sigma in SIGMAS},
    **{Condition("shift", alpha): Shift(alpha) for alpha in WEIGHTS},
}
"""Every kind and strength of noise that is tried."""


@torch.no_grad()
def measure_denoising(
    models: Mapping[str, Function],
    *,
    train: Images,
    test: Images,
    apply: Apply,
    batch_size: int,
    seed: int = 0,
    encoders: Mapping[str, Callable[[Images], Codes]] | None = None,
    saw: Mapping[str, Saw] | None = None,
    axes_from: Images | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DenoisingTable:
    """Measure how models and classical filters denoise the same corrupted test images.

    Each corruption is drawn once, from `seed` and its name, and shown to every method. The filters are set and fitted
    on training images under that same corruption, which the models need not have seen.

    Args:
        models: by name, maps from images to images of the same shape.
        train: clean images (N, C, H, W), at least 2, for the filters.
        test: clean images (M, C, H, W) that no model or filter was fitted on.
        apply: how images are put into batches.
        batch_size: images in one batch; where statistics of the batch are used, all numbers depend on it.
        seed: from which all noise is derived.
        encoders: for models that have a code, the map from images to codes, by the model's name.
        saw: what models were made from, by the model's name; those left out have no word on it.
        axes_from: clean images (N, C, H, W) that PCA of equal code size is fitted to; None takes `train`.
        progress: called after each corruption, with the number of those done and of all.

    Raises:
        ShapeError: train and test images differ in shape, or a model changes it.
        ArgumentError: a model has a control's name, an encoder or a word on what was seen is no model's, there are
            fewer than 2 training images, or `batch_size` is less than 1.
    """
    encoders, made_from = encoders or {}, {**CONTROLS_SAW, **(saw or {})}
    _check_arguments(models, {**encoders, **(saw or {})}, train=train, test=test, batch_size=batch_size)
    fitter = ControlFitter(train, run=lambda candidate, x: _run_filter(candidate, x, apply, batch_size))
    rows: list[DenoisingRow] = []
    verdicts: list[DenoisingVerdict] = []
    batches: list[BatchRow] = []
    for done, (condition, corruption) in enumerate(CONDITIONS.items()):
        name = (condition.kind, str(condition.strength))
        filters = fitter.fit(corruption, generator=generator(seed, "train", *name))
        x_tilde = corruption(test, generator=generator(seed, "test", *name))
        answers = {name: _run_filter(control, x_tilde, apply, batch_size) for name, control in filters.items()}
        answers |= {name: apply(model, x_tilde, batch_size=batch_size).to(test) for name, model in models.items()}
        rows += [
            replace(_row(name, condition, filters.get(name), test, x_tilde, x_hat), saw=made_from.get(name))
            for name, x_hat in answers.items()
        ]
        ratios = {name: distance(x_hat, test) / distance(x_tilde, test) for name, x_hat in answers.items()}
        verdicts += [_verdict(name, condition, ratios) for name in models]
        if condition == IN_COMPANY:
            x, noisy = (images[: max(NUM_IN_COMPANY, batch_size)] for images in (test, x_tilde))
            for name, method in {"matched blur": filters["matched blur"], **models}.items():
                batches += batch_dependence(name, method, x=x, x_tilde=noisy, apply=apply, batch_size=batch_size)
        if progress is not None:
            progress(done + 1, len(CONDITIONS))
    clean: list[CleanCopies] = []
    errors: dict[str, PerImage] = {}
    for name, model in models.items():
        row, errors[name] = clean_copies(
            name, model, x=test, apply=apply, batch_size=batch_size, seed=seed, encode=encoders.get(name)
        )
        clean.append(row)
    return DenoisingTable(
        image_shape=(test.shape[1], test.shape[2], test.shape[3]),
        num_train=len(train),
        num_test=len(test),
        batch_size=batch_size,
        seed=seed,
        clean_noise_level=float(noise_level(test).mean()),
        rows=tuple(rows),
        verdicts=tuple(verdicts),
        clean=beside_principal_axes(clean, errors=errors, train=train if axes_from is None else axes_from, x=test),
        batches=tuple(batches),
    )


@torch.no_grad()
def batch_dependence(
    name: str, method: Function, *, x: Images, x_tilde: Images, apply: Apply, batch_size: int
) -> tuple[BatchRow, ...]:
    """Denoise the same images in batches of noisy ones, of noisy and clean ones in turn, in eights, and each alone.

    Args:
        name: what to call the method.
        method: from images to images of the same shape.
        x: clean images (B, C, H, W).
        x_tilde: the same images, corrupted.
        apply: how images are put into batches.
        batch_size: images in one of the first two batches; an even number makes the second exactly half clean.

    Returns:
        Four rows, each with the ratio ‖O(x̃) − x‖ / ‖x̃ − x‖ over the noisy images alone.

    Raises:
        ShapeError: `x` and `x_tilde` differ in shape.
    """
    check_same_shape(x_tilde, x)

    def row(batch: BatchKind, size: int, x_hat: Images) -> BatchRow:
        ratio = distance(x_hat.to(x), x) / distance(x_tilde, x)
        return BatchRow(method=name, batch=batch, size=size, ratio=mean_interval(ratio))

    # Beside each noisy image a clean one, and another than itself.
    mixed = torch.stack([x_tilde, x.roll(len(x) // 2, dims=0)], dim=1).flatten(0, 1)  # (2B, C, H, W)
    return (
        row("all noisy", batch_size, apply(method, x_tilde, batch_size=batch_size)),
        row("half clean", batch_size, apply(method, mixed, batch_size=batch_size)[::2]),
        row("eights", 8, apply(method, x_tilde, batch_size=8)),
        row("alone", 1, apply(method, x_tilde, batch_size=1)),
    )


def _check_arguments(
    models: Mapping[str, Function],
    described: Mapping[str, object],
    *,
    train: Images,
    test: Images,
    batch_size: int,
) -> None:
    check_images(train, name="training images")
    check_images(test, name="test images")
    if train.shape[1:] != test.shape[1:]:
        shapes = f"{tuple(train.shape[1:])} and {tuple(test.shape[1:])}"
        raise ShapeError(
            f"training and test images must have one shape, got {shapes}; bring them to one size (?size=64)"
        )
    check_at_least("the number of training images", len(train), 2)
    check_at_least("batch_size", batch_size, 1)
    for name in models:
        if name in CONTROLS:
            raise ArgumentError(f"a model must not have the name of a control, got {name!r}; rename it")
    for name in described:
        if name not in models:
            raise ArgumentError(f"an encoder, or what was seen, must have the name of a model, got {name!r}; rename it")


def _run_filter(control: Filter, x: Images, apply: Apply, batch_size: int) -> Images:
    """A filter that ignores the batch need not wait for one to fill."""
    return apply(control, x, batch_size=batch_size) if control.uses_batch_statistics else control(x)


def _row(
    name: str, condition: Condition, control: Filter | None, x: Images, x_tilde: Images, x_hat: Images
) -> DenoisingRow:
    return DenoisingRow(
        method=name,
        control=control is not None,
        corruption=condition.kind,
        strength=condition.strength,
        setting=control.setting if control is not None else "",
        ratio=mean_interval(distance(x_hat, x) / distance(x_tilde, x)),
        distance_before=float(distance(x_tilde, x).mean()),
        distance_after=float(distance(x_hat, x).mean()),
        psnr=float(psnr(x_hat, x).mean()),
        # A ratio of sums: single flat images have next to no such energy to divide by.
        high_frequency_share=float(high_frequency_energy(x_hat).sum() / high_frequency_energy(x).sum()),
        noise_level=float(noise_level(x_hat).mean()),
    )


def _verdict(model: str, condition: Condition, ratios: Mapping[str, PerImage]) -> DenoisingVerdict:
    leads = {name: mean_interval(ratios[model] - ratios[name]) for name in CONTROLS}
    best = min(CONTROLS, key=lambda name: mean_interval(ratios[name]).mean)
    return DenoisingVerdict(
        model=model,
        corruption=condition.kind,
        strength=condition.strength,
        leads=leads,
        best_filter=best,
        beats_identity=LESS.judge(leads["identity"]),
        beats_matched_blur=LESS.judge(leads["matched blur"]),
        beats_best_filter=LESS.judge(leads[best]),
    )
