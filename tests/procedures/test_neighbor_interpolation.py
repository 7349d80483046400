"""What lies between the codes of nearest neighbors."""

import pytest
import torch

from contracts import CONFIGS, autoencoder, built, images
from copyist.errors import ArgumentError, ContractError
from copyist.procedures.neighbor_interpolation import between_neighbors
from known import PerfectAutoencoder


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_linear_code_decodes_to_the_mixture_of_an_image_and_its_nearest_other(share: float) -> None:
    levels = torch.tensor([0.0, 0.9, 0.1, 0.6, 0.85])
    others = torch.tensor([0.1, 0.85, 0.0, 0.85, 0.9])
    x = levels[:, None, None, None].expand(-1, 2, 3, 4)
    found = between_neighbors(PerfectAutoencoder(scale=7.0), x, share=share)
    expected = (1 - share) * levels + share * others
    torch.testing.assert_close(found, expected[:, None, None, None].expand_as(x), rtol=0, atol=1e-6)


def test_neighbors_are_found_among_more_images_than_are_compared_at_once() -> None:
    x = images(600, (1, 2, 3))
    flat = x.flatten(1)
    distances = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    found = between_neighbors(PerfectAutoencoder(), x, share=1.0)
    torch.testing.assert_close(found, x[distances.argmin(1)], rtol=0, atol=1e-6)


def test_a_share_of_none_is_the_copy() -> None:
    model, x = autoencoder(CONFIGS["unet-group"]), images()
    with torch.no_grad():
        torch.testing.assert_close(between_neighbors(model, x, share=0.0), model(x), rtol=0, atol=1e-5)


def test_what_has_no_neighbors_is_refused() -> None:
    model = PerfectAutoencoder()
    with pytest.raises(ArgumentError, match=r"^neighbors must be among at least 2 images, got 1; give more$"):
        between_neighbors(model, images(1))
    with pytest.raises(ArgumentError, match=r"^share must lie in \[0, 1\], got 2"):
        between_neighbors(model, images(), share=2.0)
    with pytest.raises(
        ContractError, match=r"^interpolation between neighbors works in a model's code, and DnCNN has n"
    ):
        between_neighbors(built(CONFIGS["dncnn"]), images())  # type: ignore[arg-type]
