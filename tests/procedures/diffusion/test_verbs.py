"""What other verbs make of a diffusion model: a denoiser of any noise level, its score, and its noise as a code."""

import math
from typing import Any, final

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, DIFFUSION, built, diffusion
from copyist.errors import ArgumentError, ContractError
from copyist.evaluation.psnr_table import psnr_table
from copyist.models import MLPConfig
from copyist.models.contracts import Diffusion
from copyist.procedures import denoise, encode, reconstruct, sample, score, walk
from copyist.procedures.diffusion import Ancestral, Conditions, Euler, Heun, invert_flow
from known import GaussianDiffusion

MEAN, STD = 0.4, 0.2


def gaussian() -> GaussianDiffusion:
    return GaussianDiffusion(mean=MEAN, covariance=STD**2)


def images(count: int = 4) -> Tensor:
    return MEAN + STD * torch.randn(count, 2, 3, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("sigma", [0.05, 0.3, 2.0])
def test_at_each_noise_level_it_denoises_and_has_the_score_of_that_level(sigma: float) -> None:
    x = images()
    on_paper = -(x - MEAN) / (STD**2 + sigma**2)
    torch.testing.assert_close(score(gaussian(), x, sigma=sigma), on_paper, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(denoise(gaussian(), x, sigma=sigma), x + sigma**2 * on_paper)


def test_it_is_told_the_level_of_each_column_of_a_table_of_psnr() -> None:
    pictures = [torch.full((1, 16, 20), MEAN + STD * place) for place in (-1.0, 0.0, 1.0)]
    sigmas = (0.1, 0.4)
    table = psnr_table(gaussian(), pictures, names=["a", "b", "c"], sigmas=sigmas, filters=False)
    for row, sigma in zip(table.rows, sigmas, strict=True):
        share = STD**2 / (STD**2 + sigma**2)
        # Of a constant picture away from the mean by d: its bias (1 − share)·d, and the noise that is left.
        errors = [((1 - share) * STD * place) ** 2 + (share * sigma) ** 2 for place in (-1.0, 0.0, 1.0)]
        wanted = sum(-10 * math.log10(error) for error in errors) / 3
        assert row.model.mean == pytest.approx(wanted, abs=0.3)


def test_its_code_is_the_noise_that_it_would_make_the_images_of() -> None:
    x = images(300)
    z = encode(gaussian(), x)
    # The flow of a Gaussian is linear, and the largest level hides the data.
    torch.testing.assert_close(z, (x - MEAN) / STD, rtol=0.03, atol=0.03)
    torch.testing.assert_close(z, invert_flow(gaussian(), x, method=Heun()))
    near = invert_flow(gaussian(), x, method=Heun(steps=120)) - (x - MEAN) / STD
    assert float(near.abs().max()) < 0.3 * float((z - (x - MEAN) / STD).abs().max())


def test_back_from_its_code_the_image_returns() -> None:
    x = images()
    back = sample(
        gaussian(), count=4, method=Heun(steps=60), conditions=Conditions(like=x, strength=1, deterministic=True)
    )
    torch.testing.assert_close(back, x, rtol=0, atol=0.01)


@final
class OfCodes(Diffusion):
    """Codes are images upside down."""

    def __init__(self) -> None:
        super().__init__()
        self.center, self.spread, self.path = 0.0, 1.0, "straight"

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None: ...

    def to_space(self, x: Tensor) -> Tensor:
        return -x

    def from_space(self, z: Tensor) -> Tensor:
        return -z

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        return torch.zeros_like(x)


def test_what_a_diffusion_model_is_not_is_refused_in_a_sentence() -> None:
    model, x = diffusion(DIFFUSION["clean"]), torch.rand(2, 3, 8, 12)
    with pytest.raises(
        ContractError, match=r"^denoise needs the noise level, which DiffusionUNet is told, got none; g"
    ):
        denoise(model, x)
    with pytest.raises(
        ContractError, match=r"^a diffusion model takes noise of the given level off at once, got 2 pas"
    ):
        denoise(model, x, sigma=0.1, passes=2)
    with pytest.raises(ArgumentError, match=r"^sigma must be greater than 0, got 0$"):
        denoise(model, x, sigma=0)
    with pytest.raises(
        ContractError,
        match=r"^a noise level is told to a diffusion model, got sigma .* for DnCNN, which is told none; leave",
    ):
        denoise(built(CONFIGS["dncnn"]), x, sigma=0.1)
    with pytest.raises(
        ContractError, match=r"^reconstruct needs a model that copies, and DiffusionUNet does not; take"
    ):
        reconstruct(model, x)
    with pytest.raises(ContractError, match=r"^walk works in a model's code, and DiffusionUNet has none; take a model"):
        walk(model, x, steps=1)
    with pytest.raises(
        ContractError, match=r"^the flow from images to noise has no way by Ancestral, which draws nois"
    ):
        invert_flow(model, x, method=Ancestral())
    with pytest.raises(
        ContractError, match=r"^a noise level of pixels is known to a diffusion model of images, and OfC"
    ):
        score(OfCodes(), x, sigma=0.1)


def test_of_codes_the_noise_is_that_of_the_codes() -> None:
    x = torch.rand(2, 1, 4, 6)
    # An estimate of 0 leaves the noise to grow in proportion to the level: from the first above 0.
    method = Euler(steps=4, largest=3.0)
    z = invert_flow(OfCodes(), x, method=method)
    first = method.sigmas(OfCodes())[-2]
    torch.testing.assert_close(z, -x * 3 / first / math.sqrt(10))
