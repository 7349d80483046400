"""Measures of anomaly in tables agree with scikit-learn and with what is known on paper, and flag what is far away."""

from itertools import pairwise
from typing import final

import numpy as np
import pytest
import torch
from torch import Tensor

from contracts import autoencoder, variational
from copyist.data import Splits
from copyist.detection import Detector, fit_detector
from copyist.detection.copies import Copies
from copyist.detection.guards import far_points
from copyist.detection.measures import (
    AnomalyMeasure,
    CodeDistance,
    Combined,
    CopyDistance,
    DenoisingError,
    Displacement,
    EvidenceBound,
    ExampleDistance,
    ReconstructionError,
)
from copyist.errors import ContractError
from copyist.models import MLPConfig
from copyist.models.contracts import Autoencoder, log_weights
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.randomness import generator
from copyist.recipes.detectors import table_detector
from known import Exact

D = 4
SIGMA = 0.8


@final
class ShrinkingRows(Exact):
    """E[x | x̃] for rows x ~ N(0, I): x̃ / (1 + σ²)."""

    num_columns = D

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 2

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + SIGMA**2)


def rows(count: int, *, seed: int = 0) -> Tensor:
    return torch.randn(count, D, generator=torch.Generator().manual_seed(seed))


def copies(x: Tensor) -> Copies:
    return Copies(ShrinkingRows(), x)


def fitted_mlp(x: Tensor) -> Autoencoder:
    model = autoencoder(MLPConfig(widths=(6,), num_columns=D, column_unit="tails")).eval()
    model.measured_on(x)
    return model


def nearest(references: Tensor, queries: Tensor, k: int) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(references.numpy()).kneighbors(queries.numpy())[0][:, -1]


@pytest.mark.parametrize(("neighbors", "k"), [(1, 1), (5, 5), (0.1, 8)])
def test_distances_of_rows_and_of_copies_are_those_of_scikit_learn(neighbors: float, k: int) -> None:
    train = rows(80) * torch.tensor([1.0, 100, 0.01, 5]) + 7
    x, model = train[:9] + 0.1, fitted_mlp(train)
    own, new = Copies(model, train), Copies(model, x)
    for measure, place in ((ExampleDistance, lambda x: x), (CopyDistance, model)):
        found = measure(neighbors=neighbors)(new, measure(neighbors=neighbors).fit(own, own))
        with torch.no_grad():
            expected = nearest(model.standardized(place(train)), model.standardized(place(x)), k)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4)


def test_only_so_many_neighbors_are_kept_and_a_share_counts_among_them() -> None:
    train, x = rows(90), rows(5, seed=1)
    measure = ExampleDistance(neighbors=0.1, most=30)
    statistics = measure.fit(copies(train), copies(train))
    assert statistics["points"].shape == (30, D)
    np.testing.assert_allclose(measure(copies(x), statistics).numpy(), nearest(train[::3], x, 3), rtol=1e-4)


def test_a_denoiser_of_gaussian_rows_moves_them_by_the_score_of_the_noisy_data() -> None:
    x = rows(50, seed=2)
    found = Displacement()(copies(x), {})
    torch.testing.assert_close(found, SIGMA**2 * x.norm(dim=1) / (1 + SIGMA**2))
    log_density = -x.square().sum(1) / 2
    assert torch.equal(found.argsort(), log_density.argsort(descending=True))


def test_the_error_of_denoising_gaussian_rows_is_that_on_paper() -> None:
    x, share = rows(6, seed=3), 1 / (1 + SIGMA**2)
    found = DenoisingError(sigma=SIGMA, draws=2000)(copies(x), {})
    expected = ((1 - share) ** 2 * x.square().sum(1) + D * (share * SIGMA) ** 2).sqrt()
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0)


@pytest.mark.parametrize("measure", [Displacement(), DenoisingError(sigma=0.5)])
def test_parts_are_what_the_anomaly_is_made_of(measure: AnomalyMeasure) -> None:
    given = copies(rows(7))
    parts = measure.parts(given, {})
    assert parts is not None
    torch.testing.assert_close(parts.square().sum(1).sqrt(), measure(given, {}))


def test_the_bound_is_the_mean_of_the_log_weights() -> None:
    model = variational(VariationalMLPConfig(widths=(5,), code_size=2, num_columns=D, likelihood="gaussian")).eval()
    x = rows(5)
    found = EvidenceBound(samples=8000)(Copies(model, x), {})
    with torch.no_grad():
        weights = log_weights(model, x, samples=8000, generator=generator(5))
    torch.testing.assert_close(found, -weights.mean(0), rtol=0.02, atol=0.05)
    assert float(found.std()) > 0.1


def test_a_model_without_a_likelihood_has_no_bound() -> None:
    with pytest.raises(ContractError, match="has none; take a variational autoencoder"):
        EvidenceBound().check_model(ShrinkingRows())


@pytest.mark.parametrize(
    "measure",
    [
        ReconstructionError(),
        DenoisingError(),
        Displacement(),
        ExampleDistance(neighbors=0.1),
        CopyDistance(),
        CodeDistance(neighbors=2),
        EvidenceBound(),
        Combined(measures=(ExampleDistance(), DenoisingError())),
    ],
)
def test_what_is_said_of_a_row_ignores_the_others(measure: AnomalyMeasure) -> None:
    model = variational(VariationalMLPConfig(widths=(5,), code_size=2, num_columns=D, likelihood="gaussian")).eval()
    train, x = rows(40), rows(6, seed=4)
    model.measured_on(train)
    statistics = measure.fit(Copies(model, train), Copies(model, rows(20, seed=5)))
    alone = torch.cat([measure(Copies(model, row[None]), statistics) for row in x])
    assert alone.shape == (6,)
    torch.testing.assert_close(measure(Copies(model, x), statistics), alone)


def test_a_combination_has_units_where_most_rows_have_a_twin() -> None:
    train = torch.cat([torch.zeros(70, D), rows(30)])
    measure = Combined(measures=(ExampleDistance(neighbors=1), Displacement()))
    statistics = measure.fit(copies(train), copies(torch.cat([torch.zeros(7, D), rows(3, seed=1)])))
    far = copies(torch.full((1, D), 50.0))
    # Neither measure drowns the other.
    shares = [float(each(far, {"points": train, "units": torch.ones(D)})) for each in measure.measures]
    units = statistics["units"].tolist()
    assert 0.1 < (shares[0] / units[0]) / (shares[1] / units[1]) < 10


@pytest.mark.parametrize(
    "measure",
    [ReconstructionError(), DenoisingError(sigma=SIGMA), Displacement(), ExampleDistance(), CopyDistance()],
)
def test_every_measure_of_a_gaussian_grows_with_the_distance(measure: AnomalyMeasure) -> None:
    train = rows(200)
    statistics = measure.fit(copies(train), copies(rows(50, seed=1)))
    found = [measure(copies(far_points(train, radius=radius)), statistics) for radius in (1.0, 10.0, 100.0, 1000.0)]
    assert all((larger > 5 * smaller).all() for smaller, larger in pairwise(found))


def fitted_detector(x: Tensor, *, may_hold_outliers: bool) -> Detector:
    splits = Splits.from_arrays(x.numpy(), calibration=0.2)
    return fit_detector(table_detector(may_hold_outliers=may_hold_outliers), data=splits, false_alarms=0.1)


@pytest.mark.slow
def test_the_detector_of_tables_flags_what_is_far_and_outliers_that_were_among_its_own_rows() -> None:
    normal, outliers = rows(450), 0.05 * rows(18, seed=1) + 2.5
    plain = fitted_detector(normal, may_hold_outliers=False)
    mixed = torch.cat([normal, outliers])
    robust, misled = (fitted_detector(mixed, may_hold_outliers=option) for option in (True, False))
    for detector in (plain, robust, misled):
        for radius in (10.0, 100.0, 1000.0):
            assert detector(far_points(normal, radius=radius)).flagged.all()
    new, known = 0.05 * rows(200, seed=2) + 2.5, rows(200, seed=3)
    ahead = {
        name: float((each.anomaly(new)[:, None] > each.anomaly(known)).float().mean())
        for name, each in (("plain", plain), ("robust", robust), ("misled", misled))
    }
    assert ahead["plain"] > 0.99
    assert ahead["robust"] > 0.95
    assert ahead["misled"] < 0.9
