"""The weights of a model are counted without being made."""

import math

import pytest
import torch

from contracts import CLASSIFIERS, CONFIGS, built, classifier
from copyist.errors import ArgumentError
from copyist.models import ConvConfig, MLPConfig, UNetConfig
from copyist.models.weights import check_weights, num_parameters


@pytest.mark.parametrize("kind", sorted({**CONFIGS, **CLASSIFIERS}))
def test_the_count_is_that_of_the_model(kind: str) -> None:
    config = {**CONFIGS, **CLASSIFIERS}[kind]
    model = classifier(config) if kind in CLASSIFIERS else built(config)
    state = torch.get_rng_state()
    assert num_parameters(config) == sum(weight.numel() for weight in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_a_linear_layer_of_any_size_is_counted_as_on_paper() -> None:
    config = MLPConfig(image_shape=(1, 100, 100), widths=(10**9,), activation="identity")
    # n weights to a unit and one bias, and back.
    assert num_parameters(config) == 10**4 * 10**9 + 10**9 + 10**9 * 10**4 + 10**4


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (UNetConfig(channels=3, width=100_000), r"a model of .* weights in training .* TB; .*\(--set width=64\)"),
        (UNetConfig(channels=3, width=10**9), r"a model in training .* got more than can be counted; .*=64\)"),
        (ConvConfig(image_shape=(3, 32, 32), code=10**12), r"a model .*\(--set code=64\)"),
        (MLPConfig(image_shape=(3, 32, 32), widths=(10**12,)), r"a model .*\(--set widths=256\)"),
    ],
)
def test_what_cannot_be_trained_here_is_refused_with_the_option(config: UNetConfig, wanted: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{wanted}$"):
        check_weights(config)
    assert not math.isnan(num_parameters(config))
