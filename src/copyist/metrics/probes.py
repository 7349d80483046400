"""Probes of features: accuracy of a linear classifier and of nearest neighbors."""

__all__ = ["Probes", "linear_probe", "neighbor_accuracy", "probes"]

import contextlib
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from copyist.checks import check_whole
from copyist.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from torch import Tensor

NUM_NEIGHBORS = 5
"""Neighbors that vote."""

_MOST_ITERATIONS = 300
"""Of the fit of the linear probe: a fit that is not quite at its optimum by then is still a linear probe."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Accuracies of both probes on held-out images, in [0, 1]."""

    linear: float
    """By a linear map fitted on training images."""

    neighbors: float
    """By a vote of the nearest training images."""


def probes(train: "Tensor", labels: "Tensor", held_out: "Tensor", held_out_labels: "Tensor") -> Probes:
    """Accuracy of both probes of features.

    Args:
        train: features of training images (N, D).
        labels: their classes (N,), int64.
        held_out: features of other images (M, D).
        held_out_labels: their classes (M,).

    Returns:
        The share of held-out images that each names rightly, in [0, 1].

    Raises:
        ShapeError: features are not (N, D) and (M, D), or labels not (N,) and (M,).
        ArgumentError: the training labels name fewer than two classes.
    """
    return Probes(
        linear=linear_probe(train, labels, held_out, held_out_labels),
        neighbors=neighbor_accuracy(train, labels, held_out, held_out_labels),
    )


def linear_probe(train: "Tensor", labels: "Tensor", held_out: "Tensor", held_out_labels: "Tensor") -> float:
    """Accuracy of a logistic regression on features whose training mean is 0 and standard deviation 1.

    Args:
        train: features of training images (N, D).
        labels: their classes (N,), int64.
        held_out: features of other images (M, D).
        held_out_labels: their classes (M,).

    Returns:
        The share of held-out images that are named rightly, in [0, 1].

    Raises:
        ShapeError: features are not (N, D) and (M, D), or labels not (N,) and (M,).
        ArgumentError: the training labels name fewer than two classes.

    Source:
        Alain & Bengio (2016), "Understanding intermediate layers using linear classifier probes", through scikit-learn.
    """
    x, y, other, truth = _arrays(train, labels, held_out, held_out_labels)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x)
    with _many_classes():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(max_iter=_MOST_ITERATIONS).fit(scaler.transform(x), y)
    return float((fitted.predict(scaler.transform(other)) == truth).mean())


def neighbor_accuracy(
    train: "Tensor", labels: "Tensor", held_out: "Tensor", held_out_labels: "Tensor", *, neighbors: int = NUM_NEIGHBORS
) -> float:
    """Accuracy of the vote of the nearest training images, by the Euclidean distance of features as they are.

    Args:
        train: features of training images (N, D).
        labels: their classes (N,), int64.
        held_out: features of other images (M, D).
        held_out_labels: their classes (M,).
        neighbors: how many vote; all of them where there are fewer.

    Returns:
        The share of held-out images that are named rightly, in [0, 1].

    Raises:
        ShapeError: features are not (N, D) and (M, D), or labels not (N,) and (M,).
        ArgumentError: the training labels name fewer than two classes, or `neighbors` is less than 1.
    """
    check_whole("neighbors", neighbors, 1)
    x, y, other, truth = _arrays(train, labels, held_out, held_out_labels)
    from sklearn.neighbors import KNeighborsClassifier

    with _many_classes():
        fitted = KNeighborsClassifier(n_neighbors=min(neighbors, len(x))).fit(x, y)
    return float((fitted.predict(other) == truth).mean())


@contextlib.contextmanager
def _many_classes() -> Generator[None, None, None]:
    """Classes of few images each are meant as such; scikit-learn takes them for numbers to be regressed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield


def _arrays(
    train: "Tensor", labels: "Tensor", held_out: "Tensor", held_out_labels: "Tensor"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The same as arrays, once they fit together."""
    shapes = [tuple(each.shape) for each in (train, labels, held_out, held_out_labels)]
    if train.ndim != 2 or held_out.ndim != 2 or train.shape[1] != held_out.shape[1]:
        raise ShapeError(f"features must have shapes (N, D) and (M, D), got {shapes[0]} and {shapes[2]}")
    if labels.shape != train.shape[:1] or held_out_labels.shape != held_out.shape[:1]:
        raise ShapeError(
            f"each image must have one label, got {shapes[1]} and {shapes[3]} for {shapes[0]}, {shapes[2]}"
        )
    if len(labels.unique()) < 2:
        raise ArgumentError("a probe must learn at least two classes, got images of one; take images of more")
    values = (train.detach().double().cpu().numpy(), held_out.detach().double().cpu().numpy())
    return values[0], labels.cpu().numpy(), values[1], held_out_labels.cpu().numpy()
