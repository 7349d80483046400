"""The splits of a source, as its options ask for them, and the classes it takes its examples from."""

__all__ = ["of_classes", "parts_of"]

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from copyist.checks import check_choice
from copyist.data.labels import ClassLabels
from copyist.data.parts import TEST_SHARE, Parts, digest, hold_out
from copyist.data.source import Source
from copyist.errors import ArgumentError, DataError


def parts_of(
    digests: Sequence[str],
    is_test: npt.NDArray[np.bool_] | None,
    source: Source,
    *,
    groups: Sequence[str] | None = None,
) -> Parts:
    """The splits of a source, as its options ask for them.

    Args:
        digests: of the content of each example, or of what it belongs to.
        is_test: (N,), True where an example is held out, of data that has splits; None lets content decide.
        source: where they come from.
        groups: which examples belong together; then whole groups are held out, decided by their names.

    Raises:
        ArgumentError: a share or seed is asked for, and the data has splits.
    """
    if is_test is not None and source.test is not None:
        raise ArgumentError(f"{source.place} has splits of its own, got test={source.test:g}; leave test= out")
    if is_test is not None and source.split_seed and source.calibration is None:
        raise ArgumentError(
            f"{source.place} has splits of its own, got split_seed={source.split_seed}; leave split_seed= out"
        )
    if groups is not None:
        digests = [digest(group.encode()) for group in groups]
    if is_test is None:
        is_test = hold_out(digests, share=TEST_SHARE if source.test is None else source.test, seed=source.split_seed)
    return Parts.of(digests, is_test, calibration=source.calibration, seed=source.split_seed)


def of_classes(parts: Parts, labels: ClassLabels | None, source: Source) -> Parts:
    """The same splits, of examples of the classes alone that the source's options name.

    Args:
        parts: the splits of all examples.
        labels: the class of each; None where there are none.
        source: where they come from.

    Raises:
        DataError: there are no labels.
        UnknownNameError: there is no such class.
    """
    if not source.only:
        return parts
    if labels is None:
        raise DataError(
            f"{source.place} must have labels for only= (or --normal), and has none; leave it out, or take "
            "one folder per class, an .npz with y beside x, or a table with label="
        )
    present = [labels.names[number] for number in np.unique(labels.numbers).tolist()]
    for name in source.only:
        check_choice("only=", name, present)
    wanted = [labels.names.index(name) for name in source.only]
    return replace(parts, is_left_out=~np.isin(labels.numbers, wanted))
