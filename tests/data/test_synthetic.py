import numpy as np
import pytest

from copyist.data import open_source
from copyist.data.synthetic import (
    SCENE_CLASSES,
    SceneFactors,
    blob_centers,
    blob_tangents,
    draw_blobs,
    draw_scenes,
    scene_classes,
    scene_factors,
)
from copyist.errors import ArgumentError

SIZE = (48, 64)
BLOB_SIZE = (12, 20)


@pytest.fixture(scope="module")
def factors() -> SceneFactors:
    return scene_factors(200)


@pytest.fixture(scope="module")
def scenes(factors: SceneFactors) -> np.ndarray:
    return draw_scenes(factors, size=SIZE).astype(np.float64) / 255


def luma(scenes: np.ndarray) -> np.ndarray:
    return np.einsum("c,nchw->nhw", [0.299, 0.587, 0.114], scenes)


def test_scenes_are_the_same_whatever_the_count(factors: SceneFactors) -> None:
    few = scene_factors(10)
    np.testing.assert_array_equal(few.horizon, factors.horizon[:10])
    np.testing.assert_array_equal(draw_scenes(few), draw_scenes(factors[:10]))


def test_splits_share_no_scene() -> None:
    train, test = draw_scenes(scene_factors(50)), draw_scenes(scene_factors(50, split="test"))
    assert not {each.tobytes() for each in train} & {each.tobytes() for each in test}


def test_the_whole_sun_stands_in_the_sky(factors: SceneFactors) -> None:
    assert (factors.sun_y - factors.sun_radius > 0).all()
    assert (factors.sun_y + factors.sun_radius < factors.horizon - factors.hill_height).all()
    assert (factors.sun_x - factors.sun_radius > 0).all()
    assert (factors.sun_x + factors.sun_radius < 1).all()


def test_no_house_hides_the_sun(factors: SceneFactors) -> None:
    apart = np.abs(factors.sun_x - factors.house_x)
    assert (apart >= 0.22 - 1e-9).all()
    assert (factors.sun_radius + 0.62 * factors.house_size < 0.22).all()


def test_the_sun_is_where_its_factors_say(factors: SceneFactors, scenes: np.ndarray) -> None:
    row = (factors.sun_y * SIZE[0]).astype(int)
    column = (factors.sun_x * SIZE[1]).astype(int)
    middle = luma(scenes)[np.arange(len(scenes)), row, column]
    land = luma(scenes)[:, -4:].max(axis=(1, 2))
    assert (middle > 0.6).all()
    assert (middle > land + 0.1).all()


def test_the_sky_above_the_horizon_is_brighter_than_the_land_below(factors: SceneFactors, scenes: np.ndarray) -> None:
    gray = luma(scenes)
    for index in np.flatnonzero(~factors.house):
        top = int((factors.horizon[index] - factors.hill_height[index]) * SIZE[0]) - 1
        foot = int(np.ceil((factors.horizon[index] + factors.hill_height[index]) * SIZE[0])) + 1
        assert gray[index, top].min() > gray[index, foot].max()


def test_a_house_changes_only_its_surroundings(factors: SceneFactors) -> None:
    one = int(np.flatnonzero(factors.house)[0])
    with_house = scene_factors(one + 1)[one : one + 1]
    without = scene_factors(one + 1)[one : one + 1]
    without.house[:] = False
    changed = (draw_scenes(with_house, size=(64, 64)) != draw_scenes(without, size=(64, 64))).any(axis=(0, 1, 2))
    columns = (np.flatnonzero(changed) + 0.5) / 64
    assert len(columns)
    assert np.abs(columns - with_house.house_x[0]).max() < 0.62 * with_house.house_size[0] + 2 / 64


def test_the_class_of_a_scene_tells_its_house_the_place_of_its_sun_and_its_daylight(factors: SceneFactors) -> None:
    classes = scene_classes(factors)
    house, third, day = classes // 6, classes % 6 // 2, classes % 2
    np.testing.assert_array_equal(house == 1, factors.house)
    np.testing.assert_array_equal(day == 1, factors.daylight >= 0.5)
    # The range from 0.15 to 0.85, cut by hand.
    np.testing.assert_array_equal(third, np.digitize(factors.sun_x, [0.15 + 0.7 / 3, 0.15 + 1.4 / 3]))
    assert set(classes.tolist()) == set(range(SCENE_CLASSES))


def test_the_ends_of_the_suns_range_belong_to_its_outer_thirds() -> None:
    ends = scene_factors(3)
    ends.sun_x[:] = [0.15, 0.5, 0.85]
    np.testing.assert_array_equal(scene_classes(ends) % 6 // 2, [0, 1, 2])


@pytest.mark.parametrize("size", [(8, 8), (17, 40), (90, 30)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    assert draw_scenes(scene_factors(3), size=size).shape == (3, 3, *size)


def test_at_least_one_scene_must_be_asked_for() -> None:
    with pytest.raises(ArgumentError, match="count must be at least 1"):
        scene_factors(0)


def test_a_spot_is_brightest_and_balanced_at_its_center() -> None:
    centers = blob_centers(7)
    images = draw_blobs(centers, size=BLOB_SIZE).astype(np.float64)
    assert images.shape == (7, 1, *BLOB_SIZE)
    rows, columns = np.arange(12) + 0.5, np.arange(20) + 0.5
    mass = images.sum((1, 2, 3))
    # A spot near the border is cut a little.
    np.testing.assert_allclose((images.sum((1, 3)) @ rows) / mass, 12 * centers[:, 0], atol=0.15)
    np.testing.assert_allclose((images.sum((1, 2)) @ columns) / mass, 20 * centers[:, 1], atol=0.15)
    assert 0.9 < images.max((1, 2, 3)).min() <= images.max() <= 1


def test_tangents_are_the_derivatives_by_finite_differences() -> None:
    centers, step = blob_centers(5), 1e-3
    tangents = blob_tangents(centers, size=BLOB_SIZE)
    assert tangents.shape == (5, 2, 1, *BLOB_SIZE)
    for axis in (0, 1):
        shift = step * np.eye(2)[axis] / np.array(BLOB_SIZE)
        ahead, behind = (draw_blobs(centers + sign * shift, size=BLOB_SIZE).astype(np.float64) for sign in (1, -1))
        np.testing.assert_allclose(tangents[:, axis], (ahead - behind) / (2 * step), atol=1e-4)


def test_the_source_is_the_spots_in_their_order() -> None:
    splits = open_source("blobs?limit=40&size=12x20")
    np.testing.assert_array_equal(splits.train.array, draw_blobs(blob_centers(40), size=BLOB_SIZE))
    np.testing.assert_array_equal(splits.test.array, draw_blobs(blob_centers(40, split="test"), size=BLOB_SIZE))
    assert open_source("blobs").train.image_shape == (1, 16, 16)
    assert len(open_source("blobs").test) == 512


def test_the_first_spots_are_the_same_whatever_their_number() -> None:
    np.testing.assert_array_equal(blob_centers(9)[:4], blob_centers(4))
    assert not np.array_equal(blob_centers(4), blob_centers(4, split="test"))


def test_what_spots_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^blobs must have sides of at least 8, got size=4x4$"):
        open_source("blobs?size=4")
    with pytest.raises(ArgumentError, match=r"^count must be at least 1, got 0$"):
        blob_centers(0)
