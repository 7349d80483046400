"""The parts that a source is split into, for training, testing and calibration; also of arrays in memory."""

__all__ = ["Splits"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from copyist.checks import check_whole
from copyist.data.examples import ExampleSet
from copyist.data.in_memory import Array, GivenExamples, check_alike, check_share, number_classes
from copyist.data.labels import joined_names
from copyist.data.parts import TEST_SHARE, Parts, Split, fingerprint, hold_out, tell_equal_apart
from copyist.errors import ArgumentError, DataError


@dataclass(frozen=True, kw_only=True)
class Splits:
    """The parts of a source, told apart by nothing but its content."""

    train: ExampleSet
    """What is trained on."""

    test: ExampleSet
    """What is held out, to look at while training goes on and to measure on."""

    calibration: ExampleSet | None = None
    """What is neither trained on nor measured on: thresholds come from it. None unless it is asked for."""

    def __post_init__(self) -> None:
        """Number the classes of all splits alike, matched by name; those that training lacks come last."""
        names = self.train.classes
        if names is None:
            return
        for part in (self.test, self.calibration):
            names = joined_names(names, () if part is None or part.classes is None else part.classes)
        for name in ("train", "test", "calibration"):
            part: ExampleSet | None = getattr(self, name)
            if part is not None and part.classes is not None and part.classes != names:
                object.__setattr__(self, name, part.with_classes(names))

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes, in the order of their numbers; None without labels, or where they have no names."""
        return self.train.classes

    def with_classes(self, names: Sequence[str] | None) -> "Splits":
        """The same splits with their classes numbered as a model numbers them, as `ExampleSet.with_classes`.

        Raises:
            DataError: a class that occurs is not among `names`.
        """
        return Splits(
            train=self.train.with_classes(names),
            test=self.test.with_classes(names),
            calibration=None if self.calibration is None else self.calibration.with_classes(names),
        )

    @classmethod
    def from_arrays(
        cls,
        train: Array,
        test: Array | float | None = None,
        *,
        calibration: Array | float | None = None,
        split_seed: int = 0,
        part_equal: bool = False,
        labels: Array | None = None,
        test_labels: Array | None = None,
        calibration_labels: Array | None = None,
        columns: Sequence[str] = (),
        name: str = "arrays",
    ) -> Self:
        """Splits of images or of rows of a table that are in memory, as `train(recipe, data=…)` takes them.

        Args:
            train: images (N, C, H, W), uint8, uint16 or floats in [0, 1]; or rows (N, D) of finite numbers.
            test: the same, of any number; or a share in (0, 1) of `train`, held out by content alone as of any source;
                None holds out a tenth.
            calibration: the same; or a share in (0, 1) of what is trained on, held out by content; None for none.
            split_seed: another one than 0 holds out others.
            part_equal: whether equal examples are parted like others, as the p-values of a detector of rows demand;
                else they go to the same split.
            labels: (N,), (N, 1) or one-hot (N, K), the class of each example in `train`: whole numbers or texts; None
                where there are none.
            test_labels: of `test`.
            calibration_labels: of `calibration`, where that is an array.
            columns: what the D columns of rows are called; by default they are numbered from 0.
            name: what the data is called where a source would be named, as in the model file.

        Columns of a table that have one value only in the training rows are left out, as `left_out` says.

        Raises:
            DataError: an array has another shape or type than the others, or values that no image or table has; labels
                are missing for some examples, or no whole numbers; or there are too few examples for all splits.
            ArgumentError: a share is not in (0, 1), or labels come without their examples.
        """
        check_whole("split_seed", split_seed, 0)
        arrays: dict[str, tuple[Array | None, Array | None]] = {
            "train": (train, labels),
            "test": (None if isinstance(test, int | float) else test, test_labels),
            "calibration": (None if isinstance(calibration, int | float) else calibration, calibration_labels),
        }
        shares = {
            part: check_share(part, share)
            for part, share in (("test", test), ("calibration", calibration))
            if isinstance(share, int | float)
        }
        given: dict[str, GivenExamples] = {}
        for part, (array, its_labels) in arrays.items():
            if array is not None:
                given[part] = GivenExamples.of(array, its_labels, columns=tuple(columns), name=name)
            elif its_labels is not None:
                raise ArgumentError(f"{part}_labels must come with their examples, got labels alone; give {part}= too")
        check_alike(given, name=name)
        given = number_classes(given, name=name)
        sets = {part: _example_set(each, name=name) for part, each in given.items()}
        sets |= _held_out(given, shares, seed=split_seed, part_equal=part_equal, name=name)
        for part, each in sets.items():
            if not len(each):
                raise DataError(
                    f"{name} must have {each.noun} for each split, of which equal ones go to the same, got none for "
                    f"{part}; add different {each.noun}, or give {part}="
                )
        if part_equal and sets["train"].is_table and (sets["train"].array == sets["train"].array[:1]).all():
            raise DataError(
                f"{name} must have a column that varies over the rows that are learned, got {len(sets['train'])} that "
                "are all equal; add different rows"
            )
        sets = _without_constants(sets)
        return cls(train=sets["train"], test=sets["test"], calibration=sets.get("calibration"))

    def num_classes(self) -> int:
        """How many classes there are, numbered from 0; of those numbered by value, also such as do not occur.

        Raises:
            DataError: there are no labels, or negative ones.
        """
        parts = [each for each in (self.train, self.test, self.calibration) if each is not None]
        source, labels = self.train.source, [each.labels for each in parts if each.labels is not None]
        if len(labels) < len(parts):
            raise DataError(
                f"{source} must have labels to be learned, and has none; take digits, faces or scenes, an .npz "
                "with y beside x, one folder per class, or a table with ?label="
            )
        lowest, highest = (int(end) for end in (min(map(np.min, labels)), max(map(np.max, labels))))
        if lowest < 0:
            raise DataError(f"labels of {source} must number classes from 0, got {lowest}; number them anew")
        return highest + 1 if self.classes is None else len(self.classes)


def _example_set(given: GivenExamples, rows: npt.NDArray[np.int64] | None = None, *, name: str) -> ExampleSet:
    """The examples in these rows; all for None."""
    chosen = range(len(given.array)) if rows is None else rows.tolist()
    return ExampleSet(
        source=name,
        array=given.array if rows is None else given.array[rows],
        names=tuple(f"{row:06d}" for row in chosen),
        labels=given.labels if given.labels is None or rows is None else given.labels[rows],
        classes=given.classes,
        columns=given.columns,
        fingerprint=fingerprint([given.digests[row] for row in chosen], str(given.array.dtype), *given.columns),
    )


def _without_constants(sets: Mapping[str, ExampleSet]) -> dict[str, ExampleSet]:
    """The same tables without the columns that have one value only in the training rows; if all have, they stay."""
    train = sets["train"]
    varies = (train.array != train.array[:1]).any(0) if train.is_table and len(train) > 1 else np.ones(1, np.bool_)
    if varies.all() or not varies.any():
        return dict(sets)
    kept = np.flatnonzero(varies).tolist()
    columns = tuple(train.columns[place] for place in kept)
    left_out = tuple((train.columns[place], "constant") for place in np.flatnonzero(~varies).tolist())
    return {
        part: replace(each, array=np.ascontiguousarray(each.array[:, kept]), columns=columns, left_out=left_out)
        for part, each in sets.items()
    }


def _held_out(
    given: Mapping[str, GivenExamples], shares: Mapping[str, float], *, seed: int, part_equal: bool, name: str
) -> dict[str, ExampleSet]:
    """The splits that are taken from the training part, and what is left of that; nothing where all were given."""
    train = given["train"]
    if "test" in given and not shares:
        return {}
    digests = tell_equal_apart(train.digests) if part_equal else train.digests
    if "test" in given:
        is_test = np.zeros(len(train.array), dtype=np.bool_)
    else:
        is_test = hold_out(digests, share=shares.get("test", TEST_SHARE), seed=seed)
    parts = Parts.of(digests, is_test, calibration=shares.get("calibration"), seed=seed)
    wanted: list[Split] = ["train", "test", "calibration"]
    return {
        part: _example_set(train, parts.indices(part, limit=None), name=name)
        for part in wanted
        if part == "train" or (part not in given and (part == "test" or part in shares))
    }
