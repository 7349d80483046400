"""Tables in parts: a folder of text or Parquet files with the same columns."""

__all__ = ["FoundParts", "Parts", "find_parts", "read_parts"]

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.arrow import Cells, Spell, pa
from copyist.files.delimited import ENDINGS, Delimited, HeaderLine, read_delimited
from copyist.files.folders import list_folder
from copyist.files.formats import SUFFIXES
from copyist.files.parquet import Parquet, read_parquet
from copyist.files.readings import Values
from copyist.files.spellings import Decimal
from copyist.files.split_names import parts_by_folder

_NAMED = 6
"""Files that a notice lists at most."""


@final
@dataclass(frozen=True, kw_only=True)
class FoundParts:
    """The files of a table in parts, not yet read."""

    names: tuple[str, ...]
    """Their paths below the folder, in order; none where it is no table."""

    held_out: tuple[bool, ...] | None = None
    """Which are of the test split, where their names make splits."""

    notes: tuple[str, ...] = ()
    """What else lies there, each one sentence."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The parts of a table, in the order of their names."""

    found: FoundParts
    """Their files."""

    parts: Sequence[Delimited | Parquet]

    cells: Cells
    """(N, D), the rows of all."""

    @property
    def is_text(self) -> bool:
        """Whether their cells are texts."""
        return isinstance(self.parts[0], Delimited)

    @property
    def given_names(self) -> tuple[str, ...]:
        """Of the columns, empty where there is none."""
        return _given_names(self.parts[0])

    @property
    def decimal(self) -> Decimal | None:
        """What marks decimals in texts, as one of the parts proves it."""
        return next((part.decimal for part in self.parts if isinstance(part, Delimited) and part.decimal), None)

    @property
    def index(self) -> tuple[str, ...]:
        """Columns that pandas wrote its row names into."""
        return self.parts[0].index if isinstance(self.parts[0], Parquet) else ()

    @property
    def is_test(self) -> npt.NDArray[np.bool_] | None:
        """(N,), where some parts are named for training and some for testing."""
        held_out = self.found.held_out
        if held_out is None:
            return None
        return np.concatenate([np.full(part.cells.num_rows, of) for part, of in zip(self.parts, held_out, strict=True)])

    @property
    def notes(self) -> tuple[str, ...]:
        """What else lies beside them, and that names of folders such as `year=2020` are no columns."""
        names = self.found.names
        keys = sorted({each.partition("=")[0] for name in names for each in name.split("/")[:-1] if "=" in each})
        named = [f"folders are named by {', '.join(keys)}, which is not learned"] if keys else []
        return (*self.found.notes, *named)

    def write(self, new: Mapping[int, tuple[Spell, Values]], path: Path) -> None:
        """Write all parts again, as `Delimited.write` and `Parquet.write`, below a folder."""
        start = 0
        for name, part in zip(self.found.names, self.parts, strict=True):
            stop = start + part.cells.num_rows
            part.write({place: (spell, values[start:stop]) for place, (spell, values) in new.items()}, path / name)
            start = stop


def find_parts(folder: Path, *, without: Path | None = None, by_split: bool = True) -> FoundParts:
    """The parts of a table in a folder, by name; none where there are images, or files of both kinds.

    Args:
        folder: where to look, through links too.
        without: a file or folder that is no data, such as where results go.
        by_split: whether names such as `train.csv` and `test-00000-of-00001.parquet` make splits; parts of none are
            then left out.

    Raises:
        DataError: the folder cannot be opened.
    """
    listing = list_folder(folder, without=without)
    visible = [name for name in listing.members if not any(part.startswith("_") for part in name.split("/"))]
    if any(PurePosixPath(name.lower()).suffix in (*SUFFIXES, ".npy", ".npz") for name in visible):
        return FoundParts(names=())
    found = [name for name in visible if name.lower().endswith((*ENDINGS, ".parquet"))]
    if len({name.lower().endswith(".parquet") for name in found}) != 1:
        return FoundParts(names=())
    others = replace(listing, members={name: listing.members[name] for name in visible if name not in set(found)})
    left = others.left_out(())
    notes = [*listing.passed_over, *([f"left out what is no part of a table in {folder}, {left}"] if left else [])]
    places = parts_by_folder([_as_folders(name) for name in found]) if by_split else None
    if places is None:
        return FoundParts(names=tuple(found), notes=tuple(notes))
    taken = {name: place.role != "train" for name, place in zip(found, places, strict=True) if place and place.is_taken}
    unused = [name for name in found if name not in taken]
    if unused:
        listed = ", ".join(unused[:_NAMED]) + (f", … ({len(unused)} files)" if len(unused) > _NAMED else "")
        notes.append(f"left out {listed} of {folder}, beside the files to train and to test on")
    return FoundParts(names=tuple(taken), held_out=tuple(taken.values()), notes=tuple(notes))


def read_parts(
    folder: Path,
    *,
    header: HeaderLine | None = None,
    decimal: Decimal | None = None,
    without: Path | None = None,
    by_split: bool = True,
) -> Parts:
    """Read the parts that `find_parts` finds.

    Raises:
        DataError: one cannot be read, or has other columns than the first.
    """
    found, parts = find_parts(folder, without=without, by_split=by_split), list[Delimited | Parquet]()
    names = found.names
    for name in names:
        path = folder / name
        is_parquet = path.suffix.lower() == ".parquet"
        part = read_parquet(path) if is_parquet else read_delimited(path, header=header, decimal=decimal)
        own, first = _given_names(part), _given_names(parts[0]) if parts else _given_names(part)
        if own != first:
            differ = next((f"{a!r} and {b!r}" for a, b in zip(first, own, strict=False) if a != b), "")
            raise DataError(
                f"files of {folder} must have the same columns, got {differ or f'{len(first)} and {len(own)}'} in "
                f"{names[0]} and {name}; name one of them, such as {folder / names[0]}"
            )
        parts.append(part)
    try:
        cells = pa.concat_tables([part.cells for part in parts], promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(
            f"columns of {folder} must be of one type in all files, and are not ({error}); write them again"
        ) from error
    return Parts(found=found, parts=parts, cells=cells)


def _given_names(part: Delimited | Parquet) -> tuple[str, ...]:
    return part.given_names if isinstance(part, Delimited) else tuple(part.cells.column_names)


def _as_folders(name: str) -> str:
    """A path in which the file's own name stands as a folder: `a/train-00000-of-00002.csv` as `a/train/…`."""
    folder, _, file = name.rpartition("/")
    stem = re.sub(r"-\d+-of-\d+.*$|_\d+$", "", re.sub(r"\.(csv|tsv|parquet)(\.gz)?$", "", file.lower()))
    return f"{folder}/{stem}/{file}".lstrip("/")
