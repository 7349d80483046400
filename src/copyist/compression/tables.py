"""Integer frequencies as the models of an entropy coder, checked before they reach it."""

__all__ = ["SymbolTable", "symbol_table"]

from dataclasses import dataclass
from typing import Any, cast, final

import constriction
import numpy as np
import numpy.typing as npt

from copyist.errors import CheckpointError

_CATEGORICAL: Any = cast("Any", constriction).stream.model.Categorical
"""constriction's model, whose module has no types."""

TOTAL = 2**16
"""The sum of the frequencies of a table: probabilities of which float64 holds every one exactly."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SymbolTable:
    """The distribution of symbols 0 … N − 1."""

    bits: npt.NDArray[np.float64]
    """(N,), −log₂ of the probability of each."""

    model: Any
    """constriction's own; None where there is one symbol alone, which takes no bits."""

    def __len__(self) -> int:
        return len(self.bits)


def symbol_table(frequencies: npt.NDArray[Any]) -> SymbolTable:
    """A table of frequencies (N,): whole numbers of at least 1 whose sum is `TOTAL`.

    Raises:
        CheckpointError: they are not; constriction would take some of them, and code wrongly.
    """
    counts = np.asarray(frequencies)
    whole = counts.ndim == 1 and counts.dtype.kind in "iu" and len(counts) > 0
    if not whole or counts.min() < 1 or int(counts.sum()) != TOTAL:
        raise CheckpointError(
            f"a table of frequencies must hold whole numbers of at least 1 with sum {TOTAL}, got "
            f"{counts.tolist() if counts.size < 9 else f'{counts.size} numbers with sum {counts.sum()}'}; "
            "take a model whose training is finished"
        )
    probabilities = counts.astype(np.float64) / TOTAL
    # "perfect" would adapt the probabilities by a search that need not be the same in the next version.
    model = _CATEGORICAL(probabilities, perfect=False) if len(counts) > 1 else None
    return SymbolTable(bits=-np.log2(probabilities), model=model)
