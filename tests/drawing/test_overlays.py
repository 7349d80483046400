"""Heat over pictures is drawn on one scale, and where there is none the picture stays."""

import numpy as np
import torch

from copyist.drawing.overlays import heat_levels, overlay


def test_a_picture_without_heat_stays_as_it_is() -> None:
    pixels = torch.linspace(0, 1, 30).reshape(1, 5, 6)
    shown = overlay(pixels, torch.full((5, 6), 0.9), (1.0, 9.0))
    assert shown.shape == (5, 6, 3)
    np.testing.assert_array_equal(shown, np.rint(pixels[0].numpy() * 255).astype(np.uint8)[..., None].repeat(3, 2))


def test_more_heat_is_redder_up_to_the_second_level() -> None:
    heat = torch.tensor([[1.0, 2.0, 4.0, 9.0, 900.0]])
    shown = overlay(torch.full((3, 1, 5), 0.5), heat, (1.0, 9.0)).astype(int)
    green = shown[0, :, 1]
    assert (shown[0, 1:, 0] > shown[0, 1:, 2]).all()
    assert green[1] > green[2] > green[3] == green[4]


def test_levels_are_those_of_all_pictures() -> None:
    assert heat_levels([1.0, 2.0, 3.0], [40.0] * 20) == (2.0, 40.0)
    assert heat_levels([2.0], [2.1]) == (2.0, 6.0)
    assert heat_levels([2.0], [1e9]) == (2.0, 200.0)
    low, high = heat_levels([], [])
    assert 0 < low < high
