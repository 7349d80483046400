"""Measures of anomaly of images, on nets whose copies are known: where the heat lies, in which units, and how far."""

import json
from typing import final

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from copyist import settings
from copyist.corruption import gaussian_blur
from copyist.detection.copies import Copies
from copyist.detection.detector_recipe import CATALOGUES
from copyist.detection.guards import far_points
from copyist.detection.measures import AnomalyMeasure, Combined, LocalCodeDistance, LocalContrast, LocalError
from copyist.detection.measures.heat import hottest, in_units, usual_heat
from copyist.errors import ArgumentError, ContractError, UnknownNameError
from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig
from known import Exact

HEIGHT, WIDTH = 24, 36
SQUARE = (slice(6, 14), slice(20, 28))


def g(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def background() -> Tensor:
    """(3, H, W): a ramp, in three colors."""
    ramp = torch.linspace(0.2, 0.8, WIDTH).expand(HEIGHT, WIDTH)
    return torch.stack([ramp, 1 - ramp, ramp / 2])


def normal(count: int, *, seed: int) -> Tensor:
    return background() + 0.02 * torch.randn(count, 3, HEIGHT, WIDTH, generator=g(seed))


def with_square(x: Tensor) -> Tensor:
    damaged = x.clone()
    damaged[:, :, SQUARE[0], SQUARE[1]] += 0.3
    return damaged


@final
class Oracle(Exact):
    """Knows what every image should look like; its layer `seen` is the image."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return 0 * self.seen(x) + background()


@final
class Copier(Exact):
    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


@final
class Blurrer(Exact):
    def forward(self, x: Tensor) -> Tensor:
        return gaussian_blur(x, sigma=1.5)


CODES = LocalCodeDistance(layers=("seen",), neighbors=(1, 0.02))
ALL: list[AnomalyMeasure] = [
    LocalError(),
    LocalError(sigmas=(0.0,), share=0.05, noise=0.02),
    CODES,
    LocalContrast(scales=(1.0, 2.0)),
    Combined(measures=(LocalError(), CODES)),
]


def anomalies(measure: AnomalyMeasure, x: Tensor) -> tuple[Tensor, Tensor]:
    """Anomaly and heat of images, by what the oracle makes of them."""
    model = Oracle()
    statistics = measure.fit(Copies(model, normal(12, seed=1)), Copies(model, normal(8, seed=2)))
    copies = Copies(model, x)
    heat = measure.parts(copies, statistics)
    assert heat is not None
    return measure(copies, statistics), heat


@pytest.mark.parametrize("measure", ALL, ids=str)
def test_the_heat_is_greatest_in_a_pasted_square_and_has_the_size_of_the_image(measure: AnomalyMeasure) -> None:
    x = with_square(normal(5, seed=3))
    anomaly, heat = anomalies(measure, x)
    assert heat.shape == (5, HEIGHT, WIDTH)
    assert bool((heat >= 0).all())
    for each in heat:
        row, column = divmod(int(each.argmax()), WIDTH)
        assert SQUARE[0].start <= row < SQUARE[0].stop
        assert SQUARE[1].start <= column < SQUARE[1].stop
    assert float(anomaly.min()) > 1.5 * float(anomalies(measure, normal(20, seed=4))[0].max())


@pytest.mark.parametrize("measure", ALL, ids=str)
def test_the_answer_for_one_image_ignores_the_others(measure: AnomalyMeasure) -> None:
    x = torch.cat([with_square(normal(2, seed=5)), normal(3, seed=6)])
    together = anomalies(measure, x)
    alone = [anomalies(measure, image[None]) for image in x]
    torch.testing.assert_close(torch.cat([anomaly for anomaly, _ in alone]), together[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.cat([heat for _, heat in alone]), together[1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("measure", ALL, ids=str)
def test_a_measure_reads_back_from_its_json_as_itself(measure: AnomalyMeasure) -> None:
    document = json.loads(json.dumps(settings.dump(measure, CATALOGUES)))
    assert settings.load(AnomalyMeasure, document, CATALOGUES) == measure


def test_without_a_neighborhood_the_heat_is_the_residual_in_units_of_its_place() -> None:
    model, measure = Blurrer(), LocalError(sigmas=(0.0,), share=0.01)
    statistics = measure.fit(Copies(model, normal(2, seed=7)), Copies(model, normal(6, seed=8)))
    x = normal(4, seed=9)
    residual = (gaussian_blur(x, sigma=1.5) - x).abs().mean(1)
    torch.testing.assert_close(measure.parts(Copies(model, x), statistics) * statistics["usual"][0], residual)
    most = (residual / statistics["usual"][0]).flatten(1).sort(descending=True).values[:, :9].mean(1)
    torch.testing.assert_close(measure(Copies(model, x), statistics), most)  # 1 % of 864 pixels


def test_what_copies_everything_finds_nothing_strange() -> None:
    measure, model = LocalError(), Copier()
    statistics = measure.fit(Copies(model, normal(2, seed=1)), Copies(model, normal(3, seed=2)))
    assert bool((measure(Copies(model, with_square(normal(2, seed=3))), statistics) == 0).all())


def test_the_error_after_denoising_is_measured_with_the_same_noise_for_all_images() -> None:
    measure, model = LocalError(sigmas=(0.0,), noise=0.1), Copier()
    x = normal(3, seed=1)
    statistics = measure.fit(Copies(model, x), Copies(model, x))
    heat = measure.parts(Copies(model, normal(4, seed=2)), statistics)
    torch.testing.assert_close(heat, heat[:1].expand_as(heat), rtol=1e-3, atol=1e-4)
    # E|n| of a Gaussian is σ√(2/π); a copier keeps the noise it is given.
    assert float((heat * statistics["usual"][0]).mean()) == pytest.approx(0.1 * (2 / np.pi) ** 0.5, rel=0.05)


def test_a_place_that_is_hotter_in_all_normal_images_counts_for_less() -> None:
    strength = torch.ones(200, 40, 40)
    strength[:, :, 20:] = 3.0
    heat = strength * torch.randn(200, 40, 40, generator=g(0)).abs()
    usual = usual_heat(heat)
    assert usual.shape == (40, 40)
    assert float(usual[:, 30:].mean() / usual[:, :10].mean()) == pytest.approx(2.3, abs=0.3)
    assert float(in_units(torch.ones(1, 40, 40), usual).argmax() % 40) < 20


def test_units_are_stretched_to_images_of_another_size() -> None:
    usual = torch.linspace(1, 2, 20).expand(10, 20)
    assert in_units(torch.ones(3, 30, 50), usual).shape == (3, 30, 50)
    torch.testing.assert_close(in_units(torch.ones(1, 20, 40), usual).mean(), (1 / usual).mean(), rtol=1e-3, atol=0)


def test_the_hottest_pixels_are_a_share_and_at_least_one() -> None:
    heat = torch.arange(200.0).reshape(1, 10, 20)
    assert float(hottest(heat, share=0.05)) == pytest.approx(194.5)
    assert float(hottest(heat, share=0.001)) == 199


def test_distances_of_local_codes_are_those_of_scikit_learn() -> None:
    from sklearn.neighbors import NearestNeighbors

    model, train, x = Oracle(), normal(6, seed=1), normal(2, seed=2)
    measure = LocalCodeDistance(layers=("seen",), cell=12, neighbors=(2,), most=1000)
    statistics = measure.fit(Copies(model, train), Copies(model, train))
    assert statistics["codes"].shape == (6 * 2 * 3, 9)

    def codes(images: Tensor) -> Tensor:
        """Of the 2×3 cells: means and spreads of the colors, and the means of the image averaged over 3×3 pixels."""
        around = nn.functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
        spread = images.unfold(2, 12, 12).unfold(3, 12, 12).flatten(4).std(-1, correction=0)
        maps = torch.cat([nn.functional.avg_pool2d(images, 12), spread, nn.functional.avg_pool2d(around, 12)], 1)
        return maps.permute(0, 2, 3, 1).flatten(0, 2).double()

    known, queries = codes(train), codes(x)
    unit = known.std(0, correction=0) * torch.tensor([6.0] * 6 + [3.0] * 3).sqrt() / torch.tensor([0.3] * 6 + [1.0] * 3)
    found = NearestNeighbors(n_neighbors=2).fit((known / unit).numpy())
    expected = found.kneighbors((queries / unit).numpy())[0][:, 1].reshape(2, 1, 2, 3)
    cells = nn.functional.interpolate(torch.from_numpy(expected).float(), (24, 36), mode="bilinear")
    heat = measure.parts(Copies(model, x), statistics) * statistics["usual"][0]
    torch.testing.assert_close(heat, gaussian_blur(cells, sigma=4.0)[:, 0], rtol=2e-3, atol=1e-4)


def test_codes_come_from_one_pass_with_the_copies_and_in_the_order_asked_for() -> None:
    model = UNetConfig(channels=3, width=4, levels=3, statistics="group", skips=True).build().eval()
    x = torch.rand(5, 3, 16, 24, generator=g(0))
    copies = Copies(model, x, batch_size=2)
    lower, upper = copies.layers(("down.2", "down.0"))
    assert lower.shape == (5, 16, 4, 6)
    assert upper.shape == (5, 4, 16, 24)
    with torch.no_grad():
        torch.testing.assert_close(copies.x_hat, model(x))
        torch.testing.assert_close(upper, model.get_submodule("down.0")(x))
    with pytest.raises(UnknownNameError, match=r"down\.0"):
        copies.layers(("down.00",))


@pytest.mark.parametrize("radius", [10.0, 100.0, 1000.0])
def test_images_far_outside_are_far_stranger_than_normal_ones(radius: float) -> None:
    """A normalized net answers alike to images of any scale: the colors in the codes tell them."""
    model = UNetConfig(channels=3, width=4, levels=2, statistics="group", skips=True).build().eval()
    measure = LocalCodeDistance(layers=("down.1",))
    train, held_out = normal(12, seed=1), normal(8, seed=2)
    statistics = measure.fit(Copies(model, train), Copies(model, held_out))
    far = measure(Copies(model, far_points(held_out, radius=radius)), statistics)
    assert float(far.min()) > radius / 30 * float(measure(Copies(model, normal(20, seed=3)), statistics).max())


def test_settings_that_measure_nothing_and_models_of_tables_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at least one neighborhood"):
        LocalError(sigmas=())
    with pytest.raises(ArgumentError, match="at least one layer"):
        LocalCodeDistance(layers=())
    with pytest.raises(ArgumentError, match="share must be greater than 0"):
        LocalError(share=0.0)
    table = MLPConfig(widths=(4,)).fitted((5,)).build()
    for measure in (LocalError(), LocalCodeDistance(layers=("encoder.0",))):
        with pytest.raises(ContractError, match="images, and the model takes tables"):
            measure.check_model(table)
