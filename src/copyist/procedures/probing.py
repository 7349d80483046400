"""Probes of a model's code: how well it predicts the classes of images, which training did not use."""

__all__ = ["code_features", "labeled", "probe"]

import numpy as np
import torch
from torch import Tensor

from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.metrics.probes import Probes, probes
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.procedures.denoising import encode
from copyist.tensors import Examples, Features

NUM_TRAIN = 4096
"""The maximum number of training images of a probe."""


def probe(model: Model, splits: Splits, *, num_images: int | None = None, batch_size: int | None = None) -> Probes:
    """Accuracy on held-out images of a linear probe of their codes, and of a nearest-neighbor probe.

    Args:
        model: one with a code; nothing in it is trained.
        splits: labeled images; at most 4096 training images, spread evenly over all, teach the probes.
        num_images: at most so many test images, likewise spread; None takes all.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.

    Returns:
        The accuracy of both.

    Raises:
        ContractError: the model has no code.
        DataError: the images have no labels.
        ShapeError: the model does not take these images.
        ArgumentError: there is one class only, or `batch_size` is less than 1.
    """
    device = next(model.parameters()).device
    (x, labels), (held_out, truth) = labeled(splits, num_images=num_images)
    features = [code_features(model, images.to(device), batch_size=batch_size) for images in (x, held_out)]
    return probes(features[0], labels, features[1], truth)


def code_features(model: Model, x: Examples, *, batch_size: int | None = None) -> Features:
    """The code of images (B, C, H, W) or rows (B, D), a row each: of tokens (B, N, D) their mean, of others all values.

    Raises:
        ContractError: the model has no code.
        ShapeError: the model does not take these images.
        ArgumentError: `batch_size` is less than 1.
    """
    z = encode(needs(model, Autoencoder, verb="probe"), x, batch_size=batch_size).float()
    return z.mean(1) if z.ndim == 3 else z.flatten(1)


def labeled(
    splits: Splits, *, num_images: int | None = None
) -> tuple[tuple[Examples, Tensor], tuple[Examples, Tensor]]:
    """Training and test examples, each with their classes (N,).

    Args:
        splits: labeled examples; at most 4096 of those for training are taken, spread evenly over all.
        num_images: at most so many test examples, likewise spread; None takes all.

    Returns:
        Examples (N, ...) and classes (N,) for training, then (M, ...) and (M,) for testing.

    Raises:
        DataError: there are no labels.
    """
    splits.num_classes()
    return _with_labels(splits.train.subset(NUM_TRAIN)), _with_labels(splits.test.subset(num_images))


def _with_labels(examples: ExampleSet) -> tuple[Examples, Tensor]:
    assert examples.labels is not None
    return examples.examples(), torch.from_numpy(np.array(examples.labels))
