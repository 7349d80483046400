"""scikit-learn's own checks of estimators, and what its users do with them."""

import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from copyist.data import Splits
from copyist.detection import fit_detector, load_detector, save_detector
from copyist.detection.copies import Copies
from copyist.detection.guards import far_points
from copyist.detection.measures import AnomalyMeasure, ReconstructionError, Statistics
from copyist.errors import UnknownNameError
from copyist.recipes.detectors import table_detector
from copyist.sklearn import AutoencoderDetector, AutoencoderTransformer
from copyist.sklearn.training_rows import rows_of
from copyist.tensors import PerImage

Array = npt.NDArray[np.float64]
STEPS = 60


class Bounded(AnomalyMeasure):
    """Tells rows apart, but nothing that is far away."""

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return (-copies.row.square().sum(1)).exp()


def rows(count: int, *, seed: int = 0) -> Array:
    """Rows (N, 5) near a plane, in columns of different units."""
    rng = np.random.default_rng(seed)
    plane = np.random.default_rng(99).normal(size=(2, 5))
    x = rng.normal(size=(count, 2)) @ plane + 0.05 * rng.normal(size=(count, 5))
    return x * [1, 10, 100, 0.1, 1] + 3


def off_the_plane(count: int) -> Array:
    """Rows whose columns have the same values each, and do not belong together."""
    x: Array = rows(count, seed=7)
    rng = np.random.default_rng(8)
    return rng.permuted(x, axis=0)


def linear(code: int, **arguments: Any) -> AutoencoderTransformer:
    """A linear autoencoder, whose best copies are those of principal axes."""
    return AutoencoderTransformer(
        code=code, widths=(), options={"activation": "identity", "weight_decay": 0.0}, **arguments
    )


@pytest.fixture(scope="module")
def detector() -> AutoencoderDetector:
    return AutoencoderDetector(steps=STEPS).fit(rows(400))


@pytest.mark.filterwarnings("ignore:a rate of:UserWarning", "ignore:a detector must:UserWarning")
@parametrize_with_checks([AutoencoderDetector(steps=5), AutoencoderTransformer(steps=5)])
def test_an_estimator_passes_the_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_larger_is_more_normal_and_an_outlier_is_minus_one(detector: AutoencoderDetector) -> None:
    normal, strange = rows(300, seed=1), off_the_plane(300)
    scores = np.concatenate([detector.score_samples(normal), detector.score_samples(strange)])
    assert roc_auc_score(np.repeat([1, 0], 300), scores) > 0.85
    assert set(detector.predict(normal).tolist()) <= {-1, 1}
    assert (detector.predict(strange) == -1).mean() > 3 * (detector.predict(normal) == -1).mean()
    assert (detector.predict(normal) == 1).mean() > 0.85
    assert np.array_equal(detector.predict(strange) == -1, detector.p_values(strange) <= 0.05)


@pytest.mark.slow
def test_the_stated_rate_of_false_alarms_is_kept(detector: AutoencoderDetector) -> None:
    assert detector.false_alarms_ == 0.05
    found = np.mean(
        [
            (AutoencoderDetector(steps=5, random_state=seed).fit(rows(300, seed=2 * seed)).predict(each) == -1).mean()
            for seed in range(12)
            for each in [rows(200, seed=2 * seed + 1)]
        ]
    )
    # A rate over 54 calibration rows spreads by 0.03 around at most 0.05, and the mean of 12 by a hundredth.
    assert found <= 0.05 + 3 * 0.03 / 12**0.5


@pytest.mark.parametrize("radius", [10.0, 100.0, 1000.0])
def test_points_far_outside_are_outliers(detector: AutoencoderDetector, radius: float) -> None:
    assert (detector.predict(far_points(torch.from_numpy(rows(100)), radius=radius).numpy()) == -1).all()


def test_the_fitted_detector_is_that_of_the_command_line_and_is_kept_in_its_file(
    detector: AutoencoderDetector, tmp_path: Path
) -> None:
    default = table_detector()
    theirs = fit_detector(
        replace(default, training=replace(default.training, training=replace(default.trained.training, steps=STEPS))),
        data=Splits.from_arrays(rows(400), calibration=0.2),
    )
    x = rows(50, seed=1)
    np.testing.assert_allclose(theirs.anomaly(x).numpy(), -detector.score_samples(x), rtol=1e-4)
    save_detector(tmp_path / "detector.safetensors", detector.detector_)
    again = load_detector(tmp_path, device="cpu")
    assert again.threshold == pytest.approx(-detector.offset_)
    assert torch.equal(again(x).flagged, torch.from_numpy(detector.predict(x) == -1))


def test_one_random_state_gives_the_same_scores_and_leaves_the_global_seeds_alone() -> None:
    x = rows(120)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index]
    first, again, other = (
        AutoencoderDetector(steps=5, random_state=seed).fit(x).score_samples(x) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # type: ignore[index]
    drawn = [
        AutoencoderDetector(steps=5, random_state=np.random.RandomState(3)).fit(x).score_samples(x) for _ in range(2)
    ]
    assert np.array_equal(drawn[0], drawn[1])


def test_a_copy_by_pickle_or_joblib_gives_the_same_scores(detector: AutoencoderDetector) -> None:
    x, file = rows(20, seed=1), io.BytesIO()
    joblib.dump(detector, file)
    file.seek(0)
    for copied in (pickle.loads(pickle.dumps(detector)), joblib.load(file)):
        assert np.array_equal(copied.score_samples(x), detector.score_samples(x))
    unfitted: Any = clone(detector)
    settings = unfitted.get_params()
    assert settings == detector.get_params()
    assert settings["steps"] == STEPS


def test_contamination_sets_the_share_of_the_training_rows_that_are_outliers() -> None:
    x = np.concatenate([rows(190), rows(10, seed=1) + 9 * rows(190).std(0) * [1, -1, 1, -1, 1]])
    found = AutoencoderDetector(steps=20, contamination=0.05).fit(x)
    labels = found.predict(x)
    assert (labels == -1).sum() == 10
    assert (labels[190:] == -1).all()
    assert found.false_alarms_ is None


def test_another_value_in_a_column_that_had_one_only_is_an_outlier() -> None:
    def with_constant(x: Array, value: float) -> Array:
        return np.insert(x, 2, value, axis=1)

    found = AutoencoderDetector(steps=5).fit(with_constant(rows(120), 0.3))
    x = rows(40, seed=1)
    assert (found.predict(with_constant(x, 0.3)) == 1).mean() > 0.8
    assert (found.predict(with_constant(x, 0.31)) == -1).all()
    # Rounded to 32 bits, the value is the same.
    assert (found.predict(with_constant(x, 0.3).astype(np.float32)) == 1).mean() > 0.8


def test_the_value_of_a_column_with_one_only_is_that_of_the_training_rows() -> None:
    """Also where the first row has another one, and is not trained on."""
    x = np.insert(rows(120), 2, 0.3, axis=1)
    x[0, 2] = 0.7
    seed = next(
        seed for seed in range(50) if 0 in rows_of(Splits.from_arrays(x, calibration=0.2, split_seed=seed).test)
    )
    found = AutoencoderDetector(steps=5, random_state=seed).fit(x)
    assert (found.predict(x[1:]) == 1).mean() > 0.8
    assert found.predict(x[:1]).tolist() == [-1]


def test_the_stated_rate_holds_for_rows_of_which_many_are_equal() -> None:
    rng, rates = np.random.default_rng(4), list[float]()
    for seed in range(8):
        x, new = (rng.geometric(0.5, (count, 1)) * np.ones(2) for count in (150, 400))
        found = AutoencoderDetector(steps=1, random_state=seed, false_alarms=0.2).fit(x)
        calibration = found.detector_.calibration
        assert len(calibration.unique()) < len(calibration) / 2
        rates.append(float((found.predict(new) == -1).mean()))
    assert 0.01 < np.mean(rates) <= 0.2


@pytest.mark.filterwarnings("ignore:a detector must:UserWarning")
def test_five_rows_are_the_fewest() -> None:
    with pytest.warns(UserWarning, match="a rate of 0.05 false alarms needs 19 rows for calibration, got 2 of 5"):
        AutoencoderDetector(steps=2).fit(rows(5))
    with pytest.raises(ValueError, match="4 sample"):
        AutoencoderDetector(steps=2).fit(rows(4))


@pytest.mark.parametrize(("count", "calibration"), [(12, 5), (30, 14)])
def test_too_few_rows_give_a_larger_rate_and_say_so(count: int, calibration: int) -> None:
    with pytest.warns(UserWarning, match=f"needs 19 rows for calibration, got {calibration} of {count}"):
        found = AutoencoderDetector(steps=5).fit(rows(count))
    assert found.false_alarms_ == pytest.approx(1 / (calibration + 1))
    assert len(found.detector_.calibration) == calibration
    # The largest anomaly of those that calibrate is the threshold.
    assert found.offset_ == -float(found.detector_.calibration.max())


def test_few_rows_are_parted_so_that_the_rate_can_be_kept() -> None:
    found = AutoencoderDetector(steps=5).fit(rows(50))
    assert found.false_alarms_ == 0.05
    assert len(found.detector_.calibration) in (19, 20)


def test_a_detector_that_misses_what_is_far_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="a detector must flag points 10 times as far"):
        found = AutoencoderDetector(measure=Bounded(), steps=5).fit(rows(200))
    assert found.predict(rows(3)).shape == (3,)


def test_arguments_change_the_recipe() -> None:
    found = AutoencoderDetector(
        steps=7, code=3, widths=[16, 8], batch_size=32, learning_rate=0.01, measure="reconstruction-error"
    )._recipe()
    assert (found.trained.training.steps, found.trained.training.batch_size) == (7, 32)
    assert found.trained.training.optimization.learning_rate == 0.01
    assert (found.training.model.widths, found.training.model.code) == ((16, 8), 3)  # type: ignore[attr-defined]
    assert found.measure == ReconstructionError()
    named = AutoencoderDetector(recipe="table", options={"optimizer": "adam"}, trimmed=0.1)._recipe()
    assert (named.training.name, named.trained.training.optimization.optimizer) == ("table", "adam")
    assert named.trained.training.trimmed == 0.1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"recipe": "tabel"}, "there is no recipe 'tabel'"),
        ({"measure": "distance"}, "there is no measure 'distance'"),
        ({"options": {"depht": 3}}, "there is no setting"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"false_alarms": 0}, r"^false_alarms must lie in \(0, 0.5\], got 0"),
        ({"contamination": 0.7}, r"^contamination must lie in \(0, 0.5\], got 0.7; write 5 per cent as 0.05$"),
        ({"recipe": 5}, "recipe must be a DetectorRecipe, a Recipe or the name of one, got int"),
        ({"random_state": "seed"}, "seed"),
    ],
)
def test_a_wrong_argument_is_refused_in_fit(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AutoencoderDetector(**arguments).fit(rows(60))


def test_rows_that_cannot_be_learned_from_are_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"X must have a column that varies over the rows that are learned, got \d+ that are all equal; add diff",
    ):
        AutoencoderDetector(steps=5).fit(np.ones((50, 3)))
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        AutoencoderDetector(steps=5).fit(sparse.csr_array(rows(50)))
    assert issubclass(UnknownNameError, ValueError)


def test_a_pipeline_fills_missing_cells_before_the_detector() -> None:
    x = rows(200)
    x[::17, 2] = np.nan
    pipeline = make_pipeline(SimpleImputer(), AutoencoderDetector(steps=STEPS)).fit(x)
    assert pipeline.predict(x).shape == (200,)
    assert (pipeline.predict(np.full((1, 5), 1e4)) == -1).all()


def test_a_grid_search_finds_the_code_that_holds_the_most() -> None:
    search = GridSearchCV(linear(2, steps=40, learning_rate=0.03), {"code": np.array([1, 2])}, cv=2)
    search.fit(rows(100))
    assert search.best_params_ == {"code": 2}
    assert search.best_estimator_.transform(rows(3)).shape == (3, 2)


def test_a_detector_is_chosen_by_its_ranking_where_labels_are_known() -> None:
    x, labels = np.concatenate([rows(150), off_the_plane(50)]), np.repeat([1, -1], [150, 50])
    order = np.random.default_rng(0).permutation(200)
    search = GridSearchCV(
        AutoencoderDetector(steps=5, contamination=0.2),
        {"measure": ["reconstruction-error", "example-distance"]},
        scoring="roc_auc",
        cv=2,
    )
    search.fit(x[order], labels[order])
    assert search.best_score_ > 0.8


def test_a_linear_code_holds_as_much_as_principal_axes_and_no_more() -> None:
    x = rows(300)
    z = (x - x.mean(0)) / x.std(0)
    most = float(PCA(1).fit(z).explained_variance_ratio_.sum())
    found = linear(1, steps=200, learning_rate=0.03).fit(x).score(x)
    assert 0.98 * most < found <= most + 1e-6


@pytest.fixture(scope="module")
def transformer() -> AutoencoderTransformer:
    x = np.concatenate([rows(200), np.full((200, 1), 7.0)], axis=1)
    return AutoencoderTransformer(code=2, steps=STEPS).fit(x)


def test_codes_and_copies_are_those_of_the_model_and_a_constant_column_comes_back(
    transformer: AutoencoderTransformer,
) -> None:
    x = np.concatenate([rows(30, seed=1), np.full((30, 1), 7.0)], axis=1)
    z, learned = transformer.transform(x), torch.from_numpy(x[:, :5]).float()
    np.testing.assert_allclose(z, transformer.model_.encode(learned).detach().numpy(), rtol=1e-3, atol=1e-4)
    x_hat = transformer.inverse_transform(z)
    np.testing.assert_allclose(x_hat[:, :5], transformer.model_(learned).detach().numpy(), rtol=1e-3, atol=1e-2)
    assert (x_hat[:, 5] == 7.0).all()
    assert transformer.transform(x.astype(np.float32)).dtype == np.float32


def test_the_score_is_the_share_of_the_variance_that_copies_hold(transformer: AutoencoderTransformer) -> None:
    train, x = rows(200), np.concatenate([rows(30, seed=1), np.full((30, 1), 7.0)], axis=1)
    x_hat = transformer.inverse_transform(transformer.transform(x))
    error = (((x_hat - x)[:, :5] / train.std(0)) ** 2).sum()
    spread = (((x[:, :5] - train.mean(0)) / train.std(0)) ** 2).sum()
    assert transformer.score(x) == pytest.approx(1 - error / spread)


def test_codes_of_another_width_and_models_that_take_no_rows_are_refused(transformer: AutoencoderTransformer) -> None:
    with pytest.raises(ValueError, match="codes must have 2 columns, got 3"):
        transformer.inverse_transform(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="table"):
        AutoencoderTransformer(recipe="unet", steps=1).fit(rows(30))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_codes_come_as_data_frames_where_that_is_asked_for(library: str) -> None:
    frames = pytest.importorskip(library)
    x = frames.DataFrame(dict(zip("abcde", rows(60).T, strict=True)))
    transformer = AutoencoderTransformer(code=2, steps=5).set_output(transform=library).fit(x)
    found = transformer.transform(x)
    assert list(found.columns) == ["autoencodertransformer0", "autoencodertransformer1"]
    assert transformer.feature_names_in_.tolist() == list("abcde")
    with pytest.raises(ValueError, match="feature names"):
        transformer.transform(x[["b", "a", "c", "d", "e"]])
