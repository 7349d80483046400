"""A header tells what its diffusion model takes noise off."""

from typing import Any

import torch

from contracts import CONFIGS, DIFFUSION, diffusion
from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES, Header, recorded_space
from copyist.models import DiffusionUNetConfig, LatentDiffusionConfig, ModelConfig, UNetConfig

LATENT = LatentDiffusionConfig(
    first_stage=UNetConfig(width=4, levels=3, statistics="group", code_channels=5),
    denoiser=DiffusionUNetConfig(width=4, levels=1, center=0.4, spread=0.3),
).fitted((3, 8, 12))


def header(config: ModelConfig, **data: Any) -> Header:
    return Header(model=settings.dump(config, MODEL_CATALOGUES), batch_size=2, data=data)


def line(config: ModelConfig, **data: Any) -> str | None:
    found = recorded_space(header(config, **data))
    return None if found is None else found.text()


def test_the_line_names_images_or_codes_with_their_shape_mean_and_deviation() -> None:
    own = DiffusionUNetConfig(channels=3, width=4, levels=2, center=0.4, spread=0.3)
    assert line(own, image_shape=[3, 8, 12]) == "works on images 3x8x12 in [0, 1]; center 0.4, spread 0.3"
    assert line(own) == "works on images in [0, 1]; center 0.4, spread 0.3"
    assert line(LATENT, image_shape=[3, 8, 12]) == "works on codes 5x2x3 of images in [0, 1]; center 0, spread 1"
    assert line(LATENT.denoiser, image_shape=[3, 8, 12]) == "works on codes of images in [0, 1]; center 0, spread 1"
    for kind, config in CONFIGS.items():
        assert line(config, image_shape=[3, 8, 12]) is None, kind


def test_the_shape_is_that_of_what_the_model_makes_of_images() -> None:
    for config in (*DIFFUSION.values(), LATENT):
        found = recorded_space(header(config, image_shape=[3, 8, 12]))
        assert found is not None
        with torch.no_grad():
            z = diffusion(config).to_space(torch.rand(1, 3, 8, 12))
        assert found.to_document() == {
            "space": "codes" if config is LATENT else "images",
            "shape": list(z.shape[1:]),
            "center": 0.0 if config is LATENT else 0.5,
            "spread": 1.0 if config is LATENT else 0.25,
            "image_range": [0, 1],
        }


def test_no_one_elses_code_is_run_and_a_config_that_cannot_be_built_tells_nothing() -> None:
    for wrong in ({"kind": "no_such_package:Net"}, {"kind": "diffusion-unet", "width": 0}, {"kind": "none"}):
        assert recorded_space(Header(model=wrong, batch_size=2, data={"image_shape": [3, 8, 8]})) is None
    assert line(LATENT, image_shape=[3, 7, 8]) is None
