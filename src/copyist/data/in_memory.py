"""Arrays that are in memory already, checked and kept as examples are."""

__all__ = ["Array", "GivenExamples", "check_alike", "check_share", "number_classes"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch

from copyist.data.labels import ClassLabels
from copyist.data.parts import digest
from copyist.errors import ArgumentError, DataError
from copyist.files.array_files import flat_labels
from copyist.files.values import as_rows, check_pixels

Array: TypeAlias = npt.NDArray[Any] | torch.Tensor
"""Of NumPy, or of PyTorch on any device."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GivenExamples:
    """Examples as they were given, checked."""

    array: npt.NDArray[Any]
    """Images (N, C, H, W), uint8, uint16 or float32; or rows (N, D), float32, or float64 where a column needs it."""

    labels: npt.NDArray[Any] | None
    """(N,), where there are any: as they are given, or numbers of classes."""

    classes: tuple[str, ...] | None = None
    """The names of the classes, once they are numbered."""

    columns: tuple[str, ...]
    """Names of the D columns; empty for images."""

    digests: tuple[str, ...]
    """Of each example's content."""

    @classmethod
    def of(cls, given: Array, labels: Array | None, *, columns: tuple[str, ...], name: str) -> Self:
        """Check examples and their labels; without `columns` those of a table are numbered from 0.

        Raises:
            DataError: they are neither images nor rows, or have values that none has; or labels do not fit.
        """
        array = _check_values(_as_numpy(given), name=name)
        if array.ndim == 2 and not columns:
            columns = tuple(map(str, range(array.shape[1])))
        if len(columns) != (array.shape[1] if array.ndim == 2 else 0):
            raise DataError(f"{name} must have one name per column of a table, got {len(columns)}; leave columns= out")
        return cls(
            array=array,
            labels=None if labels is None else _one_per_example(_as_numpy(labels), count=len(array), name=name),
            columns=columns,
            digests=tuple(digest(np.ascontiguousarray(row).tobytes()) for row in array),
        )


def check_alike(given: Mapping[str, GivenExamples], *, name: str) -> None:
    """Refuse splits of different shapes or types, or of which only some have labels.

    Raises:
        DataError: they are.
    """
    kinds = sorted({f"{each.array.shape[1:]} of {each.array.dtype}" for each in given.values()})
    if len(kinds) > 1:
        raise DataError(f"all splits of {name} must have examples of one shape and type, got {' and '.join(kinds)}")
    bare = [part for part, each in given.items() if each.labels is None]
    if 0 < len(bare) < len(given):
        raise DataError(f"{name} must have labels in all splits or in none, got none for {' and '.join(bare)}")


def number_classes(given: Mapping[str, GivenExamples], *, name: str) -> dict[str, GivenExamples]:
    """The same splits with their classes numbered alike.

    Raises:
        DataError: a label is neither a text nor a whole number.
    """
    labels = {part: each.labels for part, each in given.items() if each.labels is not None}
    if not labels:
        return dict(given)
    classes = ClassLabels.of(np.concatenate(list(labels.values())), what=f"labels of {name}")
    ends = np.cumsum([len(each) for each in labels.values()])
    parts = dict(zip(labels, np.split(classes.numbers, ends[:-1]), strict=True))
    return {part: replace(each, labels=parts[part], classes=classes.names) for part, each in given.items()}


def check_share(part: str, share: float) -> float:
    """The share of examples that is set apart for a split.

    Raises:
        ArgumentError: it is not in (0, 1).
    """
    if not 0 < share < 1:
        raise ArgumentError(f"{part} must be a share between 0 and 1, both excluded, got {share}; take 0.2")
    return share


def _as_numpy(array: Array) -> npt.NDArray[Any]:
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


def _check_values(array: npt.NDArray[Any], *, name: str) -> npt.NDArray[Any]:
    """The values as examples keep them: uint8 and uint16 of images, or float32."""
    if array.ndim not in (2, 4) or 0 in array.shape:
        raise DataError(
            f"{name} must be images (N, C, H, W) or rows (N, D), and at least one, got shape {array.shape}; "
            "give a single one a batch axis with x[None]"
        )
    if array.ndim == 4 and array.dtype.name in ("uint8", "uint16"):
        return array
    if array.dtype.kind not in ("bf" if array.ndim == 4 else "buif"):
        kinds = "uint8, uint16 or float values" if array.ndim == 4 else "numbers"
        raise DataError(f"{name} must hold {kinds}, got {array.dtype}; convert it first")
    if array.ndim == 4:
        for index, image in enumerate(array):
            check_pixels(image, place=name, index=index)
        return array.astype(np.float32)
    # What is too large for 32 bits becomes infinite, and is refused as such.
    rows = as_rows(list(array.T))
    wrong = np.argwhere(~np.isfinite(rows))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise DataError(f"{name} must hold finite values, got {array[row, column]} in row {row}; replace or drop it")
    return rows


def _one_per_example(labels: npt.NDArray[Any], *, count: int, name: str) -> npt.NDArray[Any]:
    flat = flat_labels(labels)
    if flat is None or len(flat) != count:
        raise DataError(f"{name} must have one label per example, got shape {labels.shape} for {count}")
    return flat
