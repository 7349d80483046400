"""Contrasts of images and their distances, beside closed forms and NumPy's own covariance."""

from typing import final

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist.corruption import gaussian_blur
from copyist.data import Splits
from copyist.detection import fit_detector
from copyist.detection.copies import Copies
from copyist.detection.guards import far_points
from copyist.detection.measures import LocalContrast, local_contrast
from copyist.detection.measures.contrasts import contrasts, log_brightness, textures
from copyist.errors import ArgumentError, ContractError
from copyist.models.mlp import MLPConfig
from copyist.recipes.detectors import image_detector
from copyist.training.history import Observer
from known import Exact

SIDE = 32


class Copier(Exact):
    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


def surface(a: float, b: float, *, second: float = 0.0) -> Tensor:
    """a·column + b·row + second·column² / 2, (1, 1, 32, 32)."""
    column, row = torch.meshgrid(torch.arange(SIDE) - 15.5, torch.arange(SIDE) - 15.5, indexing="xy")
    return (a * column + b * row + second * column**2 / 2)[None, None]


def noise(count: int, *, seed: int, channels: int = 1, deviation: float | Tensor = 0.05) -> Tensor:
    draws = torch.randn(count, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    return 0.5 + deviation * draws


def test_contrasts_are_the_derivatives_in_units_of_the_scale() -> None:
    found = contrasts(surface(0.1, -0.2, second=0.03), scale=1.5)[0, :, 15:17, 15:17].mean((1, 2))
    expected = torch.tensor([1.5 * 0.1, 1.5 * -0.2, 1.5**2 * 0.03, 0.0, 0.0])
    torch.testing.assert_close(found[:5], expected, rtol=1e-3, atol=1e-4)


def test_other_light_has_the_same_contrasts() -> None:
    log_x = noise(2, seed=1, channels=3)
    torch.testing.assert_close(contrasts(log_x + 1.3, scale=1.0), contrasts(log_x, scale=1.0), rtol=1e-4, atol=1e-4)


def test_textures_are_the_mean_squares_of_derivatives_by_their_direction() -> None:
    found = textures(surface(0.1, -0.2, second=0.03), scale=1.5)[0, :, 15:17, 15:17].mean((1, 2))
    # Across, the derivative is 0.1 + 0.03 x, whose mean square over the neighborhood is 0.1² + 0.03² (1.5² + 0.5²), but
    # for the blur's cut tails.
    squares = torch.tensor([1.5**2 * (0.1**2 + 0.03**2 * 2.5), 1.5**2 * 0.2**2, (1.5**2 * 0.03) ** 2, 0.0])
    torch.testing.assert_close(found, torch.log(squares + 1e-5), rtol=0, atol=0.04)


def test_streaks_in_another_direction_are_strange_where_textures_count() -> None:
    streaks = noise(80, seed=4, deviation=0.02)[:, :, :1].expand(-1, -1, SIDE, -1)  # (along the columns)
    model, train, held_out, x = Copier(), streaks[:40], streaks[40:60], streaks[60:].transpose(2, 3)
    ratio: list[float] = []
    for with_textures in (False, True):
        measure = LocalContrast(scales=(1.0,), cell=4, with_textures=with_textures)
        statistics = measure.fit(Copies(model, train), Copies(model, held_out))
        turned, usual = (measure(Copies(model, each), statistics).mean() for each in (x, streaks[60:]))
        ratio.append(float(turned / usual))
    assert ratio[1] > 1.2 * ratio[0]


def test_neighborhoods_widen_the_heat_and_leave_the_anomaly() -> None:
    model, x = Copier(), noise(3, seed=3)
    x[:, :, 14:18, 14:18] = 0.95
    one = LocalContrast(scales=(1.0,), cell=2)
    wide = LocalContrast(scales=(1.0,), cell=2, neighborhoods=(6 / SIDE,))
    statistics = one.fit(Copies(model, noise(30, seed=1)), Copies(model, noise(10, seed=2)))
    copies = Copies(model, x)
    assert torch.equal(wide(copies, statistics), one(copies, statistics))
    narrow, blurred = (each.parts(copies, statistics) for each in (one, wide))
    around = gaussian_blur(narrow[:, None], sigma=6.0)[:, 0]
    torch.testing.assert_close(blurred[:, 8:-8, 8:-8], ((narrow + around) / 2)[:, 8:-8, 8:-8], rtol=0.03, atol=0.01)


def test_colors_are_told_by_all_but_one_of_the_channels() -> None:
    log_x = torch.tensor([0.1, 0.2, 0.6]).view(1, 3, 1, 1).expand(1, 3, SIDE, SIDE)
    found = contrasts(log_x, scale=2.0, cell=4)
    assert found.shape == (1, 9, SIDE // 4, SIDE // 4)
    torch.testing.assert_close(found[0, 7:, 3, 3], torch.tensor([-0.2, -0.1]))


def test_every_number_has_a_brightness_and_larger_ones_have_more() -> None:
    x = torch.linspace(-1000, 1000, 4001, dtype=torch.float64)
    found = log_brightness(x)
    assert bool((found.diff() > 0).all())
    assert float(found[0]) < -19000
    torch.testing.assert_close(log_brightness(torch.tensor(0.95)), torch.tensor(0.0), rtol=0, atol=1e-6)


def test_a_texture_of_few_images_has_one_distribution_and_distances_are_mahalanobis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_contrast, "_REACHES", (1 / 64, 1.0))
    measure, train, x = LocalContrast(scales=(1.0,), cell=4), noise(4, seed=1), noise(3, seed=2)
    statistics = measure.fit(Copies(Copier(), train), Copies(Copier(), noise(10, seed=3)))
    mean = statistics["0.mean"]
    torch.testing.assert_close(mean, mean[:, :1, :1].expand_as(mean))  # (four images say too little of each place)

    def rows(images: Tensor) -> np.ndarray:
        return contrasts(log_brightness(images), scale=1.0, cell=4).movedim(1, 3).flatten(0, 2).double().numpy()

    known = rows(train)
    covariance = np.cov(known.T, bias=True)
    inverse = np.linalg.inv(covariance + np.diag(0.1 * np.diag(covariance) + 1e-6))
    rest = rows(x) - known.mean(0)
    expected = np.sqrt(np.einsum("nc,cd,nd->n", rest, inverse, rest)).reshape(3, 8, 8)
    heat = measure.parts(Copies(Copier(), x), statistics) * statistics["0.usual"]
    cells = torch.nn.functional.interpolate(torch.from_numpy(expected)[:, None], (SIDE, SIDE), mode="bilinear")
    torch.testing.assert_close(heat, cells[:, 0].float(), rtol=1e-3, atol=1e-3)


def test_parts_that_lie_alike_have_a_distribution_at_each_place() -> None:
    """Of a part whose right half is rough, roughness is strange on the left alone."""
    deviation = torch.full((SIDE,), 0.01)
    deviation[SIDE // 2 :] = 0.1
    measure, model = LocalContrast(scales=(1.0, 2.0)), Copier()
    train, held_out = (noise(count, seed=seed, deviation=deviation) for count, seed in ((60, 1), (20, 2)))
    statistics = measure.fit(Copies(model, train), Copies(model, held_out))
    heat = measure.parts(Copies(model, noise(4, seed=3, deviation=0.1)), statistics)
    assert float(heat[:, :, : SIDE // 2 - 4].mean() / heat[:, :, SIDE // 2 + 4 :].mean()) > 2


@pytest.mark.parametrize("radius", [10.0, 100.0, 1000.0])
def test_images_far_outside_are_far_stranger_than_normal_ones(radius: float) -> None:
    measure, model, held_out = LocalContrast(), Copier(), noise(8, seed=2, channels=3)
    statistics = measure.fit(Copies(model, noise(12, seed=1, channels=3)), Copies(model, held_out))
    far = measure(Copies(model, far_points(held_out, radius=radius)), statistics)
    assert float(far.min()) > 2 * float(measure(Copies(model, noise(20, seed=3, channels=3)), statistics).max())


def test_images_of_another_size_are_measured_by_the_statistics_of_their_places() -> None:
    measure, model = LocalContrast(scales=(1.0, 2.0)), Copier()
    statistics = measure.fit(Copies(model, noise(30, seed=1)), Copies(model, noise(10, seed=2)))
    x = noise(2, seed=3)[:, :, :20]
    x[:, :, 8:12, 8:12] = 0.95
    heat = measure.parts(Copies(model, x), statistics)
    assert heat.shape == (2, 20, SIDE)
    assert float(heat[:, 8:12, 8:12].mean()) > 2 * float(heat.mean())


def test_settings_that_measure_nothing_and_models_of_tables_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at least one scale"):
        LocalContrast(scales=())
    with pytest.raises(ArgumentError, match="scales must be greater than 0"):
        LocalContrast(scales=(0.0,))
    with pytest.raises(ContractError, match="images, and the model takes tables"):
        LocalContrast().check_model(MLPConfig(widths=(4,)).fitted((5,)).build())


def test_the_detector_of_images_is_fitted_in_one_step_of_which_nothing_is_said() -> None:
    said: list[str] = []

    @final
    class Watcher(Observer):
        def notify(self, sentence: str) -> None:
            said.append(sentence)

    # No net, no multiples that sides must be.
    good = noise(60, seed=1, deviation=0.02)[:, :, :23, :21].clamp(0, 1)
    splits = Splits.from_arrays(good, test=0.2, calibration=0.5)
    detector = fit_detector(image_detector(), data=splits, observer=Watcher())
    assert said == []
    x = noise(2, seed=2, deviation=0.02)[:, :, :23, :21].clamp(0, 1)
    x[1, :, 8:12, 8:12] = 0.9
    findings = detector(x, parts=True)
    assert findings.flagged.tolist() == [False, True]
    again = fit_detector(image_detector(), data=splits, seed=7)
    torch.testing.assert_close(again.anomaly(x), findings.anomaly, rtol=0, atol=0)  # nothing depends on the net
