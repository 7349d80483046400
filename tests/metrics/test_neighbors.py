"""Nearest neighbors: scikit-learn as the oracle, copies at distance 0."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.neighbors import memorization, nearest


def draw(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, 5, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_neighbors_are_scikit_learns_whatever_the_chunk(chunk: int) -> None:
    queries, references = draw(11, 0), draw(40, 1)
    oracle = NearestNeighbors(n_neighbors=1).fit(references.flatten(1).numpy())
    distance, index = oracle.kneighbors(queries.flatten(1).numpy())
    found = nearest(queries, references, chunk=chunk)
    assert found.index.tolist() == index[:, 0].tolist()
    np.testing.assert_allclose(found.distance.numpy(), distance[:, 0] / 90**0.5, rtol=1e-5)


def test_a_remembered_image_is_at_distance_nothing() -> None:
    references = draw(40, 1)
    found = nearest(references[[7, 3]], references)
    assert found.index.tolist() == [7, 3]
    assert found.distance.tolist() == [0.0, 0.0]


def test_a_mirrored_copy_counts_only_where_asked() -> None:
    references = draw(40, 1)
    queries = torch.cat([references[5:6].flip(-1), references[6:7]])
    assert nearest(queries, references).distance[0] > 0.1
    found = nearest(queries, references, flipped=True)
    assert found.index.tolist() == [5, 6]
    assert found.distance.tolist() == [0.0, 0.0]


def test_the_distance_is_in_units_of_pixel_value() -> None:
    x = torch.full((1, 2, 3, 4), 0.5)
    torch.testing.assert_close(nearest(x + 0.25, x).distance, torch.tensor([0.25]))


def test_samples_are_judged_beside_held_out_images() -> None:
    train = draw(30, 1)
    result = memorization(train[:5] + 0.01, train=train, held_out=draw(12, 2))
    assert result.ratio == pytest.approx(0.01 / result.held_out.distance.median().item(), rel=1e-3)
    assert result.samples.index.tolist() == [0, 1, 2, 3, 4]


def test_rows_of_a_table_have_neighbors_but_no_mirror() -> None:
    table = torch.rand(4, 3)
    assert nearest(table, table).distance.tolist() == [0.0] * 4
    with pytest.raises(ShapeError):
        nearest(table, table, flipped=True)


def test_shapes_that_differ_and_empty_chunks_are_refused() -> None:
    with pytest.raises(ShapeError, match="queries and references must have one shape"):
        nearest(torch.rand(2, 3), torch.rand(2, 4))
    with pytest.raises(ArgumentError, match="chunk must be at least 1, got 0"):
        nearest(torch.rand(2, 3), torch.rand(2, 3), chunk=0)
