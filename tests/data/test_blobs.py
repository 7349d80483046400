"""The spot is where it should be, and its tangents are its derivatives."""

import numpy as np
import pytest

from copyist.data import open_source
from copyist.data.blobs import blob_centers, blob_tangents, draw_blobs
from copyist.errors import ArgumentError

SIZE = (12, 20)


def test_a_spot_is_brightest_and_balanced_at_its_center() -> None:
    centers = blob_centers(7)
    images = draw_blobs(centers, size=SIZE).astype(np.float64)
    assert images.shape == (7, 1, *SIZE)
    rows, columns = np.arange(12) + 0.5, np.arange(20) + 0.5
    mass = images.sum((1, 2, 3))
    # A spot near the border is cut a little.
    np.testing.assert_allclose((images.sum((1, 3)) @ rows) / mass, 12 * centers[:, 0], atol=0.15)
    np.testing.assert_allclose((images.sum((1, 2)) @ columns) / mass, 20 * centers[:, 1], atol=0.15)
    assert 0.9 < images.max((1, 2, 3)).min() <= images.max() <= 1


def test_tangents_are_the_derivatives_by_finite_differences() -> None:
    centers, step = blob_centers(5), 1e-3
    tangents = blob_tangents(centers, size=SIZE)
    assert tangents.shape == (5, 2, 1, *SIZE)
    for axis in (0, 1):
        shift = step * np.eye(2)[axis] / np.array(SIZE)
        ahead, behind = (draw_blobs(centers + sign * shift, size=SIZE).astype(np.float64) for sign in (1, -1))
        np.testing.assert_allclose(tangents[:, axis], (ahead - behind) / (2 * step), atol=1e-4)


def test_the_source_is_the_spots_in_their_order() -> None:
    splits = open_source("blobs?limit=40&size=12x20")
    np.testing.assert_array_equal(splits.train.array, draw_blobs(blob_centers(40), size=SIZE))
    np.testing.assert_array_equal(splits.test.array, draw_blobs(blob_centers(40, split="test"), size=SIZE))
    assert open_source("blobs").train.image_shape == (1, 16, 16)
    assert len(open_source("blobs").test) == 512


def test_the_first_spots_are_the_same_whatever_their_number() -> None:
    np.testing.assert_array_equal(blob_centers(9)[:4], blob_centers(4))
    assert not np.array_equal(blob_centers(4), blob_centers(4, split="test"))


def test_what_spots_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^blobs must have sides of at least 8, got size=4x4$"):
        open_source("blobs?size=4")
    with pytest.raises(ArgumentError, match=r"^count must be at least 1, got 0$"):
        blob_centers(0)
