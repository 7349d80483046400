"""The normal examples that a detector is fitted on: opened, split, and a table encoded."""

__all__ = ["NORMAL_LABELS", "NormalExamples", "open_normal"]

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

from copyist.data import open_source, parse_source
from copyist.data.encoded_source import EncodedSource, encode_source
from copyist.data.examples import ExampleSet
from copyist.data.labels import name_classes
from copyist.data.parts import CALIBRATION_SHARE
from copyist.data.source import with_option
from copyist.data.splits import Splits
from copyist.data.table_encoding import TableEncoding
from copyist.data.table_matching import TableLike
from copyist.data.table_sets import is_table
from copyist.detection.conformal import check_false_alarms, num_calibration
from copyist.errors import DataError
from copyist.training import Observer

NORMAL_LABELS = ("good", "normal", "0")
"""What labels of normal examples are called, unless one is named."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class NormalExamples:
    """Normal examples in three parts."""

    splits: Splits
    """Of training, of test and of calibration, as a model takes them."""

    calibration: ExampleSet
    """That of calibration."""

    encoding: TableEncoding | None = None
    """Of a table; None of images, and of rows of numbers in memory."""

    groups: Tensor | None = None
    """(N,), int64: which of the calibration belong together; None where each stands alone."""

    departures: Tensor | None = None
    """(N, C), bool: of the rows of calibration, which cells are such that training says nothing of them; None without
    an encoding."""

    @classmethod
    def of(cls, given: Splits | EncodedSource) -> Self:
        """Those of splits, or of a table that is encoded.

        Raises:
            DataError: none are for calibration.
        """
        splits = given if isinstance(given, Splits) else given.splits
        if splits.calibration is None:
            raise DataError("a detector must have examples to calibrate on, got splits without; give calibration=0.2")
        names = splits.calibration.groups
        groups = None if names is None else torch.from_numpy(np.unique(names, return_inverse=True)[1])
        found = cls(splits=splits, calibration=splits.calibration, groups=groups)
        if isinstance(given, Splits):
            return found
        return replace(found, encoding=given.encoding, departures=given.departures)

    def check(self, false_alarms: float) -> None:
        """Refuse a rate that the calibration cannot give.

        Raises:
            DataError: it has too few examples, or groups of them.
        """
        units = len(self.calibration) if self.groups is None else len(self.groups.unique())
        what = "normal examples" if self.groups is None else "normal groups"
        check_false_alarms(false_alarms, calibration=units, what=what)


def open_normal(data: TableLike | Splits | EncodedSource, *, false_alarms: float, observer: Observer) -> NormalExamples:
    """Open normal examples, and say what of them is passed over.

    Args:
        data: a source, or a table in memory, a fifth of which calibrates unless the source says more; or what was made
            of one.
        false_alarms: the rate that the calibration is to allow.
        observer: takes notices, and how reading goes.

    Raises:
        DataError: the source cannot be read, or there are none for calibration.
        CopyistError: as `open_source` and `encode_source`.
    """
    found = NormalExamples.of(data if isinstance(data, Splits | EncodedSource) else _open(data, false_alarms, observer))
    _say_labels(found.splits, observer)
    return found


def _open(data: TableLike, false_alarms: float, observer: Observer) -> Splits | EncodedSource:
    text = str(data)
    if not isinstance(data, str | Path) or is_table(parse_source(text)):
        return encode_source(data, num_calibration=num_calibration(false_alarms), say=observer.notify)
    if parse_source(text).calibration is None:
        text = with_option(text, f"calibration={CALIBRATION_SHARE}")
    splits = open_source(text, say=observer.notify, progress=observer.report_reading)
    # What was left out has been said.
    return replace(splits, train=replace(splits.train, left_out=()))


def _say_labels(splits: Splits, observer: Observer) -> None:
    """Say so where examples of several labels are all taken for normal."""
    every = [each for each in (splits.train, splits.test, splits.calibration) if each is not None]
    labels = [each.labels for each in every if each.labels is not None]
    if not labels or splits.classes is None:
        return
    names = [splits.classes[number] for number in np.unique(np.concatenate(labels)).tolist()]
    if len(names) > 1:
        observer.notify(
            f"{splits.train.source} has the labels {name_classes(names)}, and all are taken for normal; take those of "
            "one alone by ?only=, or --normal"
        )
