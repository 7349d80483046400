"""How many held-out images classifiers name wrong."""

__all__ = ["ClassificationErrors", "ClassificationTable", "classification_table", "classification_text"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from copyist.data.examples import Splits
from copyist.errors import ArgumentError
from copyist.evidence import Interval, binomial_interval
from copyist.models.contracts import Classifier, Model, needs
from copyist.models.in_batches import in_batches


@dataclass(frozen=True, kw_only=True)
class ClassificationErrors:
    """What one classifier, or one rule, got wrong."""

    wrong: int
    """Images whose largest logit is not that of their class."""

    cross_entropy: float | None
    """Mean of −log softmax(logits)_y over the images, in nats; None for a rule that gives no probabilities."""


@dataclass(frozen=True, kw_only=True)
class ClassificationTable:
    """Several classifiers on the same images, beside the rule that always names the majority class."""

    noun: str
    """What is named: images, or rows of a table."""

    num_test: int
    """Held-out ones."""

    num_classes: int
    """Classes in the data."""

    models: Mapping[str, ClassificationErrors]
    """By name."""

    majority: ClassificationErrors
    """The rule that gives every image the class most training images have."""

    def error(self, row: ClassificationErrors) -> Interval:
        """The share of images named wrong, with its exact 95 % interval."""
        return binomial_interval(row.wrong, self.num_test)

    def to_json(self) -> dict[str, Any]:
        """Numbers by name, ready for JSON."""
        return {
            "num_test": self.num_test,
            "num_classes": self.num_classes,
            "models": {name: self._row(row) for name, row in self.models.items()},
            "majority_class": self._row(self.majority),
        }

    def _row(self, row: ClassificationErrors) -> dict[str, Any]:
        error = self.error(row)
        return {
            "wrong": row.wrong,
            "error": error.mean,
            "error_interval": [error.low, error.high],
            "accuracy": 1 - error.mean,
            "cross_entropy": row.cross_entropy,
        }


@torch.no_grad()
def classification_table(
    models: Mapping[str, Model], splits: Splits, *, num_images: int | None = None, batch_size: int | None = None
) -> ClassificationTable:
    """Let classifiers name test images.

    Args:
        models: by name; all must be classifiers, and take the source's images.
        splits: its training labels say which class is the majority, its test images are named.
        num_images: at most so many of them, spread evenly over all; None for all.
        batch_size: images per batch; None takes each model's own.

    Returns:
        How many each names wrong, beside the rule that always names the majority class.

    Raises:
        ContractError: a model names nothing.
        DataError: the images have no labels.
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        ArgumentError: a model knows fewer classes than the data has.
    """
    classifiers = {name: needs(model, Classifier, verb="evaluate") for name, model in models.items()}
    num_classes = splits.num_classes()
    for classifier in classifiers.values():
        classifier.check_columns(splits.train.columns)
    test = splits.test.subset(num_images)
    assert splits.train.labels is not None
    assert test.labels is not None
    x, labels = test.examples(), torch.from_numpy(np.array(test.labels))
    rows: dict[str, ClassificationErrors] = {}
    for name, classifier in classifiers.items():
        if classifier.head.out_features < num_classes:
            raise ArgumentError(
                f"{name} must know the {num_classes} classes of the data, got {classifier.head.out_features}; "
                "take data with its classes, or train it on these"
            )
        device = next(classifier.parameters()).device
        logits = in_batches(classifier, classifier, x.to(device), batch_size=batch_size).float().cpu()
        wrong = int((logits.argmax(1) != labels).sum())
        rows[name] = ClassificationErrors(wrong=wrong, cross_entropy=float(F.cross_entropy(logits, labels)))
    majority = int(np.bincount(splits.train.labels).argmax())
    by_rule = ClassificationErrors(wrong=int((labels != majority).sum()), cross_entropy=None)
    return ClassificationTable(
        noun=splits.test.noun, num_test=len(x), num_classes=num_classes, models=rows, majority=by_rule
    )


def classification_text(table: ClassificationTable) -> str:
    """Write a table out in aligned columns, for a terminal."""
    rows = {**table.models, "always the majority class": table.majority}
    widest = max(map(len, rows))
    what = f"{table.num_test} test {table.noun} of {table.num_classes} classes"
    lines = [f"Classification: {what}; error with its 95 % interval"]
    for name, row in rows.items():
        error = table.error(row)
        nats = "" if row.cross_entropy is None else f"   {row.cross_entropy:.4f} nats"
        lines.append(
            f"{name:{widest}}   {row.wrong:6} wrong   error {100 * error.mean:6.2f} % "
            f"[{100 * error.low:.2f}, {100 * error.high:.2f}]   accuracy {100 * (1 - error.mean):6.2f} %{nats}"
        )
    return "\n".join(lines)
