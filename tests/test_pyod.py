"""The detector of pyod: the other signs and labels, by pyod's own rules."""

import importlib.util
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import erf
from sklearn.preprocessing import MinMaxScaler

from copyist.pyod import AutoencoderDetector
from copyist.pyod.conventions import PlainBase, base_class
from copyist.sklearn import AutoencoderDetector as Estimator

Array = npt.NDArray[np.float64]


def rows(count: int, *, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2)) @ np.random.default_rng(99).normal(size=(2, 5)) + 0.05 * rng.normal(
        size=(count, 5)
    )


@pytest.fixture(scope="module")
def detector() -> AutoencoderDetector:
    return AutoencoderDetector(contamination=0.1, steps=5).fit(rows(200))


def test_scores_are_those_of_the_estimator_with_the_other_sign(detector: AutoencoderDetector) -> None:
    estimator, x = Estimator(contamination=0.1, steps=5).fit(rows(200)), rows(40, seed=1)
    assert np.array_equal(detector.decision_function(x), -estimator.score_samples(x))
    assert np.array_equal(detector.predict(x), (estimator.predict(x) == -1).astype(int))
    assert np.array_equal(detector.decision_scores_, -estimator.score_samples(rows(200)))


def test_the_threshold_is_the_percentile_of_the_training_scores(detector: AutoencoderDetector) -> None:
    assert detector.threshold_ == np.percentile(detector.decision_scores_, 90)
    assert np.array_equal(detector.labels_, (detector.decision_scores_ > detector.threshold_).astype(int))
    assert detector.labels_.sum() == 20
    assert np.array_equal(detector.predict(rows(200)), detector.labels_)


def test_probabilities_are_scaled_scores(detector: AutoencoderDetector) -> None:
    x, train = np.concatenate([rows(40, seed=1), 50 + rows(3)]), detector.decision_scores_
    scores = detector.decision_function(x)
    linear = MinMaxScaler().fit(train[:, None]).transform(scores[:, None])[:, 0].clip(0, 1)
    found = detector.predict_proba(x)
    np.testing.assert_allclose(found[:, 1], linear, atol=1e-12)
    np.testing.assert_allclose(found.sum(1), 1)
    unified = erf((scores - train.mean()) / (train.std() * 2**0.5)).clip(0, 1)
    np.testing.assert_allclose(detector.predict_proba(x, method="unify")[:, 1], unified)
    with pytest.raises(ValueError, match="method"):
        detector.predict_proba(x, method="isotonic")  # type: ignore[arg-type]


def test_false_alarms_set_the_threshold_by_rows_that_were_not_trained_on() -> None:
    detector = AutoencoderDetector(false_alarms=0.1, steps=5).fit(rows(200))
    estimator = Estimator(false_alarms=0.1, steps=5).fit(rows(200))
    assert detector.threshold_ == -estimator.offset_
    assert np.array_equal(detector.predict(rows(50, seed=1)), (estimator.predict(rows(50, seed=1)) == -1).astype(int))
    assert np.array_equal(detector.predict(rows(200)), detector.labels_)


@pytest.mark.parametrize("wrong", [0.0, 0.6, -1.0])
def test_a_contamination_out_of_range_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"must be|must lie|should be|contamination"):
        AutoencoderDetector(contamination=wrong)


def test_a_copy_keeps_scores_and_arguments(detector: AutoencoderDetector) -> None:
    again = pickle.loads(pickle.dumps(detector))
    assert np.array_equal(again.decision_function(rows(9)), detector.decision_function(rows(9)))
    assert again.get_params() == detector.get_params()
    assert detector.get_params()["contamination"] == 0.1


def test_it_is_a_detector_of_pyod_where_that_is_installed() -> None:
    assert issubclass(AutoencoderDetector, base_class())
    assert (base_class() is PlainBase) == (importlib.util.find_spec("pyod") is None)


def test_the_plain_base_does_what_that_of_pyod_does() -> None:
    base = pytest.importorskip("pyod.models.base").BaseDetector

    class Theirs(base):
        def __init__(self, contamination: float = 0.1) -> None:
            super().__init__(contamination=contamination)

        def fit(self, x: Array, y: object = None) -> "Theirs":
            self._set_n_classes(None)
            self.decision_scores_ = self.decision_function(x)
            self._process_decision_scores()
            return self

        def decision_function(self, x: Array) -> Array:
            return (x**2).sum(1)

    class Ours(PlainBase):
        def __init__(self, contamination: float = 0.1) -> None:
            super().__init__(contamination=contamination)

        fit: Any = Theirs.fit
        decision_function: Any = Theirs.decision_function

    for share in (0.1, 0.05, 0.5):
        ours, theirs = Ours(share).fit(rows(101)), Theirs(share).fit(rows(101))
        x = np.concatenate([rows(40, seed=1), 50 + rows(3)])
        assert ours.threshold_ == theirs.threshold_
        assert np.array_equal(ours.labels_, theirs.labels_)
        assert np.array_equal(ours.predict(x), theirs.predict(x))
        for method in ("linear", "unify"):
            np.testing.assert_allclose(ours.predict_proba(x, method=method), theirs.predict_proba(x, method=method))
