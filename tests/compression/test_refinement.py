"""A refined code makes a file that costs less for what it shows, and any decoder reads it."""

import math

import numpy as np
import pytest
import torch

from copyist.compression.refinement import refinement
from copyist.errors import ArgumentError

from .models import codec, coder, raster


def cost(data: bytes, picture: np.ndarray, *, weight: float) -> float:
    """Bits per pixel plus λ times the mean squared error, of the file as it is decoded."""
    found = coder().decompress(data).pixels.astype(float) / 255
    return 8 * len(data) / picture[:, :, 0].size + weight * float(((found - picture / 255) ** 2).mean())


@pytest.mark.slow
def test_refined_files_cost_less_bits_for_their_error() -> None:
    picture = raster(90, 70)
    plain = [coder().compress(picture, quality=each).data for each in (1, 2, 3)]
    errors = [cost(each, picture.pixels, weight=1) - 8 * len(each) / (90 * 70) for each in plain]
    weight = 8 * (len(plain[2]) - len(plain[0])) / (90 * 70) / math.log(errors[0] / errors[2]) / errors[1]
    refined = coder().compress(picture, quality=2, refine=refinement(codec(), steps=60)).data
    assert cost(refined, picture.pixels, weight=weight) < 0.97 * cost(plain[1], picture.pixels, weight=weight)
    assert coder().compress(picture, quality=2, refine=refinement(codec(), steps=60)).data == refined


def test_refinement_leaves_no_gradient_and_takes_whole_steps() -> None:
    coder().compress(raster(16, 16), quality=1, refine=refinement(codec(), steps=1))
    assert all(weight.grad is None for weight in codec().parameters())
    assert not torch.is_inference_mode_enabled()
    with pytest.raises(ArgumentError, match="effort must be a whole number of at least 1"):
        refinement(codec(), steps=0)
