"""A table as its file holds it: columns as they are, as numbers and as texts, each made when it is asked for."""

__all__ = ["Column", "LazyColumns", "StoredTable"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, final

import numpy as np
import numpy.typing as npt

from copyist.files.readings import Reading, Values
from copyist.files.spellings import Decimal

Column: TypeAlias = npt.NDArray[Any]
"""(N,), numbers or texts."""

_T = TypeVar("_T")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StoredTable:
    """A table as its file holds it."""

    columns: Mapping[str, Column]
    """The cells as they are, by name; of a file without names the numbers 0, 1, …"""

    readings: Mapping[str, Reading]
    """The same columns as numbers."""

    texts: Mapping[str, Column | None]
    """The same columns as texts, None where a cell is missing; None where they are neither numbers nor texts."""

    rewrite: Callable[[Mapping[str, Values], Path], None]
    """Writes the same file with some of its columns replaced."""

    index: tuple[str, ...] = ()
    """Columns that number or name the rows, as pandas writes them."""

    decimal: Decimal | None = None
    """What marks decimals in texts, where that was said or proven."""

    notes: tuple[str, ...] = ()
    """What is to be said of it, each one sentence."""

    labels: npt.NDArray[Any] | None = None
    """(N,) whole numbers or texts, where they stand beside the table and not in it."""

    is_test: npt.NDArray[np.bool_] | None = None
    """(N,), where the file has both splits."""

    @property
    def num_rows(self) -> int:
        """N, at least 1."""
        return len(next(iter(self.columns.values())))


@final
class LazyColumns(Mapping[str, _T], Generic[_T]):
    """Values by name, each made when it is first asked for and kept."""

    def __init__(self, names: Sequence[str], make: Callable[[str], _T]) -> None:
        self._names, self._make, self._made = dict.fromkeys(names), make, dict[str, _T]()

    def __getitem__(self, name: str) -> _T:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
