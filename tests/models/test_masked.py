"""The masked autoencoder sees what is visible, and nothing else."""

import pytest
import torch
from torch import Tensor

from contracts import CLASSIFIERS, CONFIGS, built, classifier, half, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import MaskedViT, MaskedViTConfig, ViTConfig
from copyist.models.contracts import Masked, needs
from copyist.nn.patches import from_patches, to_patches


def masked() -> MaskedViT:
    model = built(CONFIGS["masked-vit"])
    assert isinstance(model, MaskedViT)
    return model


def repainted(x: Tensor, visible: Tensor) -> Tensor:
    """The same visible patches, and other hidden ones, some of which are no numbers."""
    others = torch.where(torch.rand_like(to_patches(x, size=4)) < 0.5, torch.nan, 7.0)
    return from_patches(torch.where(visible[:, :, None], to_patches(x, size=4), others), size=4, image_size=(8, 12))


@torch.no_grad()
def test_hidden_pixels_cannot_change_the_code_or_the_copy() -> None:
    model, x = masked(), images()
    visible = half(x)
    assert torch.equal(model.encode_visible(x, visible), model.encode_visible(repainted(x, visible), visible))
    assert torch.equal(model.forward_visible(x, visible), model.forward_visible(repainted(x, visible), visible))


@torch.no_grad()
def test_every_visible_pixel_can_change_the_code() -> None:
    model, x = masked(), images()
    visible = half(x)
    z = model.encode_visible(x, visible)
    for pixel in range(48):
        patches = to_patches(x, size=4)
        patches[:, :, pixel] += 1.0
        changed = model.encode_visible(from_patches(patches, size=4, image_size=(8, 12)), visible)
        assert (changed - z).abs().amax((1, 2)).min() > 0


@torch.no_grad()
def test_the_encoder_computes_on_visible_tokens_only_and_the_decoder_on_all() -> None:
    model, x = masked(), images()
    seen: dict[str, tuple[int, ...]] = {}
    for name in ("embed", "blocks.0", "blocks.1", "decoder.enter", "decoder.blocks.0"):
        model.get_submodule(name).register_forward_hook(
            lambda module, given, answer, name=name: seen.update({name: tuple(given[0].shape)})
        )
    assert model.encode_visible(x, half(x)).shape == (5, 3, 12)
    model.forward_visible(x, half(x))
    assert seen["embed"] == (5, 3, 48)
    assert seen["blocks.0"] == seen["blocks.1"] == seen["decoder.enter"] == (5, 3, 12)
    assert seen["decoder.blocks.0"] == (5, 6, 8)


@torch.no_grad()
def test_the_code_of_visible_patches_is_that_of_a_transformer_without_the_others() -> None:
    model, x = masked(), images()
    visible = half(x)
    for index in range(len(x)):
        kept = visible[index]
        h = model.embed(to_patches(x[index : index + 1], size=4)[:, kept]) + model.positions[:, kept]
        on_paper = model.norm(model.blocks(h))
        code = model.encode_visible(x[index : index + 1], visible[index : index + 1])
        torch.testing.assert_close(code, on_paper, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_with_all_visible_it_is_an_autoencoder_like_others() -> None:
    model, x = masked(), images()
    everything = torch.ones(5, 6, dtype=torch.bool)
    assert torch.equal(model.encode(x), model.encode_visible(x, everything))
    assert torch.equal(model(x), model.forward_visible(x, everything))


@torch.no_grad()
def test_where_a_token_is_hidden_the_decoder_knows_its_place_only() -> None:
    model, x = masked(), images()
    visible = half(x)
    z = model.encode_visible(x, visible)
    before = to_patches(model.decode_visible(z, visible), size=4)
    # Two hidden places have equal answers once they are told apart by nothing.
    model.decoder.positions.fill_(0.3)
    after = to_patches(model.decode_visible(z, visible), size=4)
    for index in range(len(x)):
        hidden = (~visible[index]).nonzero()[:, 0]
        assert (before[index, hidden[0]] - before[index, hidden[1]]).abs().max() > 1e-4
        torch.testing.assert_close(after[index, hidden[0]], after[index, hidden[1]])


@torch.no_grad()
def test_its_encoder_goes_over_to_the_classifier_by_name() -> None:
    model, x = masked(), images()
    names = classifier(ViTConfig(image_shape=(3, 8, 12), num_classes=7, width=12, depth=2, heads=2))
    missing, left = names.load_state_dict(model.state_dict(), strict=False)
    assert missing == ["head.weight", "head.bias"]
    assert all(name.startswith("decoder.") for name in left)
    torch.testing.assert_close(names.features(x), model.encode(x).mean(1))


@pytest.mark.parametrize("kind", ["mlp", "unet-none", "unet-skips"])
def test_other_models_take_whole_images_only_and_say_so(kind: str) -> None:
    model = built(CONFIGS[kind])
    with pytest.raises(
        ContractError, match=r"^walk shows a model some patches only, and \w+ takes whole images; take a"
    ):
        needs(model, Masked, verb="walk")
    with pytest.raises(ContractError, match=r"^walk shows a model some patches only, and ViT takes whole images; "):
        needs(classifier(CLASSIFIERS["vit"]), Masked, verb="walk")
    assert needs(masked(), Masked, verb="walk").patch == 4


def test_a_patch_that_does_not_divide_the_image_is_refused() -> None:
    with pytest.raises(
        ShapeError, match=r"^image sides must be multiples of the patch of 5, got 8x12; resize the imag"
    ):
        MaskedViTConfig(patch=5).fitted((3, 8, 12))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"decoder_width": 0}, r"^decoder_width must be at least 1, got 0$"),
        ({"decoder_width": 10}, r"^decoder_width must be a multiple of decoder_heads, got 10 and 4$"),
        ({"width": 10}, r"^width must be a multiple of heads, got 10 and 4$"),
        ({"width": 6, "heads": 3}, r"^width must be a multiple of 4 for positions=sincos, got 6$"),
        (
            {"decoder_width": 6, "decoder_heads": 2},
            r"^decoder_width must be a multiple of 4 for positions=sincos, got 6$",
        ),
        ({"depth": 0}, r"^depth must be at least 1, got 0$"),
    ],
)
def test_a_shape_that_cannot_be_built_is_refused(wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        MaskedViTConfig(**wrong)  # pyright: ignore[reportArgumentType]


def test_patches_of_another_number_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"^visible must be bool of shape \(5, 6\), one for each patch, got "):
        masked().forward_visible(images(), torch.ones(5, 4, dtype=torch.bool))
