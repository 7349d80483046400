"""scikit-learn's own checks of an estimator, and what its users do with one."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from copyist.sklearn import AutoencoderDetector, AutoencoderTransformer


@pytest.mark.filterwarnings("ignore:a rate of:UserWarning", "ignore:a detector must:UserWarning")
@parametrize_with_checks([AutoencoderDetector(steps=10), AutoencoderTransformer(steps=10)])
def test_an_estimator_passes_the_checks_of_scikit_learn(estimator, check) -> None:
    check(estimator)
