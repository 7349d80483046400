"""What claims about layers at different depths compute, of nets whose layers are known."""

import math
from dataclasses import replace
from typing import final

import pytest
import torch
from torch import Tensor, nn

from copyist.claims.each import lyapunov_ratio_vanishes as lyapunov
from copyist.claims.measures.random_maps import draw_weights
from copyist.claims.trial import Trial
from copyist.models import ModelConfig
from copyist.models.contracts import Classifier, Model
from copyist.tensors import Features, Images
from copyist.training import Recipe

from .known import Known, known_trial, measured


class Coarse(nn.Module):
    """Means of 2 × 2 pixels: three directions of four are not seen, and keep what the start had there."""

    def forward(self, x: Images) -> Images:
        return nn.functional.interpolate(nn.functional.avg_pool2d(x, 2), scale_factor=2)


@final
class Layered(Known):
    """A copier whose first layers lose nothing, and whose last is given; named as in transformers and U-Nets."""

    def __init__(self, last: nn.Module, first: nn.Module | None = None) -> None:
        super().__init__()
        self.blocks = nn.Sequential(first or nn.Identity(), nn.Identity(), last)
        self.down = nn.Sequential(nn.Identity(), nn.Identity(), nn.Identity())

    def decode(self, z: Tensor) -> Tensor:
        return self.blocks(self.down(z))


@final
class LayeredClassifier(Classifier):
    """A classifier whose first blocks lose nothing, and whose last is given."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.Sequential(nn.Identity(), nn.Identity(), last)
        self.head = nn.Linear(1, 12)

    @property
    def config(self) -> ModelConfig:
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Any will do."""

    def features(self, x: Images) -> Features:
        return self.blocks(x).mean((1, 2, 3))[:, None]


@final
class Stack(Known):
    """Two linear layers, beside a copier."""

    def __init__(self, first: Tensor, second: Tensor) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(first.shape[1], len(first)), nn.ReLU(), nn.Linear(len(first), len(second))
        )
        for layer, weight in zip(self.layers[::2], (first, second), strict=True):
            layer.weight = nn.Parameter(weight)

    def decode(self, z: Tensor) -> Tensor:
        return z


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_of_a_depth_is_held_against_that_before_training_and_of_other_nets() -> None:
    def after(recipe: Recipe) -> Model:
        return Layered(Coarse()) if "classifier" in recipe.name else Layered(nn.Identity())

    def before(recipe: Recipe) -> Model:
        return Layered(nn.Identity(), Coarse()) if "narrow" in recipe.name else Layered(Coarse())

    values = measured("training-removes-that-noise", known_trial(after, before))
    # What sees everything finds the image, whose own texture is no noise.
    for name in ("naming_first_trained", "naming_first_untrained", "narrow_first_trained"):
        assert values[name] == pytest.approx(0.0, abs=0.02), name
    # What sees means alone keeps the noise of its start.
    start = values["grain_of_start_naming"]
    for name in ("naming_last_trained", "naming_last_untrained", "narrow_first_untrained"):
        assert values[name] > 0.3 * start, name
    assert values["copying_last_difference"] < -0.3 * start
    assert values["naming_over_copying"] > 0.3 * start
    assert values["unet_last_ratio"] == (
        values["unforgotten_unet_last_trained"] / values["unforgotten_unet_last_untrained"]
    )
    assert values["unet_last_ratio"] < 0.3
    assert values["missed_copying_last_trained"] < 0.02 < values["missed_copying_last_untrained"]
    # Ten steps of 0.1 · 0.005 leave the start as it is.
    assert values["brief_last_trained"] == pytest.approx(start - values["grain_of_original_naming"], rel=0.1)


def test_what_a_classifier_misses_deep_is_held_against_its_first_block_and_against_no_training() -> None:
    trial = known_trial(lambda _: LayeredClassifier(Coarse()), lambda _: LayeredClassifier(nn.Identity()))
    values = measured("classifiers-lose-then-infer", trial)
    for net in ("conv", "vit"):
        assert values[f"missed_{net}_early_trained"] == pytest.approx(0.0, abs=0.02)
        assert values[f"{net}_deep"] == values[f"missed_{net}_deep_trained"] > 0.1
        assert values[f"{net}_early"] == values[f"missed_{net}_early_trained"]
        assert values[f"{net}_lost"] == values[f"{net}_deep"] / values[f"{net}_early"] > 5
        assert values[f"{net}_by_training"] == values[f"{net}_deep"] / values[f"missed_{net}_deep_untrained"] > 5
        # What follows from mean brightness knows nothing but that.
        assert values[f"missed_{net}_answer_trained"] == pytest.approx(1.0, abs=0.05)
        assert 0 <= values[f"accuracy_{net}"] <= 1


def test_layers_that_read_what_the_one_before_writes_are_coupled_and_shuffled_ones_are_not() -> None:
    first, second = torch.randn(64, 80, generator=g()), torch.randn(50, 64, generator=g(1))
    left, sizes, right = torch.linalg.svd(first, full_matrices=False)
    decaying = left @ torch.diag(sizes * 0.9 ** torch.arange(64)) @ right
    reading = second[:, :50] @ torch.diag(0.9 ** torch.arange(50)) @ left[:, :50].T
    trial = known_trial(lambda _: Stack(decaying, reading), lambda _: Stack(first, second))
    values = measured("training-couples-the-layers", trial)
    for net in ("mlp", "unet", "vit"):
        assert values[f"{net}_coupling"] > 5
        assert abs(values[f"{net}_before"]) < 3
        assert values[f"{net}_coupled"] == values[f"{net}_coupling"] - values[f"{net}_before"]
        assert abs(values[f"{net}_shuffled"]) < 3
        assert values[f"{net}_overlap"] > 1.5
        assert values[f"{net}_spread"] != 1.0


def test_every_input_that_fits_has_the_same_sum_and_values_of_different_ones_do_not(trial: Trial) -> None:
    weight = draw_weights("normal", outputs=48, inputs=192, generator=g())
    x = torch.rand(1, 3, 8, 8, generator=g(1))
    fitting = lyapunov._closed(replace(trial), weight, x, 400)[0]
    values = lyapunov._sums(trial, weight, fitting)
    assert values["variance_jointly"] == pytest.approx(0.0, abs=1e-9)
    assert values["variance_apart"] == pytest.approx(1.0, abs=0.1)


def test_the_ratio_of_equal_normal_terms_falls_by_the_root_of_their_number() -> None:
    counts = [64, 256, 1024]
    ratios = [lyapunov._ratio(torch.ones(2, count), [torch.randn(500, count, generator=g(count))]) for count in counts]
    assert ratios[0] == pytest.approx(2 * math.sqrt(2 / math.pi) / 8, rel=0.02)
    assert lyapunov._slope(counts, ratios) == pytest.approx(-0.5, abs=0.01)
    assert math.isnan(lyapunov._slope(counts, [1.0, math.nan, 0.1]))


def test_no_descent_that_converged_gives_no_ratio() -> None:
    assert math.isnan(lyapunov._ratio(torch.ones(2, 8), []))
