"""How far inpainting in codes moves what it is to keep, of codes known on paper."""

import pytest
import torch

from copyist.evaluation.inpainting_measures import inpainting_measures
from copyist.procedures.diffusion import Euler
from known import GaussianDiffusion, HalvedDiffusion

VISIBLE = torch.ones(4, 6, dtype=torch.bool)
VISIBLE[1, 1:4] = False


def test_kept_pixels_move_by_the_copy_where_codes_are_kept_and_to_the_sample_where_they_are_made_anew() -> None:
    x = torch.rand(3, 1, 4, 6, generator=torch.Generator().manual_seed(0))
    found = inpainting_measures(HalvedDiffusion(), x, VISIBLE, method=Euler(steps=3))
    copies = x.reshape(3, 1, 2, 2, 3, 2).mean((3, 5)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    made = copies.clone()
    made[..., :2, :4] = 0.75  # The two codes with a hidden pixel.
    for value, answer in ((found.copied, copies), (found.moved, made)):
        assert value == pytest.approx(float((answer - x)[..., VISIBLE].square().mean().sqrt()), rel=1e-5)


def test_in_pixels_nothing_moves() -> None:
    x = torch.rand(3, 2, 4, 6, generator=torch.Generator().manual_seed(0))
    found = inpainting_measures(GaussianDiffusion(mean=0.5, covariance=0.01), x, VISIBLE, method=Euler(steps=3))
    assert found.copied == 0
    assert found.moved == pytest.approx(0, abs=1e-6)
