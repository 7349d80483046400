"""Instruments before they judge: each control can fail one, and the known bad one fails."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from copyist.baselines.filters import MatchedBlur
from copyist.claims.measures.distances import Distances, scene_distances
from copyist.claims.measures.instruments import (
    mean_colored,
    record_checks,
    shuffled_patches,
    upside_down,
)
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Trial
from copyist.data import open_source
from copyist.errors import ArgumentError, ShapeError
from copyist.metrics.distribution import edge_features, layout_features
from copyist.tensors import Images

COUNT = 128


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def scenes() -> tuple[Images, Images]:
    """Training and held-out landscapes."""
    splits = open_source("scenes?size=16&limit=512")
    return splits.train.images(), splits.test.images()


def checked(
    distances: Distances, *, copies: Images | None = None, one_pass: Images | None = None, decoded: Images | None = None
) -> dict[str, InstrumentCheck]:
    """A check in which blurred images stand for copies, and noise for what comes of noise."""
    noise = 0.5 + 0.3 * torch.randn(distances.real.shape, generator=g())
    return distances.check(
        copies=MatchedBlur.fitted(distances.real, blur=0.5)(distances.real) if copies is None else copies,
        one_pass=noise if one_pass is None else one_pass,
        decoded=noise if decoded is None else decoded,
    )


def test_appearance_passes_where_every_control_is_as_it_should_be(scenes: tuple[Images, Images]) -> None:
    checks = checked(Distances.fit(train=scenes[0], held_out=scenes[1], count=2 * COUNT))
    assert list(checks) == ["axes", "layout", "appearance"]
    assert checks["appearance"].passed


def test_draws_of_the_normal_law_of_pixels_pass_for_images_where_features_are_linear(
    scenes: tuple[Images, Images],
) -> None:
    checks = checked(Distances.fit(train=scenes[0], held_out=scenes[1], count=2 * COUNT))
    assert {name: check.passed for name, check in checks.items()} == {
        "axes": False,
        "layout": False,
        "appearance": True,
    }
    for name, check in checks.items():
        in_floors = check.values["pixel_law"] / check.values["real"]
        assert in_floors < 2 if name != "appearance" else in_floors > 10


def test_copies_nearer_than_real_images_or_farther_than_one_pass_fail_an_instrument(
    scenes: tuple[Images, Images],
) -> None:
    distances = Distances.fit(train=scenes[0], held_out=scenes[1], count=COUNT)
    assert not any(check.passed for check in checked(distances, copies=distances.reference).values())
    mild = MatchedBlur.fitted(distances.real, blur=2.0)(distances.real)
    worse = MatchedBlur.fitted(distances.real, blur=3.0)(distances.real)
    assert not any(check.passed for check in checked(distances, copies=worse, one_pass=mild).values())


def test_decoded_noise_as_near_as_real_images_fails_an_instrument(scenes: tuple[Images, Images]) -> None:
    distances = Distances.fit(train=scenes[0], held_out=scenes[1], count=COUNT)
    checks = checked(distances, decoded=distances.train[COUNT : 2 * COUNT])
    assert not any(check.passed for check in checks.values())


def brightness(x: Images) -> Tensor:
    return x.mean((2, 3))


def columns(x: Images) -> Tensor:
    return x.mean(2).flatten(1)[:, ::4]


def below_the_sky(x: Images) -> Tensor:
    """Mean colors, and by how much the lower half is brighter than the upper, which in landscapes it is not."""
    half = x.shape[-2] // 2
    rise = x[..., half:, :].mean((2, 3)) - x[..., :half, :].mean((2, 3))
    return torch.cat([brightness(x), rise.clamp_min(0)], dim=1)


def rows(x: Images) -> Tensor:
    return x.mean(3).flatten(1)[:, ::4]


@pytest.mark.parametrize(
    ("features", "blind_to"),
    [
        (columns, "upside_down"),
        (lambda x: x.flatten(2).sort(dim=2).values[..., ::32].flatten(1), "shuffled"),
        (below_the_sky, "mean_colored"),
        (lambda x: edge_features(x, sides=(1, 2)), "negatives"),
    ],
)
def test_an_instrument_that_does_not_see_one_kind_of_damage_fails(
    scenes: tuple[Images, Images], features: Callable[[Images], Tensor], blind_to: str
) -> None:
    distances = Distances(reference=scenes[1][:COUNT], train=scenes[0], instruments={"blind": features, "rows": rows})
    checks = checked(distances)
    assert checks["blind"].values[blind_to] < 5 * checks["blind"].values["real"]
    assert not checks["blind"].passed
    # Rows see all damage; but the normal law of pixels has their mean and covariance.
    rows_check = checks["rows"].values
    damage = ("upside_down", "shuffled", "mean_colored", "decoded")
    assert min(rows_check[each] for each in damage) > 10 * rows_check["real"]
    assert rows_check["pixel_law"] < 2 * rows_check["real"]


def test_real_images_are_one_floor_away_and_no_set_is_counted_twice(scenes: tuple[Images, Images]) -> None:
    distances = Distances.fit(train=scenes[0], held_out=scenes[1], count=COUNT)
    assert {name: len(floors) for name, floors in distances.floors.items()} == {"axes": 4, "layout": 4, "appearance": 4}
    means = [distances.in_floors(part) for part in scenes[0].split(COUNT)]
    assert sum(each["axes"] for each in means) / 4 == pytest.approx(1.0)
    assert distances.distance(distances.reference) == pytest.approx(
        dict.fromkeys(("axes", "layout", "appearance"), 0.0), abs=1e-6
    )
    assert distances.memorization(distances.real).ratio == 0.0
    assert distances.coverage(distances.reference)["axes"].coverage == 1.0


def test_what_a_screen_would_clip_does_not_count(scenes: tuple[Images, Images]) -> None:
    distances = Distances.fit(train=scenes[0], held_out=scenes[1], count=COUNT)
    loud = 1e6 * torch.randn(distances.real.shape, generator=g())
    assert distances.distance(loud) == distances.distance(loud.clamp(0, 1))


def test_too_few_images_or_sets_of_other_sizes_are_refused(scenes: tuple[Images, Images]) -> None:
    train, held_out = scenes
    # 768 features of 128 images.
    with pytest.raises(ArgumentError, match="needs at least 3072 images, got 128"):
        Distances(reference=held_out[:COUNT], train=train, instruments={"pixels": lambda x: x.flatten(1)})
    with pytest.raises(ArgumentError, match="at least 256 training images"):
        Distances(reference=held_out[:COUNT], train=train[:200], instruments={"brightness": brightness})
    distances = Distances.fit(train=train, held_out=held_out, count=COUNT)
    with pytest.raises(ArgumentError, match="one size, 128, got 64"):
        distances.distance(train[:64])


def test_layout_features_are_means_and_deviations_of_cells() -> None:
    x = torch.rand(2, 3, 4, 6, generator=g())
    found = layout_features(x, sides=(1, 2), contrast_sides=(2,))
    cell = x[:, 1, 2:, :3]  # lower left
    assert found.shape == (2, 3 * (1 + 4 + 4))
    torch.testing.assert_close(found[:, 1], x[:, 1].mean((1, 2)))
    torch.testing.assert_close(found[:, 3 + 4 + 2], cell.mean((1, 2)))
    torch.testing.assert_close(found[:, 15 + 4 + 2], cell.flatten(1).std(1, correction=0))
    with pytest.raises(ArgumentError, match="at least one grid"):
        layout_features(x, sides=(), contrast_sides=())


def test_edge_features_are_mean_changes_of_cells() -> None:
    x = torch.rand(2, 3, 5, 9, generator=g())
    found = edge_features(x, sides=(1, 2))
    assert found.shape == (2, 2 * 3 * (1 + 4))
    across, down = (x[..., 1:] - x[..., :-1]).abs(), (x[..., 1:, :] - x[..., :-1, :]).abs()
    torch.testing.assert_close(found[:, 1], across[:, 1].mean((1, 2)))
    torch.testing.assert_close(found[:, 15 + 2], down[:, 2].mean((1, 2)))
    torch.testing.assert_close(found[:, 15 + 3 + 4], down[:, 1, :2, :5].mean((1, 2)))
    # A step between two columns is an edge across, and none down.
    step = torch.zeros(1, 1, 4, 5)
    step[..., 2:] = 1
    assert edge_features(step, sides=(1,)).tolist() == [[0.25, 0.0]]
    with pytest.raises(ArgumentError, match="at least one grid"):
        edge_features(x, sides=())
    with pytest.raises(ArgumentError, match="got 5 cells along a side of 5"):
        edge_features(x, sides=(5,))


def test_patches_keep_what_they_hold_and_change_their_places() -> None:
    x = torch.arange(16.0).repeat_interleave(2).view(1, 1, 4, 8).expand(3, 1, 4, 8)  # patches of 1 × 2 equal values
    mixed = shuffled_patches(x, generator=g())
    assert not torch.equal(mixed, x)
    assert torch.equal(mixed.flatten(1).sort(1).values, x.flatten(1))
    assert torch.equal(mixed[..., 0::2], mixed[..., 1::2])
    assert torch.equal(upside_down(x)[..., 0, :], x[..., 3, :])
    assert torch.equal(mean_colored(x), torch.full_like(x, 7.5))
    with pytest.raises(ShapeError, match="multiples of 4"):
        shuffled_patches(torch.zeros(1, 1, 6, 8), generator=g())


def test_a_trial_keeps_every_check(scenes: tuple[Images, Images], trial: Trial) -> None:
    distances = Distances.fit(train=scenes[0], held_out=scenes[1], count=COUNT)
    checks = checked(distances)
    record_checks(checks, trial)
    assert trial.instruments == checks


def test_landscapes_of_a_trial_are_compared_with_held_out_ones(trial: Trial) -> None:
    distances = scene_distances(trial)
    assert list(distances.instruments) == ["axes", "layout", "appearance"]
    assert len(distances.reference) == len(distances.real) == 32
    assert not any(torch.equal(distances.reference[0], each) for each in distances.train)
