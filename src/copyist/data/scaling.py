"""The units in which a table is learned: each column in standard deviations from its mean."""

__all__ = ["Scaling"]

from dataclasses import dataclass, replace
from typing import Self, final

import torch

from copyist.data.examples import ExampleSet
from copyist.errors import DataError
from copyist.tensors import Rows


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Mean and standard deviation of the columns of a table: a column in thousands counts no more than another."""

    mean: torch.Tensor
    """(D,), float32."""

    std: torch.Tensor
    """(D,), float32, greater than 0."""

    @classmethod
    def of(cls, rows: ExampleSet) -> Self:
        """The mean and standard deviation of a table's own rows.

        Raises:
            DataError: there is one row only, or a column is constant in them.
        """
        x = rows.examples()
        if len(x) < 2:
            raise DataError(f"{rows.source} must have at least two rows to learn from, got {len(x)}; add rows")
        constant = [rows.columns[place] for place in torch.nonzero((x == x[0]).all(0)).flatten().tolist()]
        if constant:
            raise DataError(
                f"columns of {rows.source} must vary over the {len(x)} rows they are learned from, got one value only "
                f"in {', '.join(map(repr, constant))}; leave {'it' if len(constant) == 1 else 'them'} out by "
                f"?drop={','.join(constant)}"
            )
        return cls(mean=x.double().mean(0).float(), std=x.double().std(0, correction=0).float())

    def standardized(self, x: Rows) -> Rows:
        """(x − mean) / std for rows (B, D) of a table."""
        return (x - self.mean.to(x)) / self.std.to(x)

    def standardized_set(self, rows: ExampleSet) -> ExampleSet:
        """The same table with its columns standardized."""
        return replace(rows, array=self.standardized(rows.examples()).numpy())
