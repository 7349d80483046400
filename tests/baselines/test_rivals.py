"""The detectors without a network are scikit-learn's, on rows and on images."""

import math

import numpy as np
import pytest
import torch
from sklearn import ensemble
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from copyist.baselines.flat_rows import FlatRows
from copyist.baselines.isolation_forest import IsolationForest
from copyist.baselines.linear_copier import PrincipalResidual
from copyist.baselines.neighbor_detector import NeighborDistance
from copyist.baselines.rivals import fit_rivals
from copyist.detection.guards import far_points
from copyist.errors import ArgumentError, ShapeError
from copyist.randomness import derive


def rows(count: int, *, seed: int = 0) -> Tensor:
    """Rows (N, 5) near a plane, in columns of very different units."""
    generator = torch.Generator().manual_seed(seed)
    plane = torch.randn(2, 5, generator=torch.Generator().manual_seed(99))
    x = torch.randn(count, 2, generator=generator) @ plane + 0.1 * torch.randn(count, 5, generator=generator)
    return x * torch.tensor([1.0, 10, 1000, 0.1, 1]) + 3


def images(count: int, *, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, 40, 48, generator=torch.Generator().manual_seed(seed))


def standardized(x: Tensor, train: Tensor) -> np.ndarray:
    mean, std = train.double().numpy().mean(0), train.double().numpy().std(0)
    return (x.double().numpy() - mean) / std


@pytest.mark.parametrize(("neighbors", "k"), [(1, 1), (5, 5), (0.05, 6), (0.2, 24), (1000, 120)])
def test_neighbor_distances_are_those_of_scikit_learn(neighbors: float, k: int) -> None:
    train, x = rows(120), rows(30, seed=1)
    oracle = NearestNeighbors(n_neighbors=k).fit(standardized(train, train))
    expected = oracle.kneighbors(standardized(x, train))[0][:, -1]
    found = NeighborDistance.fit(train, neighbors=neighbors).anomaly(x)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, math.nan, math.inf])
def test_neighbors_that_are_neither_a_number_nor_a_share_are_refused(wrong: float) -> None:
    with pytest.raises(ArgumentError, match="neighbors must be a whole number of at least 1, or a share below 1"):
        NeighborDistance.fit(rows(20), neighbors=wrong)


def test_the_forest_is_that_of_scikit_learn() -> None:
    train, x = rows(300), rows(30, seed=1)
    oracle = ensemble.IsolationForest(random_state=derive(7, "isolation forest") % 2**32)
    # A forest cuts at values: those must be the same to the last bit.
    expected = -oracle.fit(FlatRows.fit(train)(train).numpy()).score_samples(FlatRows.fit(train)(x).numpy())
    found = IsolationForest.fit(train, seed=7).anomaly(x)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    assert not torch.equal(found, IsolationForest.fit(train, seed=8).anomaly(x))


@pytest.mark.parametrize("num_axes", [1, 2, 4])
def test_principal_residuals_are_those_of_scikit_learn(num_axes: int) -> None:
    train, x = rows(120), rows(30, seed=1)
    pca, z = PCA(num_axes).fit(standardized(train, train)), standardized(x, train)
    expected = ((pca.inverse_transform(pca.transform(z)) - z) ** 2).mean(1)
    found = PrincipalResidual.fit(train, num_axes=num_axes)
    np.testing.assert_allclose(found.anomaly(x).numpy(), expected, rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(found.parts(x).mean(1), found.anomaly(x))


def test_where_the_code_is_as_large_as_the_row_the_smallest_axis_tells() -> None:
    train, x = rows(120), rows(30, seed=1)
    torch.testing.assert_close(
        PrincipalResidual.fit(train, num_axes=64).anomaly(x), PrincipalResidual.fit(train, num_axes=4).anomaly(x)
    )


def test_without_a_code_the_axes_hold_nine_tenths_of_the_variance() -> None:
    train = rows(500)
    shares = PCA().fit(standardized(train, train)).explained_variance_ratio_.cumsum()
    axes = PrincipalResidual.fit(train, num_axes=None).copier.axes
    assert len(axes) == int((shares < 0.9).sum()) + 1 == 2


def test_images_are_compared_by_areas_of_at_most_32_pixels_a_side_and_copied_at_their_own() -> None:
    train, x = images(12), images(3, seed=1)
    # Where 64 x 64 pixels are averaged two by two, the mean of each area is the row's value.
    large = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(2))
    areas = large.view(4, 1, 32, 2, 32, 2).mean((3, 5)).flatten(1)
    torch.testing.assert_close(FlatRows.fit(large)(large), areas)
    for name, rival in fit_rivals(train, code_size=4).items():
        anomaly = rival.anomaly(x)
        assert anomaly.shape == (3,), name
        assert bool((anomaly > 0).all()), name
    assert PrincipalResidual.fit(train, num_axes=4).parts(x).shape == x.shape


def test_all_find_what_lies_off_the_plane_and_columns_without_change_harm_none() -> None:
    train, normal = rows(300), rows(100, seed=1)
    strange = normal * torch.tensor([1.0, -1, 1, -1, 1])
    train, normal, strange = (torch.cat([x, torch.full((len(x), 1), 7.0)], 1) for x in (train, normal, strange))
    for name, rival in fit_rivals(train, code_size=2).items():
        ours, theirs = rival.anomaly(normal), rival.anomaly(strange)
        assert float((theirs[:, None] > ours).double().mean()) > 0.7, name
        assert bool(ours.isfinite().all()), name


def test_neighbors_and_axes_grow_with_the_distance() -> None:
    train = rows(200)
    rivals = fit_rivals(train, code_size=2)
    most = {name: float(rival.anomaly(train).max()) for name, rival in rivals.items()}
    for name in ("principal axes", "5 nearest", "nearest 5 %"):
        assert bool((rivals[name].anomaly(far_points(train, radius=100.0)) > most[name]).all()), name


def test_no_examples_are_refused() -> None:
    with pytest.raises(ShapeError, match="no side of 0"):
        fit_rivals(torch.empty(0, 4))
    with pytest.raises(ArgumentError, match="at least 2"):
        fit_rivals(torch.ones(1, 4))
