"""Principal axes: NumPy's singular vectors as the oracle."""

import numpy as np
import pytest
import torch

from copyist.baselines.principal_axes import PCAFeatures, principal_axes
from copyist.errors import ArgumentError, ShapeError


def draw(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, 4, 5, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("count", [30, 59, 60, 61, 200])
def test_axes_are_the_singular_vectors_and_their_variances_whichever_side_is_longer(count: int) -> None:
    x = draw(count, 0)
    rows = x.flatten(1).double().numpy()
    _, values, vectors = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    found = principal_axes(x)
    rank = min(count - 1, 60)
    assert found.spanned.shape == (rank, 60)
    np.testing.assert_allclose(found.mean, rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.variances[:rank], values[:rank] ** 2 / (count - 1), rtol=1e-9)
    # An axis's sign is free.
    overlap = np.abs((found.spanned.numpy() * vectors[:rank]).sum(1))
    np.testing.assert_allclose(overlap, 1, atol=1e-6)


def test_axes_along_which_nothing_varies_are_not_spanned() -> None:
    x = draw(200, 0)
    x[:, 1] = 0.3
    x[:, 2, :, 4] = x[:, 2, :, 3]
    assert len(principal_axes(x).spanned) == 60 - 20 - 4
    assert len(principal_axes(torch.ones(9, 2, 3)).spanned) == 0
    with pytest.raises(ArgumentError, match="the number of examples must be at least 2, got 1"):
        principal_axes(x[:1])


def test_few_axes_are_the_first_of_all() -> None:
    x = draw(50, 0)
    torch.testing.assert_close(principal_axes(x, num_axes=7).axes, principal_axes(x).axes[:7])


def test_pca_features_are_projections_on_singular_vectors() -> None:
    train, x = draw(40, 0), draw(7, 1)
    rows = train.flatten(1).double().numpy()
    _, _, vectors = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    on_paper = (x.flatten(1).double().numpy() - rows.mean(0)) @ vectors[:6].T
    features = PCAFeatures.fit(train, dimensions=6)(x)
    assert features.shape == (7, 6)
    # A component's sign is free.
    np.testing.assert_allclose(np.abs(features.numpy()), np.abs(on_paper), atol=1e-6)


def test_whitened_features_have_variance_one_and_no_correlation_on_the_training_images() -> None:
    train = draw(40, 0)
    features = PCAFeatures.fit(train, dimensions=6, whiten=True)(train)
    torch.testing.assert_close(torch.cov(features.T), torch.eye(6).double(), atol=1e-6, rtol=0)


def test_images_of_another_shape_and_too_many_components_are_refused() -> None:
    features = PCAFeatures.fit(draw(40, 0), dimensions=6)
    with pytest.raises(ShapeError, match="images must have shape"):
        features(draw(7, 1).transpose(2, 3))
    with pytest.raises(ArgumentError, match="at most 39 components, got 40"):
        PCAFeatures.fit(draw(40, 0), dimensions=40)
    with pytest.raises(ArgumentError, match="vary in as many directions"):
        PCAFeatures.fit(torch.rand(10, 1, 1, 1).expand(10, 1, 4, 5), dimensions=3, whiten=True)
    with pytest.raises(ArgumentError, match="images that differ, got equal ones"):
        PCAFeatures.fit(torch.ones(10, 1, 4, 5), dimensions=3)
