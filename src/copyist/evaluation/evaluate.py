"""`copyist.evaluate`: every measure of models on held-out data, beside baselines."""

__all__ = ["evaluate", "evaluate_images"]

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from copyist.baselines.linear_copier import most_examples
from copyist.checks import check_at_least
from copyist.data.opening import check_data
from copyist.data.splits import Splits
from copyist.errors import ArgumentError, ContractError, DataError, ShapeError
from copyist.evaluation.classification_errors import classification_table
from copyist.evaluation.denoising_measures import measure_denoising
from copyist.evaluation.denoising_table import DenoisingTable
from copyist.evaluation.evaluation import Evaluation
from copyist.evaluation.generation_measures import LEAST, first_stages, generation_table, latent_table
from copyist.evaluation.inpainting_measures import inpainting_table
from copyist.evaluation.likelihood_table import likelihood_table
from copyist.evaluation.measured_data import MeasuredData, open_measured
from copyist.evaluation.probe_table import probe_table, why_unprobed
from copyist.evaluation.table_copies import table_copies
from copyist.models.contracts import Autoencoder, Diffusion, Model, Reconstructor, needs
from copyist.models.in_batches import apply_in_batches
from copyist.models.latent_diffusion import LatentDiffusion

_NUM_TRAIN = 4096
"""At most this many training images set the filters, spread evenly over all."""


def evaluate(
    models: Mapping[str, Model],
    data: str | Splits,
    *,
    fit_on: str | None = None,
    num_images: int | None = None,
    importance_samples: int = 200,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measure models side by side on test examples: all that copy, all classifiers, or all diffusion models.

    Copies of images stand beside PCA of equal code size, denoising beside filters fitted to each corruption, and what
    codes know of classes beside random weights, pixels and principal components. Codes of maps that are smaller than
    the image are measured as first stages of diffusion, too. Samples of diffusion models stand beside real images, and
    of those that work in codes it is measured by how much inpainting moves what it was to keep. Of a table, copies are
    measured in standard deviations of the columns.

    Args:
        models: by name; all must take the source's images, or its rows.
        data: a source, or its splits: filters, PCA and probes learn from training examples, and everything is measured
            on test examples. Of a source with `split=` that split is measured, all of it unless `num_images` says less;
            what is fitted then learns from the data a model was trained on, where that is at hand, and never from what
            is measured.
        fit_on: another source for what is fitted: its training split, or the one it names.
        num_images: at most so many test examples, spread evenly over all; None takes 512 to measure copies, and all to
            count wrong names.
        importance_samples: codes per image that a likelihood is estimated by.
        batch_size: images per batch; None takes the first model's for copies, and each model's own for the rest.
        seed: of all noise and random weights.
        progress: called after each corruption of images, with the number of those done and of all.
        say: takes notices, each one sentence.

    Raises:
        ContractError: some of the models copy, or generate, and others do not.
        DataError: the source cannot be read; there is nothing to learn from that is not measured; the images have
            values that a likelihood gives no probability; or classifiers are given images without labels.
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        ArgumentError: there is no model; one has the name of a control, or knows fewer classes than the data has; or a
            number is out of its range.
    """
    check_data(data)
    if not isinstance(cast("object", models), Mapping):
        raise ArgumentError("models must be given by name, got one without; write {'mine': model}")
    if not models:
        raise ArgumentError("at least one model must be given to be evaluated, got none; name one")
    check_at_least("num_images", 1 if num_images is None else num_images, 1)
    check_at_least("importance_samples", importance_samples, 1)
    tell: Callable[[str], None] = say or (lambda sentence: None)
    models = {name: needs(model, Model, verb="evaluate") for name, model in models.items()}
    diffusion = {name: model for name, model in models.items() if isinstance(model, Diffusion)}
    if 0 < len(diffusion) < len(models):
        raise ContractError(
            f"evaluate compares models of one kind, got {next(iter(diffusion))}, which generates, beside others; "
            "evaluate them apart"
        )
    names_only = not diffusion and not any(isinstance(model, Reconstructor) for model in models.values())
    found = open_measured(data, models.values(), fit_on=fit_on, num_images=num_images, fits=not names_only, say=tell)
    splits, count = found.splits, found.count
    if diffusion:
        return _evaluate_diffusion(diffusion, found, batch_size=batch_size, seed=seed, progress=progress, say=tell)
    if names_only:
        names = classification_table(models, splits, num_images=num_images, batch_size=batch_size)
        return Evaluation(data=replace(found, count=names.num_test).statement, classification=names)
    noun = "1 model" if len(models) == 1 else f"{len(models)} models"
    tell(f"measuring {noun} and what stands beside them, which takes some seconds")
    # First, since a likelihood may refuse the values of the images.
    nats = likelihood_table(models, splits, num_images=count, samples=importance_samples, seed=seed)
    images = table = None
    if splits.train.is_table:
        table = table_copies(models, splits, num_rows=count, batch_size=batch_size)
    else:
        images = evaluate_images(models, splits, num_images=count, batch_size=batch_size, seed=seed, progress=progress)
    stages = first_stages(models, splits.test.shape) if images is not None and count >= LEAST else {}
    latents = latent_table(stages, splits, num_images=count, batch_size=batch_size) if stages else None
    why = why_unprobed(splits)
    if why and any(isinstance(model, Autoencoder) for model in models.values()):
        tell(f"probes are left out, since {why}")
    probes = None if why else probe_table(models, splits, num_images=count, batch_size=batch_size, seed=seed)
    return Evaluation(
        data=found.statement,
        denoising=images,
        table=table,
        likelihoods=nats if nats.models else None,
        latents=latents,
        probes=probes if probes and probes.accuracies else None,
    )


def _evaluate_diffusion(
    models: Mapping[str, Diffusion],
    found: MeasuredData,
    *,
    batch_size: int | None,
    seed: int,
    progress: Callable[[int, int], None] | None,
    say: Callable[[str], None],
) -> Evaluation:
    splits = found.splits
    most = min(len(splits.test), len(splits.train))
    count = min(found.count, most)
    if splits.test.is_table:
        raise ShapeError(f"diffusion models generate images, got the table {splits.test.source}; take images")
    if count < LEAST:
        raise DataError(
            f"samples must be compared with at least {LEAST} images, got {count} of {splits.test.source}; "
            + (f"take more (--images {LEAST})" if most >= LEAST else f"take a source with {LEAST} in each split")
        )
    fewer = f" (--images {LEAST * 2} takes fewer)" if count > LEAST * 2 else ""
    say(f"sampling {count} images of each model, which takes a while{fewer}")
    generated = generation_table(models, splits, num_images=count, batch_size=batch_size, seed=seed, progress=progress)
    stages = first_stages(models, splits.test.shape)
    latents = latent_table(stages, splits, num_images=count, batch_size=batch_size) if stages else None
    coded = {name: model for name, model in models.items() if isinstance(model, LatentDiffusion)}
    inpainted = inpainting_table(coded, splits, num_images=count, batch_size=batch_size, seed=seed)
    return Evaluation(
        data=found.statement,
        latents=latents,
        generation=generated,
        inpainting=inpainted if inpainted.models else None,
    )


def evaluate_images(
    models: Mapping[str, Model],
    splits: Splits,
    *,
    num_images: int,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> DenoisingTable:
    """Measure models on test images, in batches of one stated size.

    Args:
        models: by name; all must copy, and take the source's images.
        splits: filters and PCA are fitted on its training images, and everything is measured on its test images.
        num_images: at most so many test images, spread evenly over all.
        batch_size: images per batch; None takes the first model's.
        seed: of all noise.
        progress: called after each corruption.

    Returns:
        Models and filters under each corruption, and the models' copies of clean images beside PCA of equal code size.

    Raises:
        ContractError: a model does not copy.
        ShapeError: a model does not take the images.
        ArgumentError: a number is out of its range.
    """
    copiers = {name: needs(model, Reconstructor, verb="evaluate") for name, model in models.items()}
    first = next(iter(copiers.values()))
    size = first.batch_size if batch_size is None else batch_size
    check_at_least("batch", size, 1)
    device = next(first.parameters()).device
    train, test = (
        part.subset(count).images().to(device)
        for part, count in ((splits.train, _NUM_TRAIN), (splits.test, num_images))
    )
    for model in copiers.values():
        model.check_batch(test)

    encoders = {name: model.encode for name, model in copiers.items() if isinstance(model, Autoencoder)}
    # PCA learns from as many as the models did, as far as memory goes.
    axes_from = splits.train.subset(most_examples(test[0].numel())).images().to(device) if encoders else None
    return measure_denoising(
        copiers,
        train=train,
        test=test,
        apply=apply_in_batches,
        batch_size=size,
        seed=seed,
        encoders=encoders,
        axes_from=axes_from,
        progress=progress,
    )
