"""The vision transformer."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from contracts import CLASSIFIERS, classifier, images
from copyist.errors import ArgumentError, ShapeError
from copyist.models import ViT, ViTConfig
from copyist.nn.patches import from_patches, to_patches


def vit() -> ViT:
    model = classifier(CLASSIFIERS["vit"])
    assert isinstance(model, ViT)
    return model


def shuffled(x: torch.Tensor) -> torch.Tensor:
    """The same patches of 4×4 in another order."""
    patches = to_patches(x, size=4)
    order = torch.randperm(patches.shape[1], generator=torch.Generator().manual_seed(2))
    return from_patches(patches[:, order], size=4, image_size=(8, 12))


def test_without_positions_the_order_of_the_patches_does_not_matter_and_with_them_it_does() -> None:
    model, x = vit(), images()
    with torch.no_grad():
        model.positions.normal_()
        assert (model(x) - model(shuffled(x))).abs().max() > 1e-3
        model.positions.zero_()
        torch.testing.assert_close(model(x), model(shuffled(x)), rtol=1e-4, atol=1e-5)


def test_blocks_are_addressed_by_their_names() -> None:
    model = vit()
    seen: dict[str, tuple[int, ...]] = {}

    def kept_as(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda module, given, answer: seen.update({name: tuple(answer.shape)})

    for name in ("blocks.0", "blocks.1", "blocks.2"):
        model.get_submodule(name).register_forward_hook(kept_as(name))
    model(images())
    # Patches of 4×4 in 8×12 pixels.
    assert seen == dict.fromkeys(("blocks.0", "blocks.1", "blocks.2"), (5, 6, 10))


def test_a_net_whose_blocks_write_nothing_averages_its_embedded_patches() -> None:
    model, x = vit(), images()
    with torch.no_grad():
        for name, weight in model.blocks.named_parameters():
            if ".output." in name or ".mlp.2." in name:
                weight.zero_()
        patches = x.reshape(5, 3, 2, 4, 3, 4).permute(0, 2, 4, 1, 3, 5).reshape(5, 6, 48)
        tokens = patches @ model.embed.weight.T + model.embed.bias + model.positions
        centered = tokens - tokens.mean(2, keepdim=True)
        normal = centered / (centered.square().mean(2, keepdim=True) + 1e-5).sqrt()
        torch.testing.assert_close(model.features(x), normal.mean(1), rtol=1e-4, atol=1e-5)


def test_what_the_data_says_is_filled_in() -> None:
    config = ViTConfig(patch=2).fitted((1, 8, 6)).with_classes(10)
    assert config == ViTConfig(patch=2, image_shape=(1, 8, 6), num_classes=10)
    assert classifier(config).get_parameter("positions").shape == (1, 12, 64)
    with pytest.raises(ShapeError, match=r"^the model was built for images of shape \(1, 8, 6\), got \(1, 8, 8\);"):
        config.fitted((1, 8, 8))


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^width must be a multiple of heads, got 10 and 4$"):
        ViTConfig(width=10, heads=4)
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of the patch of 4, got 8x10; resize the"):
        ViTConfig().fitted((3, 8, 10))
    with pytest.raises(ArgumentError, match=r"^a classifier must know its num_classes; give it, or train it by"):
        ViTConfig().build()
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(3, 12, 8\);"):
        vit().check_batch(images(2, (3, 12, 8)))
