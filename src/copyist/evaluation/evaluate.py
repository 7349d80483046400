"""One table for several models on one source."""

__all__ = ["evaluated"]

from collections.abc import Callable, Mapping

import torch

from copyist.baselines.linear_copier import most_examples
from copyist.checks import check_at_least
from copyist.data.examples import Splits
from copyist.evaluation.denoising_measures import denoising_table
from copyist.evaluation.denoising_table import DenoisingTable
from copyist.models.contracts import Autoencoder, Model, Reconstructor, needs
from copyist.models.in_batches import apply_in_batches
from copyist.tensors import Images

_NUM_TRAIN = 4096
"""At most this many training images set the filters, spread evenly over all."""


def evaluated(
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

    def apply(function: Callable[[Images], torch.Tensor], x: Images, *, batch_size: int) -> torch.Tensor:
        return apply_in_batches(function, x, batch_size=batch_size)

    encoders = {name: model.encode for name, model in copiers.items() if isinstance(model, Autoencoder)}
    # PCA learns from as many as the models did, as far as memory goes.
    axes_from = splits.train.subset(most_examples(test[0].numel())).images().to(device) if encoders else None
    return denoising_table(
        copiers,
        train=train,
        test=test,
        apply=apply,
        batch_size=size,
        seed=seed,
        encoders=encoders,
        axes_from=axes_from,
        progress=progress,
    )
