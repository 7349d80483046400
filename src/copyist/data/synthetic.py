"""Images drawn from known factors: landscapes with rules to check, and a spot of light on a surface of known tangents.

Every scene keeps these rules: the sky lies above the land, and one horizon parts them; one sun stands whole in the sky;
the sky just above the horizon is brighter than the land below it; a house, where there is one, stands on the land.
"""

__all__ = [
    "SCENE_CLASSES",
    "SceneFactors",
    "blob_centers",
    "blob_tangents",
    "draw_blobs",
    "draw_scenes",
    "scene_classes",
    "scene_factors",
]

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from copyist.checks import check_at_least
from copyist.memory import check_memory
from copyist.randomness import derive

Floats: TypeAlias = npt.NDArray[np.float64]

SCENE_CLASSES = 12
"""House or none, by third of the sun's place, by dusk or day."""

_SUN_LEFT, _SUN_RIGHT = 0.15, 0.85
"""The range of `sun_x`."""

_BLOB_WIDTH = 0.12
"""Standard deviation of the spot, as a share of the shorter side."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneFactors:
    """What N scenes show; lengths and places are fractions of the side, measured from the top left."""

    horizon: Floats
    """(N,) mean height of the horizon, in [0.5, 0.72]."""

    hill_height: Floats
    """(N,) how far the horizon departs from its mean at most, in [0.01, 0.08]."""

    hill_waves: Floats
    """(N, 3) how many waves each of the three hill lines counts across the picture, in [0.4, 3]."""

    hill_phase: Floats
    """(N, 3) where each wave begins, in [0, 1]."""

    sun_x: Floats
    """(N,) in [0.15, 0.85]."""

    sun_y: Floats
    """(N,) such that the whole sun stands above the hills."""

    sun_radius: Floats
    """(N,) in [0.045, 0.09], of the shorter side."""

    daylight: Floats
    """(N,) from 0, a colored dusk, to 1, full day."""

    sky_hue: Floats
    """(N,) hue of the upper sky as a fraction of the color circle: turquoise over blue to violet."""

    glow_hue: Floats
    """(N,) hue of the sky at the horizon: rose over orange to yellow."""

    land_hue: Floats
    """(N,) hue of the land: ochre over meadow to fir green."""

    texture_phase: Floats
    """(N, 4) where the fields begin, in [0, 1]."""

    house: npt.NDArray[np.bool_]
    """(N,) whether a house stands there."""

    house_x: Floats
    """(N,) its middle, in [0.12, 0.88] and at least 0.22 from the sun's, so that it never hides the sun."""

    house_size: Floats
    """(N,) the width of its wall, in [0.1, 0.16]."""

    def __len__(self) -> int:
        return len(self.horizon)

    def __getitem__(self, part: slice) -> "SceneFactors":
        return SceneFactors(**{each.name: getattr(self, each.name)[part] for each in fields(self)})


def scene_factors(count: int, *, split: Literal["train", "test"] = "train") -> SceneFactors:
    """The factors of the first `count` scenes of a split; scene i is the same whatever the count.

    Raises:
        ArgumentError: `count` is below 1.
    """
    check_at_least("count", count, 1)
    u = np.random.default_rng(derive(0, "scenes", split)).random((count, 24))
    horizon, sun_x = 0.5 + 0.22 * u[:, 0], _SUN_LEFT + (_SUN_RIGHT - _SUN_LEFT) * u[:, 9]
    hill_height = 0.01 + 0.07 * u[:, 1] ** 2
    sun_radius = 0.045 + 0.045 * u[:, 2]
    highest, lowest = sun_radius + 0.04, horizon - hill_height - sun_radius - 0.03
    return SceneFactors(
        horizon=horizon,
        hill_height=hill_height,
        hill_waves=np.array([0.4, 0.9, 1.8]) + np.array([0.6, 0.9, 1.2]) * u[:, 3:6],
        hill_phase=u[:, 6:9],
        sun_x=sun_x,
        sun_y=highest + (lowest - highest) * u[:, 10],
        sun_radius=sun_radius,
        daylight=u[:, 11],
        sky_hue=0.5 + 0.25 * u[:, 12],
        glow_hue=(0.94 + 0.2 * u[:, 13]) % 1.0,
        land_hue=0.09 + 0.3 * u[:, 14],
        texture_phase=u[:, 15:19],
        house=u[:, 19] < 0.4,
        house_x=_beside(sun_x, u[:, 20]),
        house_size=0.1 + 0.06 * u[:, 21],
    )


def scene_classes(factors: SceneFactors) -> npt.NDArray[np.int64]:
    """The class of each scene, int64 (N,): 6·house + 2·third + day.

    The third is that of the sun's range that it stands in, 0 on the left to 2 on the right; it is day from a daylight
    of 0.5 on. A scene that is mirrored may thus change its class.
    """
    third = np.minimum(3 * (factors.sun_x - _SUN_LEFT) / (_SUN_RIGHT - _SUN_LEFT), 2).astype(np.int64)
    return 6 * factors.house.astype(np.int64) + 2 * third + (factors.daylight >= 0.5)


def draw_scenes(factors: SceneFactors, *, size: tuple[int, int] = (64, 64)) -> npt.NDArray[np.uint8]:
    """Draw the scenes of `factors` in (H, W) pixels: uint8 (N, 3, H, W), antialiased.

    Raises:
        ArgumentError: they do not fit into memory.
    """
    # The scenes, and the planes of those that are drawn at once.
    _check_fit(len(factors), size, needed=3 * len(factors) * size[0] * size[1] + 150 * max(2**19, size[0] * size[1]))
    scenes = np.empty((len(factors), 3, *size), dtype=np.uint8)
    at_once = max(1, 2**19 // (size[0] * size[1]))
    for start in range(0, len(factors), at_once):
        part = factors[start : start + at_once]
        scenes[start : start + at_once] = np.rint(255 * np.clip(_draw(part, size), 0, 1))
    return scenes


def blob_centers(count: int, *, split: Literal["train", "test"] = "train") -> npt.NDArray[np.float64]:
    """Where the first `count` spots of a split stand, (N, 2): row and column in [0.25, 0.75] of the sides.

    Spot i is the same whatever the count.

    Raises:
        ArgumentError: `count` is below 1.
    """
    check_at_least("count", count, 1)
    return 0.25 + 0.5 * np.random.default_rng(derive(0, "blobs", split)).random((count, 2))


def draw_blobs(centers: npt.NDArray[np.float64], *, size: tuple[int, int] = (16, 16)) -> npt.NDArray[np.float32]:
    """Draw exp(−‖p − c‖² / 2w²) at every pixel p: float32 (N, 1, H, W) in [0, 1], a surface of two dimensions.

    Raises:
        ArgumentError: they do not fit into memory.
    """
    _check_fit(len(centers), size, needed=50 * len(centers) * size[0] * size[1])
    away, width = _offsets(centers, size)
    return np.exp(-np.square(away).sum(1, keepdims=True) / (2 * width**2)).astype(np.float32)


def blob_tangents(centers: npt.NDArray[np.float64], *, size: tuple[int, int] = (16, 16)) -> npt.NDArray[np.float32]:
    """How each image changes per pixel that its spot moves down, and across: float32 (N, 2, 1, H, W)."""
    away, width = _offsets(centers, size)
    spots = np.exp(-np.square(away).sum(1, keepdims=True) / (2 * width**2))
    return (spots * away / width**2)[:, :, None].astype(np.float32)


def _check_fit(count: int, size: tuple[int, int], *, needed: int) -> None:
    what = f"{count} images of {size[0]}x{size[1]}"
    check_memory(needed, what, remedy="take smaller ones (?size=64) or fewer (?limit=100)")


def _beside(sun_x: Floats, share: Floats) -> Floats:
    """A place in [0.12, 0.88] at least 0.22 from the sun, uniform over what is left on its two sides."""
    left, right = np.maximum(sun_x - 0.34, 0), np.maximum(0.66 - sun_x, 0)
    along = share * (left + right)
    return np.where(along < left, 0.12 + along, 0.88 - (along - left))


def _draw(f: SceneFactors, size: tuple[int, int]) -> Floats:
    """Scenes as floats (N, 3, H, W), from the sky forward to the house."""
    y = ((np.arange(size[0]) + 0.5) / size[0])[None, :, None]
    x = ((np.arange(size[1]) + 0.5) / size[1])[None, None, :]
    horizon = _horizon(f, x)
    depth = np.clip((y - horizon) / (1 - horizon), 0, 1)  # 0 at the horizon, 1 at the lower edge.
    scene = _sky(f, x, y, size=size)
    scene = _over(scene, _land(f, x, depth), _cover((y - horizon) * size[0]))
    for color, cover in _house(f, x, y, size):
        scene = _over(scene, color, cover)
    return scene


def _horizon(f: SceneFactors, x: Floats) -> Floats:
    """Height of the horizon over each column, (N, 1, W)."""
    turns = f.hill_waves[:, :, None] * x + f.hill_phase[:, :, None]  # (N, 3, W)
    weights = np.array([0.55, 0.3, 0.15])[None, :, None]
    waves = (weights * np.sin(2 * np.pi * turns)).sum(axis=1, keepdims=True)
    return _per_scene(f.horizon) + _per_scene(f.hill_height) * waves


def _sky(f: SceneFactors, x: Floats, y: Floats, *, size: tuple[int, int]) -> Floats:
    """A gradient from the upper color to the glow, with the sun and its halo, (N, 3, H, W)."""
    day = f.daylight
    top = _color(f.sky_hue, 0.62 - 0.12 * day, 0.42 + 0.42 * day)
    glow = _color(f.glow_hue, 0.6 * (1 - day) + 0.1, 0.9 + 0.08 * day)
    low = np.clip(y / _per_scene(f.horizon), 0, 1)[:, None] ** 1.4  # (N, 1, H, 1)
    sky = top + (glow - top) * low
    sun = _color(0.15 - 0.07 * (1 - day), 0.12 + 0.35 * (1 - day), np.ones_like(day))
    shorter = min(size)
    distance = np.hypot((x - _per_scene(f.sun_x)) * size[1], (y - _per_scene(f.sun_y)) * size[0]) / shorter
    radius = _per_scene(f.sun_radius)
    halo = 0.45 * np.exp(-np.maximum(distance - radius, 0) / (1.2 * radius))
    sky = _over(sky, sun, halo)
    return _over(sky, sun, _cover((radius - distance) * shorter))


def _land(f: SceneFactors, x: Floats, depth: Floats) -> Floats:
    """Fields that widen toward the viewer and darken there, hazy at the horizon, (N, 3, H, W)."""
    far = 1 / (0.12 + depth)  # Rows of fields crowd together in the distance.
    turns = f.texture_phase[:, :, None, None]
    rows = np.sin(2 * np.pi * (0.9 * far + turns[:, 0] + 0.6 * np.sin(2 * np.pi * (x + turns[:, 1]))))
    furrows = np.sin(2 * np.pi * ((x - 0.5) * far * 1.6 + turns[:, 2] + 0.5 * depth))
    shade = (0.5 * rows + 0.35 * furrows) * np.clip(3 * depth, 0, 1)
    light = (0.3 + 0.2 * f.daylight)[:, None, None] * (1 - 0.3 * depth) * (1 + 0.16 * shade)
    land = _color(f.land_hue, 0.62 - 0.12 * f.daylight, np.ones_like(f.daylight)) * light[:, None]
    tinted = _color((f.land_hue + 0.06) % 1.0, np.full_like(f.daylight, 0.45), np.ones_like(f.daylight))
    return _over(land, tinted * light[:, None], 0.5 + 0.5 * rows)


def _house(f: SceneFactors, x: Floats, y: Floats, size: tuple[int, int]) -> list[tuple[Floats, Floats]]:
    """Roof, wall and door, each a color (N, 3, 1, 1) and its cover (N, H, W), from back to front."""
    width, middle = _per_scene(f.house_size), _per_scene(f.house_x)
    height = 0.75 * width
    # The foot stands below the lowest point of the horizon, so that the house stands on land wherever it is.
    foot = _per_scene(f.horizon + f.hill_height) + 0.3 * height
    foot = np.minimum(np.maximum(foot, _per_scene(f.horizon) + height), 0.97)
    there = _per_scene(f.house.astype(np.float64))
    across = np.abs(x - middle)
    wall = _box(across, y, width / 2, foot - height, foot, size)
    door = _box(across, y, width / 9, foot - 0.45 * height, foot, size)
    eave, tip = foot - height, foot - 1.75 * height
    slope = (y - tip) / (eave - tip) * 0.62 * width - across
    roof = _cover(slope * size[1] * 0.75) * _cover((eave - y) * size[0])
    bright = 0.55 + 0.35 * f.daylight
    paint = _color(f.glow_hue, np.full_like(bright, 0.12), bright)
    tiles = _color(np.full_like(bright, 0.02), np.full_like(bright, 0.7), 0.75 * bright)
    wood = _color(np.full_like(bright, 0.07), np.full_like(bright, 0.5), 0.35 * bright)
    return [(tiles, roof * there), (paint, wall * there), (wood, door * there)]


def _box(across: Floats, y: Floats, half: Floats, top: Floats, foot: Floats, size: tuple[int, int]) -> Floats:
    return _cover((half - across) * size[1]) * _cover((y - top) * size[0]) * _cover((foot - y) * size[0])


def _cover(distance: Floats) -> Floats:
    """The share of a pixel that lies inside an edge, from the signed distance in pixels."""
    return np.clip(distance + 0.5, 0, 1)


def _over(below: Floats, color: Floats, cover: Floats) -> Floats:
    return below + (color - below) * cover[:, None]


def _per_scene(values: Floats) -> Floats:
    return values[:, None, None]


def _color(hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """HSV to RGB, (N, 3, 1, 1)."""
    turns = (hue[:, None] * 6 + np.array([5.0, 3.0, 1.0])) % 6
    share = np.clip(np.minimum(turns, 4 - turns), 0, 1)
    return (value[:, None] * (1 - saturation[:, None] * share))[:, :, None, None]


def _offsets(centers: npt.NDArray[np.float64], size: tuple[int, int]) -> tuple[npt.NDArray[np.float64], float]:
    """The offset of each pixel from each spot, (N, 2, H, W), and the spot's width, both in pixels."""
    places = np.stack(np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5, indexing="ij"))
    return places - (centers * np.array(size))[:, :, None, None], _BLOB_WIDTH * min(size)
