"""The estimator with pyod's signs and labels."""

__all__ = ["AutoencoderDetector"]

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from copyist.detection import AnomalyMeasure, DetectorRecipe
from copyist.pyod.conventions import PlainBase, base_class
from copyist.sklearn import AutoencoderDetector as Estimator
from copyist.training import Recipe

if TYPE_CHECKING:
    _Base = PlainBase
else:
    _Base = base_class()


@final
class AutoencoderDetector(_Base):
    """`copyist.sklearn.AutoencoderDetector` as a detector of pyod: scores are anomalies, and an outlier is 1.

    It is a subclass of pyod's `BaseDetector` where pyod is installed, and keeps its conventions where it is not.

    Args:
        contamination: the share of the rows given to `fit` that are called outliers, in (0, 0.5].
        false_alarms: sets the threshold in another way: the rows given to `fit` are taken as normal, and a new normal
            row is called an outlier with a probability of at most this, in (0, 0.5]; None leaves it to
            `contamination`.
        recipe, measure, trimmed, steps, batch_size, learning_rate, widths, code, options, random_state: as there.

    Attributes:
        decision_scores_: (N,), anomalies of the rows given to `fit`.
        threshold_: rows of a larger anomaly are outliers.
        labels_: (N,), 0 or 1.
        estimator_: the fitted estimator of `copyist.sklearn`.

    Examples:
        >>> import numpy as np
        >>> from copyist.pyod import AutoencoderDetector
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5))
        >>> detector = AutoencoderDetector(contamination=0.05, code=2, steps=100).fit(x)
        >>> int(detector.labels_.sum())
        10
    """

    def __init__(
        self,
        contamination: float = 0.1,
        *,
        false_alarms: float | None = None,
        recipe: DetectorRecipe | Recipe | str | None = None,
        measure: AnomalyMeasure | str | None = None,
        trimmed: float | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        widths: Sequence[int] | None = None,
        code: int | None = None,
        options: Mapping[str, Any] | None = None,
        random_state: Any = 0,
    ) -> None:
        super().__init__(contamination=contamination)
        self.false_alarms = false_alarms
        self.recipe = recipe
        self.measure = measure
        self.trimmed = trimmed
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.widths = widths
        self.code = code
        self.options = options
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 the name is pyod's
        """Learn from rows (N, D).

        Raises:
            ValueError, TypeError: as the estimator of `copyist.sklearn`.
        """
        self._set_n_classes(None)
        self.estimator_ = self._estimator().fit(X)
        self.decision_scores_ = -self.estimator_.score_samples(X)
        self._process_decision_scores()
        if self.false_alarms is not None:
            self.threshold_ = -self.estimator_.offset_
            self.labels_ = (self.decision_scores_ > self.threshold_).astype(np.int64)
        return self

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """The anomalies (B,) of rows (B, D), larger is stranger."""
        check_is_fitted(self, ["estimator_"])
        return -self.estimator_.score_samples(X)

    def _estimator(self) -> Estimator:
        # What is no number is an object of pyod's that sets the threshold afterwards.
        given: Any = self.contamination
        share = float(given) if isinstance(given, int | float) else 0.1
        rates: dict[str, float] = {} if self.false_alarms is None else {"false_alarms": self.false_alarms}
        return Estimator(
            recipe=self.recipe,
            measure=self.measure,
            trimmed=self.trimmed,
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            widths=self.widths,
            code=self.code,
            options=self.options,
            contamination=share if self.false_alarms is None else None,
            random_state=self.random_state,
            **rates,
        )
