"""What is known of examples beforehand: labels from folders, from a column, or from a file."""

__all__ = ["Truth", "labels_of_file", "labels_of_folders", "labels_of_names", "learned_label"]

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self, final

import numpy as np
import numpy.typing as npt

from copyist.data.labels import name_classes
from copyist.data.source import parse_source
from copyist.detection.normal_examples import NORMAL_LABELS
from copyist.errors import ArgumentError, CopyistError, DataError
from copyist.files.table_text import first_line, likely_delimiter


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """Labels of examples."""

    kinds: tuple[str, ...]
    """One per example; empty where it is not known."""

    normal: str | None
    """That of normal examples; None where none is known."""

    origin: str
    """Where they come from, or why they do not tell, as a sentence; empty where there are none."""

    @classmethod
    def unknown(cls, count: int, *, origin: str = "") -> Self:
        """No labels for so many examples."""
        return cls(kinds=("",) * count, normal=None, origin=origin)

    @property
    def is_known(self) -> npt.NDArray[np.bool_]:
        """(N,)"""
        return np.array([bool(kind) and self.normal is not None for kind in self.kinds], dtype=bool)

    @property
    def is_anomaly(self) -> npt.NDArray[np.bool_]:
        """(N,), False where it is not known."""
        return self.is_known & np.array([kind != self.normal for kind in self.kinds], dtype=bool)

    @property
    def has_both(self) -> bool:
        """Whether there are normal examples and anomalies, so that they can be ranked."""
        return bool(self.is_anomaly.any() and (self.is_known & ~self.is_anomaly).any())

    @property
    def sentence(self) -> str:
        """Where labels come from, and what they do not tell; empty where there are none."""
        if self.normal is None or not self.is_known.any():
            return self.origin
        unknown = int((~self.is_known).sum())
        more = f" {unknown} without a label are left out of the curves." if unknown else ""
        if self.has_both:
            return f"{self.origin}; {self.normal!r} is normal.{more}"
        one = "normal" if not self.is_anomaly.any() else "an anomaly"
        return f"{self.origin}; every label says {one}, so that there is nothing to rank and there are no curves.{more}"


def labels_of_names(kinds: Sequence[str], *, normal: str | None, origin: str, learned: str | None = None) -> Truth:
    """Labels as they stand.

    Args:
        kinds: one per example; empty where it is not known.
        normal: that of normal examples; None takes the one that is called good, normal or 0. Where no example has
            such a label, and there is one label only, or `normal` is such a name, all of them are anomalies.
        origin: where they come from, in a sentence.
        learned: the label whose examples alone the detector was fitted on; where it occurs it is that of normal
            examples unless `normal` is given.

    Raises:
        ArgumentError: no label is that of normal examples, or it does not tell which; or there are no labels, and
            `normal` names one.
    """
    names = sorted({kind for kind in kinds if kind})
    normal = learned if normal is None and learned in names else normal
    if not names and normal is not None:
        raise ArgumentError(
            f"--normal must be a label that occurs, got {normal!r}, and there are no labels; name them by ?label= or "
            "--labels, put the pictures of each into a folder of their own, or leave --normal out"
        )
    if not names:
        return Truth.unknown(len(kinds), origin=origin)
    found = (
        [name for name in NORMAL_LABELS if name in names]
        if normal is None
        else [name for name in names if name == normal]
    )
    if not found and (normal in NORMAL_LABELS or (normal is None and len(names) == 1)):
        # Whatever a single label is called: normal examples would be called good, or by --normal.
        usual = normal or NORMAL_LABELS[0]
        return Truth(kinds=tuple(kinds), normal=usual, origin=f"{origin}, none of which is {usual!r}")
    if len(found) != 1:
        rule = "name the label of normal examples" if normal is None else "be a label that occurs"
        raise ArgumentError(
            f"--normal must {rule}, got {'none' if normal is None else repr(normal)} beside the labels "
            f"{name_classes(names)}; give one of these, or --normal {NORMAL_LABELS[0]} where none of the examples is"
            " normal"
        )
    return Truth(kinds=tuple(kinds), normal=found[0], origin=origin)


def labels_of_folders(names: Sequence[str], *, normal: str | None, learned: str | None = None) -> Truth:
    """The folders that pictures lie in, where one of them is that of normal pictures.

    Args:
        names: of the pictures, with their folders below the input.
        normal: the name of that folder; None takes good, normal or 0.
        learned: as of `labels_of_names`.

    Raises:
        ArgumentError: `normal` names no folder.
    """
    kinds = [PurePosixPath(name).parent.name for name in names]
    if normal is None and not {learned, *NORMAL_LABELS} & set(kinds):
        told = (
            "No folder is called good, normal or 0, so folders tell no labels; --normal names that of normal pictures."
        )
        return Truth.unknown(len(names), origin=told if any(kinds) else "")
    origin = "Labels are the names of the folders that pictures lie in"
    return labels_of_names(kinds, normal=normal, origin=origin, learned=learned)


def labels_of_file(path: Path, names: Sequence[str], *, normal: str | None, learned: str | None = None) -> Truth:
    """Labels from a table of names and labels.

    Args:
        path: text with commas, semicolons or tabs; its columns are called name and label, or the first two are taken.
        names: of the examples.
        normal: the label of normal examples; None takes the one that is called good, normal or 0.
        learned: as of `labels_of_names`.

    Raises:
        DataError: it cannot be read, has no two columns, or names what is no example, or one twice.
        ArgumentError: as `labels_of_names`.
    """
    known = set(names)
    found = _read_pairs(path, known)
    strange = next((name for name in found if name not in known), None)
    if strange is not None:
        raise DataError(
            f"{path} must name examples of the input, got {strange!r}; write names as anomalies.csv does, such as "
            f"{names[0]!r}"
        )
    kinds = [found.get(name, "") for name in names]
    return labels_of_names(kinds, normal=normal, origin=f"Labels come from {path.name}", learned=learned)


def learned_label(source: str) -> str | None:
    """The label whose examples alone a detector was fitted on, by `?only=` of its source; None of several, or none."""
    try:
        only = parse_source(source).only
    except CopyistError:
        return None
    return only[0] if len(only) == 1 else None


def _read_pairs(path: Path, known: Collection[str]) -> dict[str, str]:
    """Labels by name; a first row that names an example is no heading."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = likely_delimiter(first_line(text.encode()))
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise DataError(f"{path} cannot be read as labels ({reason}); give a .csv of names and labels") from error
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    if len(head) < 2:
        raise DataError(
            f"{path} must have two columns, name and label, and has not; write both, parted by a comma or a semicolon"
        )
    places = (head.index("name"), head.index("label")) if {"name", "label"} <= set(head) else (0, 1)
    found: dict[str, str] = {}
    for row in rows if rows[0][0].strip() in known else rows[1:]:
        if len(row) <= max(places):
            raise DataError(f"{path} must have a name and a label in each row, got {','.join(row)!r}; mend this row")
        name, label = (row[place].strip() for place in places)
        if name in found:
            raise DataError(f"{path} must name each example once, got {name!r} twice; remove one")
        found[name] = label
    return found
