"""What pyod's base class does for a detector, for where pyod is not installed: the threshold, labels, probabilities."""

__all__ = ["PlainBase", "base_class"]

import abc
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
from scipy.special import erf
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from copyist.checks import check_choice
from copyist.detection.conformal import check_rate


def base_class() -> "type[PlainBase]":
    """`pyod.models.base.BaseDetector` where pyod is installed; else `PlainBase`, which does the same."""
    try:
        from pyod.models.base import BaseDetector  # pyright: ignore[reportMissingImports]
    except ImportError:
        return PlainBase
    return cast("type[PlainBase]", BaseDetector)


class PlainBase(BaseEstimator, abc.ABC):
    """A detector that gives scores, of which larger is stranger, and has labels made of them.

    Source:
        Zhao, Nasrullah & Li (2019), "PyOD", whose `BaseDetector` has the same names and rules.
    """

    decision_scores_: npt.NDArray[np.float64]
    """(N,), of the rows given to `fit`."""

    threshold_: float
    """The score above which a row is called an outlier."""

    labels_: npt.NDArray[np.int64]
    """(N,), 1 for outliers among the rows given to `fit` and 0 for the others."""

    @abc.abstractmethod
    def __init__(self, contamination: float = 0.1) -> None:
        check_rate(contamination, name="contamination")
        self.contamination = contamination

    @abc.abstractmethod
    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: N803 the name is scikit-learn's
        """Learn from rows (N, D)."""

    @abc.abstractmethod
    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """The scores (B,) of rows (B, D), larger is stranger."""

    def predict(self, X: Any) -> npt.NDArray[np.int64]:  # noqa: N803
        """1 for outliers among rows (B, D) and 0 for the others, (B,)."""
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        return (self.decision_function(X) > self.threshold_).astype(np.int64)

    def predict_proba(self, X: Any, method: Literal["linear", "unify"] = "linear") -> npt.NDArray[np.float64]:  # noqa: N803
        """Scores of rows (B, D) brought into [0, 1]: (B, 2), of normal ones and of outliers; they sum to 1.

        Args:
            X: rows.
            method: `linear` puts the least score of the fitted rows at 0 and the largest at 1; `unify` takes the error
                function of the standardized score (Kriegel et al., 2011).

        Raises:
            UnknownNameError: there is no such method.
        """
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        check_choice("method", method, ("linear", "unify"))
        scores, fitted = self.decision_function(X), self.decision_scores_
        if method == "linear":
            spread = float(np.ptp(fitted))
            found = (scores - fitted.min()) / (spread if spread > 0 else 1)
        else:
            found = erf((scores - self._mu) / (self._sigma * np.sqrt(2)))
        outlier = np.clip(found, 0, 1)
        return np.stack([1 - outlier, outlier], axis=1)

    def _set_n_classes(self, y: Any) -> Any:
        self._classes = 2
        return self

    def _process_decision_scores(self) -> Any:
        """Threshold and labels of the scores of the fitted rows."""
        self.threshold_ = float(np.percentile(self.decision_scores_, 100 * (1 - self.contamination)))
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(np.int64)
        self._mu, self._sigma = float(self.decision_scores_.mean()), float(self.decision_scores_.std())
        return self
