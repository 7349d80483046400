"""A detector of anomalies that keeps scikit-learn's conventions: larger is more normal, and an outlier is −1."""

__all__ = ["AutoencoderDetector"]

import functools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from copyist import recipes
from copyist.checks import check_choice
from copyist.data import Splits
from copyist.data.parts import CALIBRATION_SHARE
from copyist.detection import (
    MEASURES,
    AnomalyMeasure,
    Detector,
    DetectorRecipe,
    fit_detector,
    p_values,
)
from copyist.detection.conformal import check_rate, least_rate, num_calibration
from copyist.detection.fitting import departure_of
from copyist.devices import one_thread
from copyist.errors import ArgumentError
from copyist.recipes.detectors import table_detector
from copyist.sklearn.training_rows import (
    LearnedColumns,
    as_seed,
    change_recipe,
    checked_rows,
    in_float64,
    refusals,
    rows_of,
)
from copyist.training import Recipe

_FEWEST = 5
"""Rows: two to train on, one that is held out for the units of measures, and two to calibrate on."""


_SETTINGS = ("trimmed", "steps", "batch_size", "learning_rate", "widths", "code")
"""Arguments that are settings of the model's recipe."""


@final
class AutoencoderDetector(OutlierMixin, BaseEstimator):
    """An autoencoder trained on rows, and a threshold on how strange a row is to it.

    By default the rows given to `fit` are taken as normal, and the threshold keeps a rate of false alarms: the rows
    are split into those that train, those that give measures their units, and those that calibrate, and a new normal
    row is called an outlier with a probability of at most `false_alarms`. Where outliers are among the rows and their
    share is known, `contamination` sets the threshold so that this share of the rows is called so, as scikit-learn's
    own detectors do; by default the strangest rows are then not learned.

    Rows must be complete and numeric: put a `SimpleImputer` or a `ColumnTransformer` before it in a `Pipeline` where
    they are not. Columns are standardized by the model itself. Columns with one value only are not learned, and a row
    with another value there is an outlier.

    Args:
        recipe: of the detector, or of its model, or the name of one in `copyist recipes`; None takes
            `copyist.recipes.detectors.table_detector`, with `contamination` the one for rows that may hold outliers.
        measure: of the anomaly, or the name of one in `copyist.detection.MEASURES`; None takes the recipe's.
        trimmed: the share of the training rows that is left out before training, those farthest from the others, in
            [0, 1); None takes the recipe's.
        steps: of the optimizer; None takes the recipe's, as do the next ones.
        batch_size: rows per step.
        learning_rate: at its peak.
        widths: units of the layers of an MLP, from the input inwards.
        code: units of the code.
        options: further settings of the recipe by the names that `copyist train --set` takes.
        false_alarms: the share of normal rows that may be called outliers, in (0, 0.5].
        contamination: the share of outliers among the rows given to `fit`, in (0, 0.5]; None takes all as normal.
        random_state: an int gives the same scores each time, whatever the number of threads; a `RandomState` draws a
            seed at each `fit`, and None draws it from NumPy's global generator.

    Attributes:
        detector_: the fitted detector, which `copyist.detection.save_detector` writes to a file.
        offset_: `decision_function` is `score_samples` − `offset_`.
        false_alarms_: the rate that the threshold keeps; larger than `false_alarms` where there were too few rows, of
            which a warning tells. None with `contamination`, which promises none.
        n_features_in_: D, columns of the rows.
        feature_names_in_: their names, where `fit` got a data frame with texts for names.

    Examples:
        >>> import numpy as np
        >>> from copyist.sklearn import AutoencoderDetector
        >>> rng = np.random.default_rng(0)
        >>> normal = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(size=(400, 5))
        >>> detector = AutoencoderDetector(code=2, steps=100).fit(normal)
        >>> detector.predict(normal[:3] + [0, 0, 9, 0, 0])
        array([-1, -1, -1])
    """

    def __init__(
        self,
        *,
        recipe: DetectorRecipe | Recipe | str | None = None,
        measure: AnomalyMeasure | str | None = None,
        trimmed: float | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        widths: Sequence[int] | None = None,
        code: int | None = None,
        options: Mapping[str, Any] | None = None,
        false_alarms: float = 0.05,
        contamination: float | None = None,
        random_state: Any = 0,
    ) -> None:
        self.recipe = recipe
        self.measure = measure
        self.trimmed = trimmed
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.widths = widths
        self.code = code
        self.options = options
        self.false_alarms = false_alarms
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 the name is scikit-learn's
        """Train on rows, and set the threshold.

        Args:
            X: (N, D) finite numbers, at least 5 rows; about 100 are needed to learn much.
            y: is not used.

        Returns:
            The estimator.

        Raises:
            ValueError: the rows or an argument break a rule.
            TypeError: the rows are sparse; or the model of the recipe does not copy, or lacks what the measure needs.

        Warns:
            UserWarning: there are too few rows for `false_alarms`; or the detector failed one of the checks that
                `copyist detect fit` refuses for, such as that points far from all rows are outliers.
        """
        x = checked_rows(X, of=self, reset=True, fewest=_FEWEST)
        check_rate(self.false_alarms, name="false_alarms")
        if self.contamination is not None:
            check_rate(self.contamination, name="contamination")
        recipe, seed = self._recipe(), as_seed(self.random_state)
        with refusals(), one_thread():
            splits, rate = self._splits(x, seed=seed)
            fitted = fit_detector(recipe, data=splits, false_alarms=rate, seed=seed, warn=_warn)
            self._columns = LearnedColumns.of(splits, x)
            calibration, departure = self._calibration(fitted, splits, x)
        self.detector_ = replace(fitted, calibration=calibration, departure=departure)
        if self.contamination is None:
            self.false_alarms_, self.offset_ = rate, -self.detector_.threshold
        else:
            self.false_alarms_ = None
            self.offset_ = float(np.percentile(-calibration.numpy(), 100 * self.contamination))
        return self

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """How normal rows (B, D) are: minus the anomaly, (B,); larger is more normal."""
        return -self._anomaly(X).numpy()

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """`score_samples` less `offset_`, (B,); negative of outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> npt.NDArray[np.int64]:  # noqa: N803
        """1 for normal rows of (B, D) and −1 for outliers, (B,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """The conformal p-values (B,): of normal rows at most a share α has one of at most α.

        With `contamination` they are ranks among the rows given to `fit`, and promise nothing.
        """
        return p_values(self._anomaly(X), self.detector_.calibration).numpy()

    def _anomaly(self, rows: Any) -> Tensor:
        check_is_fitted(self)
        x = checked_rows(rows, of=self)
        anomaly = _double(self.detector_).anomaly(self._columns.select(x))
        return anomaly + self.detector_.departure * self._columns.departures(x)

    def _calibration(self, fitted: Detector, splits: Splits, x: npt.NDArray[Any]) -> tuple[Tensor, float]:
        """The anomalies of rows that calibrate, and what each value that was never trained on adds to them."""
        assert splits.calibration is not None
        held_out, rows = x[rows_of(splits.test)], x[rows_of(splits.calibration)]
        double = _double(fitted)
        departure = departure_of(double.anomaly(self._columns.select(held_out)))
        anomaly = double.anomaly(self._columns.select(rows))
        return anomaly + departure * self._columns.departures(rows), departure

    def _recipe(self) -> DetectorRecipe:
        """With the arguments that are not None."""
        default = table_detector(may_hold_outliers=self.contamination is not None)
        given = recipes.configured(self.recipe) if isinstance(self.recipe, str) else self.recipe
        if not isinstance(given, DetectorRecipe | Recipe | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"recipe must be a DetectorRecipe, a Recipe or the name of one, got {type(given).__name__}; None takes "
                "the usual one"
            )
        recipe = replace(default, training=given) if isinstance(given, Recipe) else given or default
        if self.measure is not None:
            recipe = replace(recipe, measure=_measure(self.measure))
        plain = {name: getattr(self, name) for name in _SETTINGS}
        return replace(recipe, training=change_recipe(recipe.trained, plain | dict(self.options or {})))

    def _splits(self, x: npt.NDArray[Any], *, seed: int) -> tuple[Splits, float]:
        """Rows to train on, to measure on and to calibrate on, and the rate that these can keep."""
        if self.contamination is not None:
            return Splits.from_arrays(x, calibration=x, split_seed=seed, name="X"), self.contamination
        needed = num_calibration(self.false_alarms)
        share = min(max(CALIBRATION_SHARE, needed / (0.9 * len(x))), 0.5)
        splits = Splits.from_arrays(x, calibration=share, split_seed=seed, part_equal=True, name="X")
        assert splits.calibration is not None
        count = len(splits.calibration)
        if count >= needed:
            return splits, self.false_alarms
        rate = least_rate(count)
        _warn(
            f"a rate of {self.false_alarms:g} false alarms needs {needed} rows for calibration, got {count} of "
            f"{len(x)}, so that the rate may be up to {rate:.2g}; give more rows, or false_alarms={rate:.2g}"
        )
        return splits, rate


def _double(detector: Detector) -> Detector:
    return replace(detector, model=in_float64(detector.model))


_warn = functools.partial(warnings.warn, category=UserWarning, stacklevel=3)


def _measure(measure: AnomalyMeasure | str) -> AnomalyMeasure:
    if isinstance(measure, AnomalyMeasure):
        return measure
    check_choice("measure", measure, MEASURES)
    return MEASURES[measure]()
