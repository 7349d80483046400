"""The plain denoiser: what a pixel hears of, what no bias means, and what comes of a residual."""

from typing import Any

import pytest
import torch
from torch import nn

from contracts import CLASSIFIERS, CONFIGS, built, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.metrics.jacobian import jacobian_support
from copyist.models import DnCNNConfig, MLPConfig, ResidualConfig


def test_as_many_convolutions_as_its_depth_and_a_norm_between_the_first_and_the_last() -> None:
    parts = [*built(DnCNNConfig(channels=1, width=3, depth=4)).get_submodule("layers").children()]
    middle = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    kinds = [nn.Conv2d, nn.ReLU, *middle, *middle, nn.Conv2d]
    assert all(isinstance(part, kind) for part, kind in zip(parts, kinds, strict=True))


def test_a_pixel_hears_of_those_up_to_the_depth_away() -> None:
    model = built(DnCNNConfig(channels=1, width=8, depth=3, statistics="none"))
    support = jacobian_support(model, images(2, (1, 11, 13)), position=(5, 6))
    assert support.extent.tolist() == [3, 3]


@pytest.mark.parametrize("statistics", ["running", "none"])
def test_without_biases_a_brighter_image_is_answered_as_much_brighter(statistics: Any) -> None:
    shape: Any = {"channels": 3, "width": 5, "depth": 4, "statistics": statistics}
    x = images()
    unbiased, biased = (built(DnCNNConfig(**shape, biases=biases)) for biases in (False, True))
    for part in biased.modules():
        if isinstance(part, nn.Conv2d) and part.bias is not None:
            nn.init.constant_(part.bias, 0.1)
    with torch.no_grad():
        torch.testing.assert_close(unbiased(3.5 * x), 3.5 * unbiased(x), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(biased(3.5 * x), 3.5 * biased(x), rtol=1e-2)
    residual = built(ResidualConfig(model=DnCNNConfig(**shape, biases=False)))
    with torch.no_grad():
        torch.testing.assert_close(residual(3.5 * x), 3.5 * residual(x), rtol=1e-4, atol=1e-5)


def test_a_model_without_biases_learns_nothing_that_is_added() -> None:
    model = built(CONFIGS["dncnn-unbiased"])
    assert [name for name, _ in model.named_parameters() if "bias" in name] == []


def test_running_scales_are_learned_in_training_and_then_stand_still() -> None:
    model, x = built(CONFIGS["dncnn-unbiased"]), images()
    name = "layers.3.spread"
    model(x)
    assert torch.equal(model.get_buffer(name), torch.ones(5))
    maps = model.get_submodule("layers.2")(model.get_submodule("layers.0")(x).relu())
    model.train()(x)
    # A tenth of the way from 1.
    wanted = 0.9 + 0.1 * maps.std((0, 2, 3), correction=0)
    torch.testing.assert_close(model.get_buffer(name), wanted.detach(), rtol=1e-4, atol=1e-5)


def test_a_residual_takes_off_what_its_model_says() -> None:
    config = MLPConfig(image_shape=(3, 8, 12), widths=(7, 5))
    x = images()
    residual = built(ResidualConfig(model=config), seed=4)
    with torch.no_grad():
        torch.testing.assert_close(residual(x), x - built(config, seed=4)(x))
    assert residual.image_size == (8, 12)


def test_a_residual_is_fitted_as_its_model_is() -> None:
    assert ResidualConfig(model=MLPConfig(widths=(3,))).fitted((2, 3, 5)).model == MLPConfig(
        image_shape=(2, 3, 5), widths=(3,)
    )
    assert ResidualConfig(model=MLPConfig(widths=(3,))).fitted((5,)).model == MLPConfig(num_columns=5, widths=(3,))
    unet = built(CONFIGS["residual-unet"])
    assert (unet.size_multiple, unet.uses_batch_statistics) == (4, True)
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 4, got 10x12"):
        unet.check_batch(images(2, (3, 10, 12)))


def test_a_classifier_takes_nothing_off() -> None:
    with pytest.raises(
        ContractError, match=r"^a residual model needs a model that copies, and ViT does not; take a model train"
    ):
        ResidualConfig(model=CLASSIFIERS["vit"]).build()


@pytest.mark.parametrize("settings", [{"width": 0}, {"depth": 1}, {"channels": 0}, {"statistics": "batch"}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        DnCNNConfig(**settings)


def test_channels_must_be_known_and_are_kept() -> None:
    with pytest.raises(ArgumentError, match=r"^a DnCNN must know its number of channels; give channels, or fit the"):
        DnCNNConfig().build()
    with pytest.raises(ShapeError, match=r"^the model takes images of 3 channels, got 1; convert the images"):
        built(CONFIGS["dncnn"]).check_batch(images(2, (1, 8, 12)))
