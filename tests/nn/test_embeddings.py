"""Positions as sines and cosines."""

import math

import pytest
import torch

from copyist.nn.embeddings import sincos_positions


def test_sincos_positions_on_paper() -> None:
    # Eight units: two frequencies, 1 and 100^(−1/2) = 0.1, as sines and cosines of row and of column.
    places = sincos_positions(3, 5, width=8)
    assert places.shape == (15, 8)
    row, column = 2, 3
    on_paper = [f(k * place) for place in (row, column) for f in (math.sin, math.cos) for k in (1, 0.1)]
    assert places[row * 5 + column].tolist() == pytest.approx(on_paper, abs=1e-6)


def test_no_two_places_are_alike_and_neighbors_are_the_most_alike() -> None:
    places = sincos_positions(6, 7, width=16)
    apart = torch.cdist(places, places) + 1e9 * torch.eye(42)
    assert apart.min() > 0.1
    index = torch.arange(42)
    nearest = apart.argmin(1)
    steps = (index // 7 - nearest // 7).abs() + (index % 7 - nearest % 7).abs()
    assert (steps == 1).all()
