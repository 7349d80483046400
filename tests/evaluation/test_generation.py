"""Samples beside real images, and first stages, by models whose law is known."""

from dataclasses import replace
from typing import Any, final

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, built
from copyist.data import open_source
from copyist.data.splits import Splits
from copyist.errors import ContractError, DataError
from copyist.evaluation.evaluate import evaluate
from copyist.evaluation.evaluation import Evaluation
from copyist.evaluation.generation_measures import first_stages, generation_table, latent_table
from copyist.evaluation.generation_table import GenerationTable
from copyist.models import DiffusionUNetConfig, LatentDiffusionConfig, UNetConfig
from copyist.models.contracts import Diffusion, Path
from known import PerfectAutoencoder

SHAPE = (1, 8, 8)


@final
class NormalDiffusion(Diffusion):
    """E[x | x + σ·ε] for values from N(mean, std²)."""

    def __init__(self, *, mean: float = 0.5, std: float = 0.1) -> None:
        super().__init__()
        self.center, self.spread, self.std = mean, std, std
        self.path: Path = "exploding"

    @property
    def config(self) -> Any:
        return DiffusionUNetConfig()

    def check_input(self, x: Tensor) -> None:
        assert x.ndim == 4

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        assert sigma is not None
        share = self.std**2 / (self.std**2 + sigma**2)
        return self.center + share[:, None, None, None] * (x - self.center)


def noise(count: int, *, seed: int) -> Tensor:
    drawn = torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))
    return (0.5 + 0.1 * drawn).clamp(0, 1)


@pytest.fixture(scope="module")
def splits() -> Splits:
    return Splits.from_arrays(noise(600, seed=0), noise(256, seed=1), name="noise")


def test_samples_of_the_law_of_the_data_score_like_real_images_and_others_do_not(splits: Splits) -> None:
    found = generation_table(
        {"exact": NormalDiffusion(), "bright": NormalDiffusion(mean=0.6), "flat": NormalDiffusion(std=0.02)},
        splits,
        num_images=256,
    )
    floor, models = found.floor, found.models
    for name in ("axes", "layout", "appearance"):
        # These images are draws of their pixels' law.
        assert found.pixel_law.distance[name] < 1.5 * floor.distance[name]
        assert models["exact"].distance[name] < 1.3 * floor.distance[name]
    # A shift of the mean alone adds the squared norm of what it does to the features: here 1 + 4 means, and no spread.
    assert models["bright"].distance["layout"] > floor.distance["layout"] + 0.04
    assert models["flat"].recall < 0.1 < 0.8 < models["exact"].recall
    assert models["exact"].coverage > 0.8
    assert 0.9 < models["exact"].nearest < 1.1
    assert models["exact"].seconds_per_image > 0
    assert models["exact"].memory > 0
    assert GenerationTable.from_document(found.to_document()) == found
    assert "training images" in found.text()


def test_a_model_of_half_of_the_data_is_precise_and_covers_half() -> None:
    shift = 0.2 * (torch.arange(856) % 2).view(-1, 1, 1, 1) - 0.1
    x = (noise(856, seed=2) + shift).clamp(0, 1)
    found = generation_table(
        {"half": NormalDiffusion(mean=0.6)}, Splits.from_arrays(x[:600], x[600:], name="two"), num_images=256
    )
    half = found.models["half"]
    assert half.precision > 0.9 > 0.65 > half.recall > 0.35
    assert 0.35 < half.coverage < 0.65


def test_the_pixels_law_is_that_of_training_images() -> None:
    splits = Splits.from_arrays((noise(600, seed=0) - 0.3).clamp(0, 1), noise(256, seed=1), name="apart")
    found = generation_table({}, splits, num_images=256)
    # 64 means that differ by 0.3, as far as the 32 axes see them.
    assert found.pixel_law.distance["axes"] == pytest.approx(found.floor.distance["axes"], rel=0.2)
    assert found.pixel_law.distance["axes"] > 1


def test_draws_of_the_pixels_law_are_far_by_appearance_where_images_are_not_normal() -> None:
    places = torch.randint(1, 7, (856,), generator=torch.Generator().manual_seed(0))
    steps = (0.4 + 0.2 * (torch.arange(8) < places[:, None])).view(-1, 1, 1, 8).expand(-1, 1, 8, 8)
    found = generation_table({}, Splits.from_arrays(steps[:600], steps[600:], name="steps"), num_images=256)
    assert found.pixel_law.distance["axes"] < 5 * found.floor.distance["axes"]
    assert found.pixel_law.distance["appearance"] > 20 * found.floor.distance["appearance"]
    # Nor do they cover any, as they would in the layout.
    assert found.pixel_law.coverage < 0.1 < 0.9 < found.floor.coverage
    # Draws are of no training image: the nearest one is as far as it is measured to be.
    assert found.floor.nearest == 1
    assert found.pixel_law.nearest > 2
    assert "normal law of their pixels" in found.text()


def test_samples_of_scenes_are_told_how_many_keep_their_rules(splits: Splits) -> None:
    found = generation_table(
        {"gray": NormalDiffusion(std=0.01)}, open_source("scenes?size=16&limit=300"), num_images=100
    )
    assert found.floor.rules is not None
    assert found.floor.rules > 0.9
    assert found.models["gray"].rules == 0
    assert "keep rules" in found.text()
    assert GenerationTable.from_document(found.to_document()) == found
    other = generation_table({}, splits, num_images=100)
    assert other.floor.rules is None
    assert "keep rules" not in other.text()


def test_a_perfect_first_stage_copies_and_its_codes_have_the_moments_of_the_images(splits: Splits) -> None:
    stage = PerfectAutoencoder(scale=2.0)
    # Whose device is asked for.
    stage.register_parameter("unused", torch.nn.Parameter(torch.zeros(1)))
    found = latent_table({"perfect": stage}, splits, num_images=256)
    measured = found.models["perfect"]
    assert measured.code_shape == SHAPE
    assert measured.psnr > 100
    assert measured.copies["layout"] == pytest.approx(0, abs=1e-8)
    # Half-way between images that are all but independent noise has half the variance, along each of the 32 axes.
    assert measured.between["axes"] == pytest.approx(32 * 0.1**2 * (1 - 0.5**0.5) ** 2, rel=0.2)
    assert measured.mean[0] == pytest.approx(2 * 0.5 + 3, abs=0.01)
    assert measured.std[0] == pytest.approx(2 * 0.1, rel=0.02)
    assert abs(measured.kurtosis[0]) < 0.1
    assert "codes of perfect" in found.text()


def test_first_stages_are_those_whose_code_is_maps_no_larger_than_the_image() -> None:
    small = UNetConfig(channels=1, width=4, levels=2, convolutions=1, statistics="group", code_channels=2)
    whole = LatentDiffusionConfig(first_stage=small, denoiser=DiffusionUNetConfig(width=4, levels=2, embedding=4))
    models = {
        "small": built(small),
        "large": built(UNetConfig(channels=1, width=64, levels=2, convolutions=1)),
        "whole": whole.fitted(SHAPE).build(),
    }
    assert sorted(first_stages(models, SHAPE)) == ["small", "whole"]


def test_evaluate_measures_a_latent_diffusion_model_by_its_samples_and_its_first_stage(splits: Splits) -> None:
    small = UNetConfig(channels=1, width=4, levels=2, convolutions=1, statistics="group", code_channels=2)
    config = LatentDiffusionConfig(first_stage=small, denoiser=DiffusionUNetConfig(width=4, levels=2, embedding=4))
    model = config.fitted(SHAPE).build().eval()
    found = evaluate({"model": model}, splits, num_images=32)
    assert found.generation is not None
    assert found.latents is not None
    assert found.latents.models["model"].code_shape == (2, 4, 4)
    assert Evaluation.from_document(found.to_document()) == found
    assert found.text().index("First stages on 32 test images") < found.text().index("Samples, 32 of each model")
    assert found.inpainting is not None
    assert found.inpainting.num_images == 16
    assert "Inpainting the middle of 16 test images" in found.text()


def test_a_model_of_too_few_codes_to_keep_any_is_measured_without_inpainting(splits: Splits) -> None:
    small = UNetConfig(channels=1, width=4, levels=3, convolutions=1, statistics="group", code_channels=2)
    config = LatentDiffusionConfig(first_stage=small, denoiser=DiffusionUNetConfig(width=4, levels=1, embedding=4))
    model = config.fitted(SHAPE).build().eval()
    assert model.space_shape(SHAPE)[1:] == (2, 2)
    found = evaluate({"model": model}, splits, num_images=32)
    assert found.latents is not None
    assert found.inpainting is None


def test_kinds_are_not_mixed_and_few_images_tell_nothing(splits: Splits) -> None:
    with pytest.raises(
        ContractError, match=r"^evaluate compares models of one kind, got a, which generates, beside ot"
    ):
        evaluate({"a": NormalDiffusion(), "b": built(CONFIGS["unet-group"])}, splits)
    with pytest.raises(
        DataError,
        match=r"^samples must be compared with at least 32 images, got 8 of noise; take more \(--images 32\)$",
    ):
        evaluate({"a": NormalDiffusion()}, splits, num_images=8)
    few = replace(splits, test=splits.test.subset(31))
    with pytest.raises(DataError, match=r"got 31 of noise; take a source with 32 in each split$"):
        evaluate({"a": NormalDiffusion()}, few, num_images=100)
