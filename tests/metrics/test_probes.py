"""Probes find what features hold, and no more."""

import math

import pytest
import torch
from torch import Tensor

from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.probes import linear_probe, neighbor_accuracy, probes


def clouds(count: int, *, apart: float, seed: int) -> tuple[Tensor, Tensor]:
    """Two normal clouds in three dimensions, their centers `apart` along the first, and which each point is of."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    x = torch.randn(count, 3, generator=draws)
    x[:, 0] += apart * labels
    return x, labels


@pytest.mark.parametrize("apart", [0.0, 1.0, 3.0])
def test_a_linear_probe_is_as_right_as_can_be_on_paper(apart: float) -> None:
    train, held_out = clouds(4000, apart=apart, seed=1), clouds(4000, apart=apart, seed=2)
    # The best cut lies half way between the centers: Φ(apart / 2).
    on_paper = 0.5 * (1 + math.erf(apart / 2 / math.sqrt(2)))
    assert linear_probe(*train, *held_out) == pytest.approx(on_paper, abs=4 * math.sqrt(0.25 / 4000))


def test_a_linear_probe_does_not_mind_units_and_constants() -> None:
    (x, labels), (other, truth) = clouds(300, apart=2.0, seed=1), clouds(300, apart=2.0, seed=2)

    def in_other_units(features: Tensor) -> Tensor:
        scaled = features * torch.tensor([1e3, 1e-3, 1.0]) + torch.tensor([-7.0, 0.0, 50.0])
        return torch.cat([scaled, torch.full((len(features), 1), 4.0)], dim=1)

    assert linear_probe(in_other_units(x), labels, in_other_units(other), truth) == linear_probe(
        x, labels, other, truth
    )


def test_neighbors_find_what_no_line_divides() -> None:
    draws = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(600, 2, generator=draws) - 1
    labels = (x[:, 0] * x[:, 1] > 0).long()  # opposite quarters
    found = probes(x[:500], labels[:500], x[500:], labels[500:])
    assert found.neighbors > 0.9
    assert found.linear < 0.65


def test_many_classes_of_few_images_are_no_reason_to_warn() -> None:
    x = torch.arange(30.0)[:, None]
    labels = torch.arange(30) % 20  # scikit-learn would warn
    assert 0 <= probes(x, labels, x, labels).linear <= 1


def test_the_nearest_vote_by_hand() -> None:
    train, labels = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0]]), torch.tensor([0, 1, 1, 0, 0])
    held_out, truth = torch.tensor([[0.1], [10.4]]), torch.tensor([0, 0])
    # Of the nearest one, 0; of the nearest three (0, 1, 2) most are 1.
    assert neighbor_accuracy(train, labels, held_out, truth, neighbors=1) == 1.0
    assert neighbor_accuracy(train, labels, held_out, truth, neighbors=3) == 0.5
    # All of fewer than asked for vote.
    assert neighbor_accuracy(train, labels, held_out, truth, neighbors=99) == 1.0


def test_what_does_not_fit_together_is_refused() -> None:
    x, labels = clouds(10, apart=1.0, seed=0)
    with pytest.raises(
        ShapeError, match=r"^features must have shapes \(N, D\) and \(M, D\), got \(10, 3\) and \(10, 2\)"
    ):
        probes(x, labels, x[:, :2], labels)
    with pytest.raises(
        ShapeError, match=r"^each image must have one label, got \(9,\) and \(10,\) for \(10, 3\), \(10, "
    ):
        probes(x, labels[:9], x, labels)
    with pytest.raises(
        ArgumentError, match=r"^a probe must learn at least two classes, got images of one; take images "
    ):
        probes(x, 0 * labels, x, labels)
    with pytest.raises(ArgumentError, match=r"^neighbors must be a whole number of at least 1, got 0$"):
        neighbor_accuracy(x, labels, x, labels, neighbors=0)
