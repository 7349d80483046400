"""Between scikit-learn's conventions and this library's: arrays, seeds, settings and refusals."""

__all__ = ["DTYPES", "LearnedColumns", "as_seed", "change_recipe", "checked_rows", "in_float64", "refusals", "rows_of"]

import contextlib
import copy
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar, final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor

from copyist import settings
from copyist.data import Splits
from copyist.data.examples import ExampleSet
from copyist.errors import DataError
from copyist.models.contracts import Model
from copyist.tensors import Rows
from copyist.training import CATALOGUES, Recipe

DTYPES = (np.float64, np.float32)
"""Of rows; others are converted to the first."""

_RTOL = 1e-6
"""By how much a value may differ, in shares of it, that was rounded to float32."""

M = TypeVar("M", bound=Model)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedColumns:
    """Which columns of a table were learned; the others had one value only in all that was trained on."""

    places: npt.NDArray[np.int64]
    """(K,), of the learned columns among all."""

    values: npt.NDArray[np.float64]
    """(D,), a training row, which holds the values of the columns that were not learned."""

    @classmethod
    def of(cls, splits: Splits, x: npt.NDArray[Any]) -> Self:
        """Those of splits that were made of the rows `x` (N, D), whose columns are numbered from 0."""
        first = x[rows_of(splits.train)[0]]
        return cls(places=np.array(splits.train.columns, dtype=np.int64), values=first.astype(np.float64))

    def select(self, x: npt.NDArray[Any]) -> Rows:
        """The learned columns of rows (B, D): (B, K), float64."""
        return torch.from_numpy(x[:, self.places].astype(np.float64))

    def departures(self, x: npt.NDArray[Any]) -> Tensor:
        """In how many of the other columns rows (B, D) have another value, (B,), float64."""
        other = ~np.isclose(x, self.values, rtol=_RTOL, atol=0)
        other[:, self.places] = False
        return torch.from_numpy(other.sum(1).astype(np.float64))

    def restore(self, x: Rows) -> npt.NDArray[np.float64]:
        """Rows (B, K) with the columns put back that were not learned: (B, D)."""
        rows = np.tile(self.values, (len(x), 1))
        rows[:, self.places] = x.numpy()
        return rows


def rows_of(examples: ExampleSet) -> list[int]:
    """The places of a split's rows among those that the splits were made of."""
    return [int(name) for name in examples.names]


def checked_rows(
    rows: Any, *, of: BaseEstimator | None = None, reset: bool = False, fewest: int = 1
) -> npt.NDArray[Any]:
    """Rows as an array (B, D) of finite floats.

    Args:
        rows: what scikit-learn takes for them.
        of: whose columns they must have, in number and by name; None takes any.
        reset: whether the columns are given to that estimator instead, as `fit` does.
        fewest: how many rows there must be.

    Raises:
        ValueError: they are not such rows.
        TypeError: they are sparse.
    """
    wanted: Any = {"dtype": DTYPES, "ensure_min_samples": fewest}
    found: Any = check_array(rows, **wanted) if of is None else validate_data(of, rows, reset=reset, **wanted)
    return found


def as_seed(random_state: Any) -> int:
    """The seed that a `random_state` stands for: a whole number itself, or what a generator draws.

    Raises:
        ValueError: it is neither a whole number of at least 0, nor a generator of NumPy, nor None.
    """
    if isinstance(random_state, int | np.integer) and random_state >= 0:
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def change_recipe(recipe: Recipe, assignments: Mapping[str, Any]) -> Recipe:
    """The same recipe with those settings replaced that are not None, by the names that `--set` takes.

    Raises:
        UnknownNameError: the recipe has no such setting; the nearest is offered.
        ArgumentError: a value is of the wrong type, or breaks a rule.
    """
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, default=_plain)
        for name, value in assignments.items()
        if value is not None
    }
    return settings.change(recipe, texts, CATALOGUES) if texts else recipe


def in_float64(model: M) -> M:
    """A copy that computes in float64 on the CPU, so that the answer for a row has the same digits in any batch."""
    return copy.deepcopy(model).cpu().double()


@contextlib.contextmanager
def refusals() -> Generator[None, None, None]:
    """Context manager: what data is refused for is raised as the ValueError that scikit-learn expects."""
    try:
        yield
    except DataError as error:
        raise ValueError(str(error)) from error


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python, such as a grid of them holds."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a setting must be a number, a text or a list of them, got {type(value).__name__}")
