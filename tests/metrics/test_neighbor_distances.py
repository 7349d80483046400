"""Distances to the k-th nearest."""

import pytest
import torch
from scipy.spatial import KDTree

from copyist.errors import ArgumentError
from copyist.metrics.neighbor_distances import check_neighbors, neighbor_distances, neighbor_rank
from copyist.randomness import generator


@pytest.mark.parametrize("far", [1.0, 1e4])
def test_distances_are_those_of_a_tree_however_far_the_rows_lie_from_0(far: float) -> None:
    source = generator(0)
    references = torch.randn(400, 3, generator=source, dtype=torch.float64) + far
    queries = torch.randn(50, 3, generator=source, dtype=torch.float64) + far
    tree = KDTree(references.numpy())
    # SciPy's own stubs know only one number of neighbors.
    on_paper, _ = tree.query(queries.numpy(), k=[1, 7, 400])  # pyright: ignore[reportArgumentType]
    found = neighbor_distances(queries.float(), references.float(), ranks=(1, 7, 400))
    # What float32 rounds of coordinates so far from 0.
    torch.testing.assert_close(found.double(), torch.from_numpy(on_paper), rtol=1e-5, atol=1e-6 * far)


def test_equal_rows_are_at_distance_0_beside_others_that_are_huge() -> None:
    rows = torch.randn(300, 5, generator=generator(1)) + 1000
    rows[7] = 1e6
    assert neighbor_distances(rows, rows, ranks=(1,)).eq(0).all()
    assert neighbor_distances(rows, torch.cat([rows, rows]), ranks=(2,)).eq(0).all()


def test_queries_are_answered_alike_in_whatever_batch_they_come() -> None:
    references, queries = torch.randn(500, 4, generator=generator(2)), torch.randn(64, 4, generator=generator(3))
    together = neighbor_distances(queries, references, ranks=(5, 25))
    alone = torch.cat([neighbor_distances(each[None], references, ranks=(5, 25)) for each in queries])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)


def test_a_share_of_the_references_is_a_rank() -> None:
    assert [neighbor_rank(k, num_references=30) for k in (5, 0.05, 0.5, 80)] == [5, 2, 15, 30]
    with pytest.raises(ArgumentError, match=r"whole number of at least 1, or a share below 1, got 2\.5"):
        check_neighbors(2.5)
