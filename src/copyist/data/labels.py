"""Classes: how labels are numbered, what the numbers are called, and how two numberings are brought together."""

__all__ = ["ClassLabels", "joined_names", "name_classes", "renumbered"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.array_files import flat_labels, not_class_numbers

_MOST_BY_VALUE = 1000
"""Whole numbers from 0 up to here number their classes themselves, as those of ImageNet do."""

_NAMED = 6
"""Classes that a sentence names at most."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ClassLabels:
    """The classes of examples."""

    numbers: npt.NDArray[np.int64]
    """(N,), from 0."""

    names: tuple[str, ...]
    """Of the classes, in the order of their numbers."""

    @classmethod
    def of(cls, values: npt.NDArray[Any], *, what: str, remedy: str = "save one whole number or text each") -> Self:
        """Number the classes that labels name.

        Texts are numbered in the order of the alphabet. Whole numbers from 0 to 999 are their own classes' numbers, so
        that a class which does not occur keeps its place; where one is negative or larger, all are numbered in their
        order. False and True are 0 and 1.

        Args:
            values: (N,), (N, 1) or one-hot (N, K): texts, whole numbers of any type, or bool.
            what: the labels, in a refusal.
            remedy: the end of a refusal.

        Raises:
            DataError: a label is a fraction or not finite, or their shape is none of these.
        """
        flat = flat_labels(values)
        if flat is None:
            raise DataError(
                f"{what} must be of shape (N,) or (N, 1), or one-hot (N, K), got shape {values.shape}; {remedy}"
            )
        if flat.dtype.kind == "b":
            return cls(numbers=flat.astype(np.int64), names=("False", "True"))
        if flat.dtype.kind not in "uif":
            texts = [cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell) for cell in flat.tolist()]
            names, numbers = np.unique(np.array(texts, dtype=str), return_inverse=True)
            return cls(numbers=numbers.astype(np.int64), names=tuple(names.tolist()))
        wrong = not_class_numbers(flat)
        if len(wrong):
            raise DataError(f"{what} must be texts or whole numbers, got {wrong[0]}; {remedy}")
        whole = flat.astype(np.int64)
        present, numbers = np.unique(whole, return_inverse=True)
        if len(present) and present[0] >= 0 and present[-1] < _MOST_BY_VALUE:
            present, numbers = np.arange(present[-1] + 1), whole
        return cls(numbers=numbers.astype(np.int64), names=tuple(map(str, present.tolist())))


def renumbered(
    numbers: npt.NDArray[np.int64], names: Sequence[str], wanted: Sequence[str], *, source: str
) -> npt.NDArray[np.int64]:
    """The numbers of classes in another order, matched by name.

    Args:
        numbers: (N,), places in `names`.
        names: of the classes of these examples.
        wanted: those of a model, in its order; it may know more.
        source: what holds the examples, in a refusal.

    Returns:
        (N,), places in `wanted`.

    Raises:
        DataError: a class that occurs is not among those wanted.
    """
    places = {name: place for place, name in reversed(list(enumerate(wanted)))}
    alike = {_bare(name): place for name, place in places.items()}
    found = [places.get(name, alike.get(_bare(name), -1)) for name in names]
    present: list[int] = np.unique(numbers).tolist()
    unknown = [names[number] for number in present if found[number] < 0]
    if unknown:
        noun = "class is" if len(unknown) == 1 else "classes are"
        raise DataError(
            f"classes of {source} must be among those that the model knows, {name_classes(wanted)}, got "
            f"{name_classes(unknown)}; leave out the examples whose {noun} unknown, or train a model on these"
        )
    return np.array([max(place, 0) for place in found], dtype=np.int64)[numbers]


def joined_names(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The names of classes, and behind them those of others that are not among them."""
    known = {*names, *map(_bare, names)}
    return (*names, *(name for name in others if name not in known and _bare(name) not in known))


def name_classes(names: Sequence[str]) -> str:
    """The first few names, for a sentence."""
    return ", ".join(map(repr, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")


def _bare(name: str) -> str:
    """The same for `1`, `1.0` and `True`, which files of other kinds write for one class."""
    bare = {"true": "1", "false": "0"}.get(name.strip().lower(), name.strip())
    return bare[:-2] if bare.endswith(".0") and bare[:-2].lstrip("-").isdigit() else bare
