"""Arrays that are in memory already become splits."""

__all__ = ["splits_from_arrays"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt
import torch

from copyist.data.examples import ExampleSet, Parts, Splits, digest, fingerprint, hold_out
from copyist.errors import ArgumentError, DataError
from copyist.files.array_files import not_class_numbers
from copyist.files.values import check_pixels

Array: TypeAlias = npt.NDArray[Any] | torch.Tensor
"""Of NumPy, or of PyTorch on any device."""


def splits_from_arrays(
    train: Array,
    test: Array | None = None,
    *,
    calibration: Array | float | None = None,
    labels: Array | None = None,
    test_labels: Array | None = None,
    calibration_labels: Array | None = None,
    columns: Sequence[str] = (),
    name: str = "arrays",
) -> Splits:
    """Splits of images or of rows of a table, as `train(recipe, data=…)` takes them.

    Args:
        train: images (N, C, H, W), uint8, uint16 or floats in [0, 1]; or rows (N, D) of finite numbers.
        test: the same, of any number; None holds out a tenth of `train`, by content alone, as of any source.
        calibration: the same; or a share in (0, 1) of what is trained on, which is held out by content; None for none.
        labels: (N,), the number of each example's class in `train`, from 0; None where there are none.
        test_labels: of `test`.
        calibration_labels: of `calibration`, where that is an array.
        columns: what the D columns of rows are called; by default they are numbered from 0.
        name: what the data is called where a source would be named, as in the model file.

    Raises:
        DataError: an array has another shape or type than the others, or values that no image or table has; labels are
            missing for some examples, or no whole numbers; or there are too few examples for all splits.
        ArgumentError: a share is not in (0, 1), or labels come without their examples.
    """
    share = calibration if isinstance(calibration, int | float) else None
    if share is not None and not 0 < share < 1:
        raise ArgumentError(f"calibration must be a share between 0 and 1, both excluded, got {share}; take 0.2")
    arrays = {"train": (train, labels), "test": (test, test_labels)}
    arrays["calibration"] = (None if share is not None else calibration, calibration_labels)  # pyright: ignore
    given: dict[str, _Part] = {}
    for part, (array, its_labels) in arrays.items():
        if array is not None:
            given[part] = _Part.of(array, its_labels, name=name, columns=tuple(columns))
        elif its_labels is not None:
            raise ArgumentError(f"{part}_labels must come with their examples, got labels alone; give {part}= too")
    _check_alike(given, name=name)
    sets = {part: each.examples(name=name) for part, each in given.items()} | _held_out(given, name=name, share=share)
    for part, each in sets.items():
        if not len(each):
            raise DataError(
                f"{name} must have {each.noun} for each split, got none for {part}; add {each.noun}, or give {part}="
            )
    return Splits(train=sets["train"], test=sets["test"], calibration=sets.get("calibration"))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """Examples as they were given, checked."""

    array: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None
    columns: tuple[str, ...]
    digests: tuple[str, ...]

    @classmethod
    def of(cls, given: Array, labels: Array | None, *, name: str, columns: tuple[str, ...]) -> Self:
        array = _stored(_as_numpy(given), name=name)
        if array.ndim == 2 and not columns:
            columns = tuple(map(str, range(array.shape[1])))
        if len(columns) != (array.shape[1] if array.ndim == 2 else 0):
            raise DataError(f"{name} must have one name per column of a table, got {len(columns)}; leave columns= out")
        return cls(
            array=array,
            labels=None if labels is None else _classes(_as_numpy(labels), count=len(array), name=name),
            columns=columns,
            digests=tuple(digest(np.ascontiguousarray(row).tobytes()) for row in array),
        )

    def examples(self, rows: npt.NDArray[np.int64] | None = None, *, name: str) -> ExampleSet:
        """Those of these rows; all for None."""
        chosen = range(len(self.array)) if rows is None else rows.tolist()
        return ExampleSet(
            source=name,
            array=self.array if rows is None else self.array[rows],
            names=tuple(f"{row:06d}" for row in chosen),
            labels=self.labels if self.labels is None or rows is None else self.labels[rows],
            columns=self.columns,
            fingerprint=fingerprint([self.digests[row] for row in chosen], str(self.array.dtype), *self.columns),
        )


def _held_out(given: dict[str, _Part], *, name: str, share: float | None) -> dict[str, ExampleSet]:
    """The splits that are taken from the training part, and what is left of that; nothing where all were given."""
    train = given["train"]
    if "test" in given and share is None:
        return {}
    none = np.zeros(len(train.array), dtype=np.bool_)
    parts = Parts.of(train.digests, none if "test" in given else hold_out(train.digests), calibration=share)
    sets = {"train": train.examples(parts.indices("train", limit=None), name=name)}
    if "test" not in given:
        sets["test"] = train.examples(parts.indices("test", limit=None), name=name)
    if share is not None:
        sets["calibration"] = train.examples(parts.indices("calibration", limit=None), name=name)
    return sets


def _as_numpy(array: Array) -> npt.NDArray[Any]:
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


def _stored(array: npt.NDArray[Any], *, name: str) -> npt.NDArray[Any]:
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
    # What is too large for 32 bits becomes infinite, and is refused as such; the sum makes -0 a 0, which it equals.
    with np.errstate(over="ignore"):
        rows = array.astype(np.float32) + np.float32(0)
    wrong = np.argwhere(~np.isfinite(rows))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise DataError(f"{name} must hold finite values, got {array[row, column]} in row {row}; replace or drop it")
    return rows


def _classes(labels: npt.NDArray[Any], *, count: int, name: str) -> npt.NDArray[np.int64]:
    if labels.shape != (count,):
        raise DataError(f"{name} must have one label per example, got shape {labels.shape} for {count}")
    wrong = labels if labels.dtype.kind not in "buif" else not_class_numbers(labels)
    if len(wrong):
        raise DataError(f"labels of {name} must number classes by whole numbers, got {wrong[0]}; number them from 0")
    return labels.astype(np.int64)


def _check_alike(given: dict[str, _Part], *, name: str) -> None:
    """Refuse splits of different shapes or types, or of which some have labels."""
    kinds = sorted({f"{each.array.shape[1:]} of {each.array.dtype}" for each in given.values()})
    if len(kinds) > 1:
        raise DataError(f"all splits of {name} must have examples of one shape and type, got {' and '.join(kinds)}")
    bare = [part for part, each in given.items() if each.labels is None]
    if 0 < len(bare) < len(given):
        raise DataError(f"{name} must have labels in all splits or in none, got none for {' and '.join(bare)}")
