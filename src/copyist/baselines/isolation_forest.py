"""The detector to beat where the training data holds outliers: random trees, in which what is strange is soon alone."""

__all__ = ["IsolationForest"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

import torch

from copyist.baselines.flat_rows import FlatRows
from copyist.checks import check_examples
from copyist.randomness import derive
from copyist.tensors import Examples, PerImage

if TYPE_CHECKING:
    from sklearn import ensemble


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class IsolationForest:
    """scikit-learn's isolation forest with its own settings: 100 trees of at most 256 examples each."""

    rows: FlatRows
    """How an example becomes a row."""

    forest: "ensemble.IsolationForest"
    """Fitted on the normal examples."""

    @classmethod
    def fit(cls, train: Examples, *, seed: int = 0) -> Self:
        """Grow the trees.

        Args:
            train: normal examples, images (N, C, H, W) or rows (N, D).
            seed: of the trees.

        Raises:
            ShapeError: there are no examples.

        Source:
            Liu, Ting & Zhou (2008), "Isolation Forest", through scikit-learn.
        """
        check_examples(train)
        from sklearn import ensemble

        rows = FlatRows.fit(train)
        # scikit-learn takes seeds of 32 bits.
        forest = ensemble.IsolationForest(random_state=derive(seed, "isolation forest") % 2**32)
        return cls(rows=rows, forest=forest.fit(rows(train).double().cpu().numpy()))

    def anomaly(self, x: Examples) -> PerImage:
        """2^(−E[path length] / expected path length), (B,), in (0, 1], larger is stranger."""
        found = -self.forest.score_samples(self.rows(x).double().cpu().numpy())
        return torch.from_numpy(found).to(x)
