"""Features: NumPy's singular vectors as the oracle, areas averaged by hand."""

import numpy as np
import pytest
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.features import PCAFeatures, pixel_features


def draw(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, 4, 5, generator=torch.Generator().manual_seed(seed))


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


def test_pixel_features_are_the_means_of_areas() -> None:
    x = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6).float()
    features = pixel_features(x, side=2)
    assert features.shape == (2, 12)
    assert features[1, 0] == x[1, 0, :2, :3].mean()
    assert features[1, 11] == x[1, 2, 2:, 3:].mean()


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
    with pytest.raises(ArgumentError, match="side must be at most the images' 4, got 8"):
        pixel_features(draw(2, 0))
