"""The size of a code is known before there is one, and stands beside that of the image."""

import math

import pytest
import torch

from contracts import CLASSIFIERS, CODELESS, CONFIGS, autoencoder, built, classifier, images
from copyist.errors import ShapeError
from copyist.models import ConvConfig, MLPConfig, UNetConfig, code_ratio, code_shape


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - CODELESS))
def test_the_shape_of_a_code_is_that_of_what_the_model_encodes_to(kind: str) -> None:
    model = autoencoder(CONFIGS[kind])
    with torch.no_grad():
        z = model.encode(images())
    model.double().train()
    assert code_shape(model, (3, 8, 12)) == tuple(z.shape[1:])
    assert code_ratio(model, (3, 8, 12)) == z[0].numel() / (3 * 8 * 12)
    assert model.training


def test_what_has_no_code_has_no_ratio() -> None:
    for kind in CODELESS:
        assert code_ratio(built(CONFIGS[kind]), (3, 8, 12)) is None
    assert code_shape(classifier(CLASSIFIERS["vit"]), (3, 8, 12)) is None


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_each_level_of_a_u_net_halves_its_code_beside_an_image_of_any_size(levels: int) -> None:
    # Twice the maps at a quarter of the positions.
    model = built(UNetConfig(channels=3, width=6, levels=levels))
    for size in ((16, 16), (32, 48)):
        assert code_ratio(model, (3, *size)) == pytest.approx(6 / 3 / 2 ** (levels - 1))


def test_codes_of_fixed_size_stand_beside_their_image_or_row() -> None:
    assert code_ratio(built(ConvConfig(image_shape=(3, 32, 32), code=64)), (3, 32, 32)) == 64 / 3072
    assert code_ratio(built(MLPConfig(num_columns=30, widths=(64,), code=4)), (30,)) == pytest.approx(4 / 30)
    hidden = UNetConfig(channels=3, width=4, levels=2, hidden=(9, 5), image_size=(8, 12))
    assert code_shape(built(hidden), (3, 8, 12)) == (5,)


def test_an_image_that_the_model_does_not_take_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^the model takes images of 3 channels, got 1; "):
        code_ratio(built(CONFIGS["unet-none"]), (1, 8, 12))
    with pytest.raises(ShapeError, match=r"^image sides must be multiples of 4, got 10x12; "):
        code_ratio(built(CONFIGS["unet-none"]), (3, 10, 12))
    assert math.prod(code_shape(built(CONFIGS["unet-none"]), (3, 16, 12)) or ()) == 16 * 4 * 3
