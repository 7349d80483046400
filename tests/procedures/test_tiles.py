"""A picture in tiles has the answer of the whole picture, and no answer depends on more than the model states."""

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, built, images
from copyist.models import DnCNNConfig, UNetConfig
from copyist.models.contracts import Reconstructor
from copyist.procedures import reconstruct
from copyist.procedures.tiles import apply_in_tiles, takes_tiles

CPU = torch.device("cpu")

TILED = sorted(kind for kind, config in CONFIGS.items() if takes_tiles(built(config)))


def alive(model: Reconstructor) -> Reconstructor:
    """The model with running statistics that are no longer those it was built with."""
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name.endswith(("running_var", "spread")):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
            elif name.endswith("running_mean"):
                buffer.copy_(0.1 * torch.rand(buffer.shape, generator=generator) - 0.05)
    return model


def test_convolutions_without_statistics_of_the_image_go_in_tiles_and_nothing_else_does() -> None:
    convolutions = ["dncnn", "dncnn-none", "dncnn-unbiased", "residual"]
    levels = ["unet-none", "unet-running", "unet-shortcuts", "unet-skips-none", "variational-unet-positions"]
    assert [*convolutions, *levels] == TILED


@pytest.mark.parametrize("kind", TILED)
@pytest.mark.parametrize("side", [8, 20])
def test_tiles_make_the_whole(kind: str, side: int) -> None:
    model = alive(built(CONFIGS[kind]))
    x = images(1, (3, 60, 84))[0]
    with torch.no_grad():
        whole = model(x[None])[0]
        tiled = apply_in_tiles(model, model, x, device=CPU, side=side)
    torch.testing.assert_close(tiled, whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", TILED)
def test_a_pixel_changes_no_pixel_farther_away_than_stated_and_some_nearly_as_far(kind: str) -> None:
    model = alive(built(CONFIGS[kind])).double()
    assert model.receptive_radius is not None
    reached = max(int(_reach(model, place)) for place in range(48, 48 + model.size_multiple))
    assert model.receptive_radius - model.size_multiple <= reached <= model.receptive_radius


def _reach(model: Reconstructor, place: int) -> Tensor:
    """How far from (place, place) the output changes when that pixel does, in any of four images."""
    x = torch.rand(4, 3, 96, 96, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    moved = x.clone()
    moved[:, :, place, place] += torch.tensor([1.0, -1.0, 9.0, -9.0])[:, None]
    with torch.no_grad():
        changed = (model(moved) - model(x)).abs().sum((0, 1)) > 0
    rows, columns = changed.nonzero(as_tuple=True)
    return torch.cat([rows - place, columns - place]).abs().max()


@pytest.mark.parametrize(
    ("config", "radius"),
    [
        (DnCNNConfig(channels=1, depth=20), 20),
        (UNetConfig(channels=1, levels=1, convolutions=3, statistics="none"), 3),
        # 2 at the lower level are 4 pixels, and 1 for the pair; 2 on the way down and 2 up.
        (UNetConfig(channels=1, levels=2, convolutions=2, statistics="running"), 9),
        (UNetConfig(channels=1, width=1, levels=5, statistics="none"), 107),
        (UNetConfig(channels=1, levels=2), None),
        (UNetConfig(channels=1, levels=2, statistics="image"), None),
        (UNetConfig(channels=1, levels=2, statistics="none", attention="linear"), None),
    ],
)
def test_the_radius_is_that_on_paper(config: DnCNNConfig | UNetConfig, radius: int | None) -> None:
    assert config.build().receptive_radius == radius  # pyright: ignore[reportAttributeAccessIssue]


def test_a_tile_as_large_as_the_picture_is_the_picture() -> None:
    model = built(CONFIGS["unet-none"])
    x = images(1, (3, 24, 28))[0]
    assert torch.equal(
        apply_in_tiles(model, lambda part: reconstruct(model, part), x, device=CPU), reconstruct(model, x[None])[0]
    )
