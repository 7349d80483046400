"""P-values, selections and the martingale beside those of the library nonconform, where that is installed."""

from typing import Any

import numpy as np
import pytest
import torch

from copyist.detection import benjamini_hochberg, drift, p_values, threshold
from copyist.detection.drift import _online_p_values

nonconform: Any = pytest.importorskip("nonconform", reason="nonconform asks for Python 3.12")
martingales: Any = pytest.importorskip("nonconform.martingales")

COUNTS = [(19, 7), (200, 50), (997, 300)]


def scores(count: int, *, seed: int) -> torch.Tensor:
    """With heavy tails and ties."""
    return (torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).pow(3) * 8).round()


class FirstColumn:
    """A detector whose score is given."""

    def fit(self, x: Any, y: Any = None) -> "FirstColumn":
        return self

    def decision_function(self, x: Any) -> Any:
        return np.asarray(x)[:, 0]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def set_params(self, **params: Any) -> "FirstColumn":
        return self


@pytest.mark.parametrize(("calibration", "new"), COUNTS)
def test_p_values_and_flags_are_those_of_nonconform(calibration: int, new: int) -> None:
    c, a = scores(calibration, seed=0), scores(new, seed=1)
    theirs = nonconform.Empirical().compute_p_values(a.numpy(), c.numpy())
    np.testing.assert_allclose(p_values(a, c).numpy(), theirs, rtol=1e-12)
    for rate in (0.05, 0.1, 0.2):
        assert np.array_equal((a > threshold(c, false_alarms=rate)).numpy(), theirs <= rate)


@pytest.mark.parametrize(("calibration", "new"), COUNTS)
def test_selections_are_those_of_nonconform(calibration: int, new: int) -> None:
    c, a = scores(calibration, seed=2), torch.cat([scores(new, seed=3), 4 * scores(new, seed=4).abs()])
    detector = nonconform.ConformalDetector(
        detector=FirstColumn(), strategy=nonconform.Split(n_calib=0.5), score_polarity="higher_is_anomalous"
    ).calibrate(c.numpy()[:, None])
    for rate in (0.05, 0.1, 0.3):
        theirs = detector.select(a.numpy()[:, None], alpha=rate)
        assert np.array_equal(benjamini_hochberg(p_values(a, c), rate=rate).numpy(), theirs)


def test_the_martingale_is_the_simple_jumper_of_nonconform() -> None:
    calibration, new = scores(100, seed=5), torch.cat([scores(200, seed=6), scores(100, seed=7).abs()])
    states = martingales.SimpleJumperMartingale().update_many(_online_p_values(new, calibration, seed=0))
    theirs = [state.log_martingale for state in states]
    np.testing.assert_allclose(drift(new, calibration).log_martingale.numpy(), theirs, rtol=1e-9, atol=1e-9)
