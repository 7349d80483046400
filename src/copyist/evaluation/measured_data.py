"""What an evaluation measures on, and what its baselines learn from: never the same examples."""

__all__ = ["MeasuredData", "open_measured"]

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from copyist.data import open_source
from copyist.data.examples import ExampleSet
from copyist.data.opening import open_split
from copyist.data.parts import digest, fingerprint
from copyist.data.source import parse_source
from copyist.data.splits import Splits
from copyist.errors import CopyistError, DataError
from copyist.models.contracts import Model

DEFAULT = 512
"""Copies are measured on at most so many examples of a source's own test split."""


@final
@dataclass(frozen=True, kw_only=True)
class MeasuredData:
    """The examples of an evaluation."""

    splits: Splits
    """Baselines learn from `train`, and everything is measured on `test`."""

    count: int
    """How many of the test examples are measured to judge copies, spread evenly over all."""

    whole: bool
    """Whether the source named a split, which is then measured whole unless a number is requested."""

    @property
    def statement(self) -> str:
        """What is measured, and what baselines learn from."""
        test, train = self.splits.test, self.splits.train
        return (
            f"{self.count} of {len(test)} test {test.noun} of {test.source}; what is fitted learns from {train.source}"
        )


def open_measured(
    data: str | Splits,
    models: Collection[Model],
    *,
    fit_on: str | None = None,
    num_images: int | None = None,
    fits: bool = True,
    say: Callable[[str], None],
) -> MeasuredData:
    """Open what is to be measured on, and what filters, PCA and probes are to learn from.

    A source without `split=` is measured on its test split, and they learn from its training split. One with `split=`
    is measured on that split whole; of `split=test` they learn from its training split, and of any other from the data
    the models were trained on, where that is at hand. `fit_on` names another source. What is measured is left out.

    Args:
        data: a source, or its splits.
        models: that are measured.
        fit_on: a source whose training split, or the one it names, is learned from.
        num_images: at most so many examples are measured.
        fits: whether there is anything to be fitted but the rule of the majority class, which may be that of any data.
        say: takes notices, each one sentence.

    Raises:
        DataError: the source cannot be read; or there is nothing to learn from that is not measured.
        ArgumentError, UnknownNameError: as `open_source`.
    """
    given = None if isinstance(data, Splits) else parse_source(data).split
    splits = data if isinstance(data, Splits) else _open(data, models, fit_on=fit_on, fits=fits, say=say)
    if isinstance(data, Splits) and fit_on is not None:
        splits = replace(splits, train=open_split(fit_on, default="train", columns=splits.test.columns, say=say))
    if given not in (None, "test") or fit_on is not None:
        _check_alike(splits)
        splits = replace(splits, train=_without(splits.train, splits.test, say=say)) if fits else splits
    test = splits.test
    count = min(len(test), num_images or (DEFAULT if given is None else len(test)))
    if num_images is not None and num_images > len(test):
        say(_too_many(splits, num_images, whole=given is not None or fit_on is not None))
    return MeasuredData(splits=splits, count=count, whole=given is not None)


def _too_many(splits: Splits, num_images: int, *, whole: bool) -> str:
    test, total = splits.test, len(splits.test) + len(splits.train)
    if whole:
        return (
            f"{test.source} has {len(test)} {test.noun} to measure, all of which are, and {num_images} were asked for"
        )
    return (
        f"{len(test)} of {total} {test.noun} of {test.source} are held out, all of which are measured, and "
        f"{num_images} were asked for; add ?split=all to measure all of the source"
    )


def _open(
    text: str, models: Collection[Model], *, fit_on: str | None, fits: bool, say: Callable[[str], None]
) -> Splits:
    split = parse_source(text).split
    columns = next((model.trained_on.columns for model in models if model.trained_on.columns), ())
    if fit_on is None and split is None:
        return open_source(text, columns=columns, say=say)
    test = open_split(text, default=split or "test", columns=columns, say=say)
    if fit_on is not None or split == "test":
        others = fit_on or _options(text, split="train")
        return Splits(train=open_split(others, default="train", columns=test.columns, say=say), test=test)
    train = _training_data(models, test, say=say)
    if train is None and not fits:
        say(f"the majority class is that of the measured {test.noun}, since the training data is not at hand")
        train = test
    if train is None:
        raise DataError(
            f"filters and other baselines must learn from other {test.noun} than those that are measured, got all of "
            f"{text} and no training data of a model at hand; add --fit-on, such as --fit-on "
            f"'{_options('photos', size=_size(test), channels=test.shape[0]) if not test.is_table else 'table.csv'}'"
        )
    return Splits(train=train, test=test)


def _training_data(models: Collection[Model], test: ExampleSet, *, say: Callable[[str], None]) -> ExampleSet | None:
    """What the first model was trained on whose data is still where it was, in the shape of what is measured."""
    for model in models:
        source = model.trained_on.source
        if not source:
            continue
        try:
            train = open_split(source, default="train", columns=model.trained_on.columns)
            if train.fingerprint != model.trained_on.fingerprint:
                continue
            if train.shape != test.shape and not (train.is_table or test.is_table):
                train = open_split(_options(source, size=_size(test), channels=test.shape[0]), default="train")
        except CopyistError:
            continue
        if train.shape == test.shape and train.columns == test.columns:
            say(f"what is fitted learns from {train.source}, which the model was trained on")
            learned = {_digest(row) for row in train.array}
            seen = sum(_digest(row) in learned for row in test.array)
            if seen:
                say(
                    f"a model was trained on {seen} of the {len(test)} {test.noun} of {test.source}, so that this "
                    "measures no held-out ones; add ?split=test to measure those"
                )
            return train
    return None


def _check_alike(splits: Splits) -> None:
    train, test = splits.train, splits.test
    if train.columns != test.columns:
        raise DataError(
            f"baselines must learn from a table of the same columns, got {train.source} for {test.source}; give "
            "another with --fit-on"
        )
    if train.shape != test.shape:
        shapes = " and ".join("x".join(map(str, each.shape)) for each in (train, test))
        options = _options(train.source, size=_size(test), channels=test.shape[0])
        raise DataError(
            f"baselines must learn from images of the measured shape, got {shapes}; write --fit-on '{options}'"
        )


def _without(train: ExampleSet, test: ExampleSet, *, say: Callable[[str], None]) -> ExampleSet:
    """What is learned from without what is measured, by content."""
    measured = {_digest(row) for row in test.array}
    digests = [_digest(row) for row in train.array]
    kept = [index for index, each in enumerate(digests) if each not in measured]
    if len(kept) == len(train):
        return train
    if len(kept) < 2:
        raise DataError(
            f"baselines must learn from other {test.noun} than those that are measured, got none in {train.source} "
            f"that {test.source} does not hold; give others with --fit-on"
        )
    say(
        f"{len(train) - len(kept)} of {len(train)} {train.noun} of {train.source} are measured, and so not learned from"
    )
    return replace(
        train,
        array=train.array[kept],
        names=tuple(train.names[index] for index in kept),
        labels=None if train.labels is None else train.labels[kept],
        fingerprint=fingerprint([digests[index] for index in kept], str(train.array.dtype), *train.columns),
    )


def _digest(row: np.ndarray) -> str:
    return digest(np.ascontiguousarray(row).tobytes())


def _size(images: ExampleSet) -> str:
    return "x".join(map(str, images.shape[1:]))


def _options(source: str, **changed: object) -> str:
    """The source with these options in place of what it says of them."""
    place, _, query = source.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] not in changed]
    return f"{place}?{'&'.join([*kept, *(f'{name}={value}' for name, value in changed.items())])}"
