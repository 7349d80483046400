"""Tables in parts: a folder of text or Parquet files with the same columns."""

__all__ = ["Parts", "find_parts", "read_parts"]

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt

from copyist.errors import DataError
from copyist.files.arrow import Cells, Spell, pa
from copyist.files.delimited import ENDINGS, Delimited, HeaderLine, read_delimited
from copyist.files.formats import SUFFIXES
from copyist.files.parquet import Parquet, read_parquet
from copyist.files.readings import Values
from copyist.files.spellings import Decimal

_TRAIN = ("train", "training")
_TEST = ("test", "testing", "val", "valid", "validation", "dev", "eval")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The parts of a table, in the order of their names."""

    names: tuple[str, ...]
    """Their paths below the folder."""

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
        words = [{part.lower().partition(".")[0] for part in name.split("/")} for name in self.names]
        test = [bool(each & set(_TEST)) for each in words]
        if not (any(test) and any(each & set(_TRAIN) for each in words)):
            return None
        return np.concatenate([np.full(part.cells.num_rows, of) for part, of in zip(self.parts, test, strict=True)])

    @property
    def notes(self) -> tuple[str, ...]:
        """That names of folders such as `year=2020` are no columns."""
        keys = sorted({each.partition("=")[0] for name in self.names for each in name.split("/")[:-1] if "=" in each})
        return (f"folders are named by {', '.join(keys)}, which is not learned",) if keys else ()

    def write(self, new: Mapping[int, tuple[Spell, Values]], path: Path) -> None:
        """Write all parts again, as `Delimited.write` and `Parquet.write`, below a folder."""
        start = 0
        for name, part in zip(self.names, self.parts, strict=True):
            stop = start + part.cells.num_rows
            part.write({place: (spell, values[start:stop]) for place, (spell, values) in new.items()}, path / name)
            start = stop


def find_parts(folder: Path) -> list[str]:
    """The parts of a table in a folder, by name; none where there are images, or files of both kinds."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in names:
            lower = name.lower()
            if Path(lower).suffix in SUFFIXES or lower.endswith((".npy", ".npz")):
                return []
            if lower.endswith((*ENDINGS, ".parquet")) and not name.startswith((".", "_")):
                found.append((Path(parent) / name).relative_to(folder).as_posix())
    kinds = {name.lower().endswith(".parquet") for name in found}
    return sorted(found) if len(kinds) == 1 else []


def read_parts(folder: Path, *, header: HeaderLine | None = None, decimal: Decimal | None = None) -> Parts:
    """Read the parts that `find_parts` finds.

    Raises:
        DataError: one cannot be read, or has other columns than the first.
    """
    names, parts = find_parts(folder), list[Delimited | Parquet]()
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
    return Parts(names=tuple(names), parts=parts, cells=cells)


def _given_names(part: Delimited | Parquet) -> tuple[str, ...]:
    return part.given_names if isinstance(part, Delimited) else tuple(part.cells.column_names)
