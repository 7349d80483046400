"""A first stage and a denoiser of its codes as one model."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, diffusion, does_not_care_about_order, images, is_rebuilt_from_its_config
from copyist.errors import ShapeError
from copyist.models import DiffusionUNetConfig, LatentDiffusion, LatentDiffusionConfig, UNetConfig
from copyist.models.contracts import ModelConfig, needs

DENOISER = DiffusionUNetConfig(width=4, levels=2, embedding=4)
CODES = {"unet-group": (12, 4, 6), "variational-unet-positions": (5, 4, 6), "unet-batch": (16, 2, 3)}


def latent(first_stage: ModelConfig, denoiser: DiffusionUNetConfig = DENOISER) -> LatentDiffusion:
    """With moments of codes of its own."""
    config = LatentDiffusionConfig(first_stage=first_stage, denoiser=denoiser).fitted((3, 8, 12))
    model = needs(diffusion(config), LatentDiffusion, verb="test")
    with torch.no_grad():
        model.set_moments([model.encode_maps(images(20))])
    return model


@pytest.mark.parametrize(("kind", "shape"), CODES.items())
def test_a_latent_diffusion_model_keeps_the_laws_of_all_models_in_the_space_of_its_codes(
    kind: str, shape: tuple[int, int, int]
) -> None:
    levels = 2 if min(shape[1:]) >= 4 else 1
    model, x = latent(CONFIGS[kind], replace(DENOISER, levels=levels)), images()
    assert model.space_shape((3, 8, 12)) == shape
    z = codes(model, x)
    does_not_care_about_order(model, z)
    is_rebuilt_from_its_config(model, z)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert trained == {name for name, _ in model.named_parameters() if name.startswith("denoiser.")}


def codes(model: LatentDiffusion, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model.to_space(x)


@pytest.mark.parametrize("kind", ["unet-group", "masked-vit"])
def test_codes_are_standardized_maps_and_decode_to_the_copies(kind: str) -> None:
    # Patches of 4×4 make tokens, which are maps of 2×3.
    model, x = latent(CONFIGS[kind], replace(DENOISER, levels=1)), images(20)
    z = codes(model, x)
    assert z.shape[1:] == model.space_shape((3, 8, 12)) == ((12, 4, 6) if kind == "unet-group" else (12, 2, 3))
    torch.testing.assert_close(z.mean((0, 2, 3)), torch.zeros(12), rtol=0, atol=1e-4)
    torch.testing.assert_close(z.var((0, 2, 3), correction=0), torch.ones(12), rtol=0, atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(model.from_space(z), model.first_stage(x), rtol=1e-4, atol=1e-4)


def test_the_denoiser_of_codes_takes_their_channels_and_their_spread() -> None:
    first = UNetConfig(width=4, levels=2, convolutions=1, statistics="group", code_channels=5)
    model = latent(first, replace(DENOISER, parameterization="edm", num_classes=3))
    assert (model.center, model.spread, model.path, model.num_classes) == (0.0, 1.0, "exploding", 3)
    assert model.denoiser.config.channels == 5
    assert model.denoiser.lacks_first_stage
    assert not model.lacks_first_stage
    # Noise levels of either are of codes.
    assert not model.takes_noisy_images
    assert not model.denoiser.takes_noisy_images


@pytest.mark.parametrize(("levels", "multiple"), [(1, 2), (2, 4), (3, 8)])
def test_sides_must_be_multiples_of_what_the_first_stage_and_the_denoiser_halve_them_by(
    levels: int, multiple: int
) -> None:
    config = LatentDiffusionConfig(first_stage=CONFIGS["unet-group"], denoiser=replace(DENOISER, levels=levels))
    model = config.fitted((3, 32, 32)).build()
    assert model.size_multiple == multiple
    model.check_input(torch.zeros(1, *model.space_shape((3, 32, 32 + multiple))))
    with pytest.raises(ShapeError):
        model.check_input(torch.zeros(1, *model.space_shape((3, 32, 32 + multiple // 2))))


def test_images_that_the_first_stage_does_not_take_have_no_place_in_its_space() -> None:
    model = latent(CONFIGS["unet-group"])
    with pytest.raises(ShapeError, match="channel"):
        model.space_shape((1, 8, 12))
    with pytest.raises(ShapeError, match=r"^a first stage must be given images \(C, H, W\), got \(5,\); take images"):
        model.space_shape((5,))
    config = LatentDiffusionConfig(first_stage=CONFIGS["masked-vit"], denoiser=DENOISER)
    with pytest.raises(ShapeError, match=r"a denoiser of 2 levels, got 2x3; take fewer \(--set denoiser.levels=1\)"):
        config.fitted((3, 8, 12))
