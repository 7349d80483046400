"""The convolutional autoencoder has a code of the size it is told, for images of any sides."""

import pytest
import torch

from contracts import autoencoder, images
from copyist.errors import ArgumentError, ShapeError
from copyist.models import ConvConfig


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 14), (2, 25, 25), (1, 11, 8)])
@pytest.mark.parametrize("levels", [1, 3])
def test_images_of_any_sides_come_back_through_a_code_of_the_size_asked_for(
    shape: tuple[int, int, int], levels: int
) -> None:
    model = autoencoder(ConvConfig(width=4, levels=levels, code=5).fitted(shape))
    x = images(3, shape)
    assert model.encode(x).shape == (3, 5)
    assert model(x).shape == x.shape


def test_nothing_bends_the_code() -> None:
    """The decoder's first layer is linear in the code, and the encoder's last layer takes any sign."""
    model = autoencoder(ConvConfig(image_shape=(1, 8, 8), width=4, levels=2, code=50))
    z = model.encode(images(20, (1, 8, 8)) - 0.5)
    assert z.min() < 0 < z.max()


def test_fresh_answers_lie_around_gray() -> None:
    model = autoencoder(ConvConfig(image_shape=(3, 16, 16), width=8, levels=3, code=20))
    with torch.no_grad():
        assert abs(float(model.decode(torch.zeros(1, 20)).mean()) - 0.5) < 1e-6


def test_a_config_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^code must be a whole number of at least 1, got 0$"):
        ConvConfig(code=0)
    with pytest.raises(
        ShapeError, match=r"^image sides must be at least 16 for 4 levels, got 8x20; enlarge the images"
    ):
        ConvConfig(levels=4).fitted((1, 8, 20))
    with pytest.raises(
        ShapeError, match=r"^the model was built for images of shape \(1, 8, 8\), got \(1, 8, 9\); resize"
    ):
        ConvConfig(image_shape=(1, 8, 8)).fitted((1, 8, 9))
    with pytest.raises(
        ShapeError, match=r"^the model takes images \(C, H, W\), got rows of a table of 9 columns; take an"
    ):
        ConvConfig().fitted((9,))
    with pytest.raises(ArgumentError, match=r"^a convolutional autoencoder must know its image_shape; give it, or fit"):
        ConvConfig().build()
    model = autoencoder(ConvConfig(image_shape=(1, 8, 8)))
    with pytest.raises(
        ShapeError, match=r"^the model takes images of shape \(1, 8, 8\) only, got \(1, 8, 16\); resize"
    ):
        model.check_batch(torch.rand(2, 1, 8, 16))
