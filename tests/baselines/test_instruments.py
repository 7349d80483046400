"""Features in which sets of images are compared: how many, in what units, and of what."""

import pytest
import torch
from torch import Tensor

from copyist.baselines.instruments import feature_maps
from copyist.errors import ArgumentError
from copyist.metrics.distribution import frechet_distance


def images(count: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("shape", "count", "number"),
    [
        ((3, 8, 10), 512, 3 * (21 + 5 + 10)),
        ((3, 8, 10), 432, 3 * (21 + 5 + 10)),
        ((3, 8, 10), 428, 3 * (5 + 1 + 10)),
        ((3, 8, 10), 96, 3 * (5 + 1 + 2)),
        ((3, 8, 10), 36, 3 * (1 + 2)),
        # Too few for means and edges of each channel.
        ((3, 8, 10), 35, 5 + 1 + 2),
        ((3, 8, 10), 4, 1),
        # Grids are no finer than the image, and those of edges coarser than its half.
        ((3, 4, 10), 512, 3 * (5 + 1 + 2)),
        ((3, 3, 5), 512, 3 * (5 + 1 + 2 * 5)),
        ((3, 2, 5), 512, 3 * (5 + 1 + 2)),
        ((2, 1, 5), 512, 2),
    ],
)
def test_appearance_has_at_most_a_feature_for_four_images(shape: tuple[int, ...], count: int, number: int) -> None:
    features = feature_maps(images(50, *shape), count=count)["appearance"]
    assert features(images(7, *shape, seed=1)).shape == (7, number)


def test_appearance_is_of_means_contrasts_and_edges_at_half_the_size_in_units_of_their_spread() -> None:
    # Cells of 2 × 2 pixels are of one value, so that half the size loses nothing.
    x = images(200, 1, 4, 6).repeat_interleave(2, 2).repeat_interleave(2, 3)
    found = feature_maps(x, count=64)["appearance"](x)
    small = x[..., ::2, ::2]
    across, down = (small[..., 1:] - small[..., :-1]).abs(), (small[..., 1:, :] - small[..., :-1, :]).abs()
    columns = {
        0: x.mean((1, 2, 3)),
        2: x[:, 0, :4, 6:].mean((1, 2)),
        5: x.flatten(1).std(1, correction=0),
        6: across.mean((1, 2, 3)),
        11: down.mean((1, 2, 3)),
        12: down[:, 0, :2, :3].mean((1, 2)),
    }
    for place, column in columns.items():
        torch.testing.assert_close(found[:, place], column / column.std(), rtol=1e-4, atol=1e-4)


def test_what_hardly_varies_counts_in_units_of_a_tenth_of_what_does() -> None:
    # The lower right quarter is nearly the same in all.
    x = images(200, 1, 8, 8)
    x[..., 4:, 4:] = 0.5 + 1e-3 * (x[..., 4:, 4:] - 0.5)
    maps = feature_maps(x, count=64)["appearance"]
    spreads = maps(x)[:, :5].std(0)
    torch.testing.assert_close(spreads.max(), torch.tensor(1.0), rtol=1e-4, atol=1e-4)
    assert float(spreads[4]) < 0.02


def test_each_kind_has_units_of_its_own_in_color_too() -> None:
    # Colors differ by much, contrasts within an image by little.
    x = images(200, 3, 1, 1) + 0.2 * images(200, 3, 1, 1, seed=1) * (images(200, 3, 8, 8, seed=2) - 0.5)
    found = feature_maps(x, count=512)["appearance"](x)
    contrasts = found[:, 3 * 21 : 3 * 26]
    torch.testing.assert_close(contrasts.std(0), torch.ones(15), rtol=1e-3, atol=0)
    first = x[:, 0].flatten(1).std(1, correction=0)
    torch.testing.assert_close(contrasts[:, 0], first / first.std(), rtol=1e-2, atol=1e-2)


def test_edges_that_no_real_image_has_are_counted_in_tenths_of_a_gray_level() -> None:
    plain = images(200, 3, 1, 1).expand(-1, -1, 8, 8)
    features = feature_maps(plain, count=512)["appearance"]
    striped = plain.clone()
    striped[..., 4:] += 1 / 255
    # One edge of one level among three changes between columns of the half: a third of ten tenths.
    torch.testing.assert_close(
        (features(striped) - features(plain))[:, 3 * 26], torch.full((200,), 10 / 3), rtol=1e-2, atol=0
    )
    # Rounding is no edge.
    assert frechet_distance(features(plain), features(images(200, 3, 1, 1, seed=1).expand(-1, -1, 8, 8))) < 3


def test_features_come_where_and_in_what_the_images_are() -> None:
    features = feature_maps(images(50, 1, 8, 8), count=64)["appearance"]
    assert features(images(3, 1, 8, 8).double()).dtype == torch.float64


def test_sets_without_spread_have_no_features() -> None:
    with pytest.raises(ArgumentError):
        feature_maps(torch.full((9, 1, 8, 8), 0.5), count=64)
    with pytest.raises(ArgumentError, match="count must be a whole number of at least 1, got 0"):
        feature_maps(images(9, 1, 8, 8), count=0)
