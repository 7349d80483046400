"""Errors of classifiers on held-out images."""

__all__ = ["ClassificationErrors", "ClassificationTable", "classification_table"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

from copyist.drawing.text import text_table
from copyist.drawing.wording import estimate
from copyist.errors import ArgumentError
from copyist.evaluation.documents import Document
from copyist.evidence import Interval, binomial_interval

if TYPE_CHECKING:
    from copyist.data.splits import Splits
    from copyist.models.contracts import Model


@final
@dataclass(frozen=True, kw_only=True)
class ClassificationErrors:
    """The errors of one classifier, or of one rule."""

    wrong: int
    """Images whose largest logit is not that of their class."""

    error: Interval
    """Their share of all images, in [0, 1], with its exact 95 % interval."""

    cross_entropy: float | None
    """Mean of −log softmax(logits)_y over the images, in nats; None for a rule that gives no probabilities."""


@final
@dataclass(frozen=True, kw_only=True)
class ClassificationTable(Document):
    """Several classifiers on the same images, beside the rule that always predicts the majority class."""

    schema: Literal["copyist.classification"] = "copyist.classification"
    version: Literal[1] = 1

    noun: str
    """What is classified: images, or rows of a table."""

    num_test: int
    """Held-out ones."""

    num_classes: int
    """Classes in the data."""

    models: Mapping[str, ClassificationErrors]
    """By name."""

    majority: ClassificationErrors
    """The rule that gives every image the class most training images have."""

    def text(self) -> str:
        """One line for each classifier, and one for the rule."""
        lines = [["", "wrong", "error", "accuracy", "cross entropy"]]
        for name, row in {**self.models, "always the majority class": self.majority}.items():
            percent = Interval(100 * row.error.mean, 100 * row.error.low, 100 * row.error.high)
            nats = "" if row.cross_entropy is None else f"{row.cross_entropy:.4f} nats"
            lines.append([name, str(row.wrong), estimate(percent, 2, unit=" %"), f"{100 - percent.mean:.2f} %", nats])
        what = f"{self.num_test} test {self.noun} of {self.num_classes} classes"
        return f"Classification: {what}; error with its 95 % interval\n{text_table(lines)}"


def classification_table(
    models: "Mapping[str, Model]",
    splits: "Splits",
    *,
    num_images: int | None = None,
    batch_size: int | None = None,
) -> ClassificationTable:
    """Measure the errors of classifiers on test images.

    Args:
        models: by name; all must be classifiers, and take the source's images.
        splits: its training labels say which class is the majority, its test images are named.
        num_images: at most so many of them, spread evenly over all; None for all.
        batch_size: images per batch; None takes each model's own.

    Returns:
        The errors of each, beside the rule that always predicts the majority class.

    Raises:
        ContractError: a model names nothing.
        DataError: the images have no labels.
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        ArgumentError: a model knows fewer classes than the data has.
    """
    import numpy as np
    import torch
    from torch.nn import functional as F

    from copyist.models.contracts import Classifier, needs
    from copyist.models.in_batches import in_batches

    classifiers = {name: needs(model, Classifier, verb="evaluate") for name, model in models.items()}
    num_classes = splits.num_classes()
    for classifier in classifiers.values():
        classifier.check_columns(splits.train.columns)
    test = splits.test.subset(num_images)
    assert splits.train.labels is not None
    assert test.labels is not None
    x = test.examples()
    for classifier in classifiers.values():
        classifier.check_batch(x)

    def errors(wrong: int, cross_entropy: float | None) -> ClassificationErrors:
        return ClassificationErrors(wrong=wrong, error=binomial_interval(wrong, len(x)), cross_entropy=cross_entropy)

    rows: dict[str, ClassificationErrors] = {}
    for name, classifier in classifiers.items():
        truth = test.with_classes(classifier.trained_on.classes)
        assert truth.labels is not None
        labels = torch.from_numpy(np.array(truth.labels))
        if classifier.trained_on.classes is None and classifier.head.out_features < num_classes:
            raise ArgumentError(
                f"{name} must know the {num_classes} classes of the data, got {classifier.head.out_features}; "
                "take data with its classes (--data)"
            )
        device = next(classifier.parameters()).device
        with torch.no_grad():
            logits = in_batches(classifier, classifier, x.to(device), batch_size=batch_size).float().cpu()
        rows[name] = errors(int((logits.argmax(1) != labels).sum()), float(F.cross_entropy(logits, labels)))
    labels = torch.from_numpy(np.array(test.labels))
    majority = int(np.bincount(splits.train.labels).argmax())
    return ClassificationTable(
        noun=splits.test.noun,
        num_test=len(x),
        num_classes=num_classes,
        models=rows,
        majority=errors(int((labels != majority).sum()), None),
    )
