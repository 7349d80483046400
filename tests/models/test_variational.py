"""Variational autoencoders keep their contract: a Gaussian in, a likelihood out, one image at a time."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, VARIATIONAL, built, gives_every_parameter_a_gradient, images, variational
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import VariationalMLP, VariationalMLPConfig, VariationalUNetConfig

EVERY = pytest.mark.parametrize("kind", sorted(VARIATIONAL))


def data(kind: str) -> Tensor:
    """Images that the kind's likelihood takes."""
    return images().round() if CONFIGS[kind].likelihood != "logistic" else (255 * images()).round() / 255  # pyright: ignore[reportAttributeAccessIssue]


@EVERY
def test_codes_have_the_shape_that_is_told_and_are_the_posteriors_mean(kind: str) -> None:
    model, x = variational(CONFIGS[kind]), images()
    with torch.no_grad():
        posterior = model.posterior(x)
        z = model.encode(x)
    assert z.shape == posterior.log_variance.shape == (5, *model.code_shape((3, 8, 12)))
    assert torch.equal(z, posterior.mean)


@EVERY
def test_codes_are_decoded_to_the_likelihoods_mean(kind: str) -> None:
    model = variational(CONFIGS[kind])
    z = torch.randn(4, *model.code_shape((3, 8, 12)), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        x_hat = model.decode(z)
        assert torch.equal(x_hat, model.likelihood(z).mean())
    assert x_hat.shape == (4, 3, 8, 12)


@EVERY
def test_every_parameter_gets_a_gradient_from_the_likelihood_of_a_drawn_code(kind: str) -> None:
    model = variational(CONFIGS[kind])
    x = data(kind)

    def answer(x: Tensor) -> Tensor:
        posterior = model.posterior(x)
        z = posterior.draw(samples=1, generator=torch.Generator().manual_seed(0))[0]
        return model.likelihood(z).log_prob(x) - posterior.divergence().flatten(1).sum(1)

    gives_every_parameter_a_gradient(model, x, answer=answer)


@EVERY
def test_how_likely_an_image_is_does_not_depend_on_its_neighbors(kind: str) -> None:
    model, x = variational(CONFIGS[kind]), data(kind)
    assert not model.uses_batch_statistics
    with torch.no_grad():
        together = model.likelihood(model.encode(x)).log_prob(x)
        alone = model.likelihood(model.encode(x[:1])).log_prob(x[:1])
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-3)


def test_widths_are_mirrored_around_the_code() -> None:
    model = variational(VariationalMLPConfig(image_shape=(2, 3, 5), widths=(9, 7), code_size=4))
    found = [(part.in_features, part.out_features) for part in model.modules() if isinstance(part, nn.Linear)]
    there = list(pairwise((30, 9, 7)))
    back = list(pairwise((4, 7, 9, 30)))
    assert found == [*there, (7, 2 * 4), *back]


def test_weights_start_as_glorot_draws_them() -> None:
    model = variational(VariationalMLPConfig(image_shape=(1, 20, 25), widths=(400,), code_size=30))
    layer = next(part for part in model.modules() if isinstance(part, nn.Linear))
    bound = math.sqrt(6 / (500 + 400))
    assert 0.99 * bound < float(layer.weight.detach().abs().max()) <= bound
    assert (layer.bias == 0).all()


def test_a_code_that_is_not_joined_follows_the_size_of_the_images() -> None:
    model = variational(CONFIGS["variational-unet-positions"])
    assert model.image_size is None
    with torch.no_grad():
        assert model.encode(images(2, (3, 16, 24))).shape == (2, *model.code_shape((3, 16, 24))) == (2, 5, 8, 12)


def test_a_joined_code_takes_images_of_its_size_only() -> None:
    model = built(CONFIGS["variational-unet"])
    with pytest.raises(ShapeError, match=r"^the model's joined code takes images of 8x12 only, got 16x24; resize the"):
        model.check_batch(torch.rand(2, 3, 16, 24))
    config = VariationalUNetConfig(code_size=3)
    assert config.fitted((3, 8, 12)).image_size == (8, 12)
    with pytest.raises(ShapeError, match=r"^the joined code was built for images of 8x12, got 12x8; resize the images"):
        config.fitted((3, 8, 12)).fitted((3, 12, 8))
    with pytest.raises(ArgumentError, match=r"^a joined code must know its image_size; give it, or fit the config to"):
        VariationalUNetConfig(channels=3).build()


def test_a_fully_connected_model_takes_images_of_its_shape_only() -> None:
    model = built(CONFIGS["variational-mlp"])
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(3, 8, 12\) only, got \(3, 12, 8\); resi"):
        model.check_batch(torch.rand(2, 3, 12, 8))
    with pytest.raises(
        ShapeError, match=r"^the model was built for images of shape \(3, 8, 12\), got \(1, 8, 8\); res"
    ):
        CONFIGS["variational-mlp"].fitted((1, 8, 8))
    with pytest.raises(
        ArgumentError, match=r"^a variational MLP must know its image_shape; give it, or fit the config"
    ):
        VariationalMLP(VariationalMLPConfig())


@pytest.mark.parametrize("config", [VariationalMLPConfig, VariationalUNetConfig])
def test_a_code_of_size_0_and_a_likelihood_that_is_none_are_refused(config: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^code_size must be at least 1, got 0$"):
        config(code_size=0)
    with pytest.raises(UnknownNameError, match=r"^there is no likelihood 'bernouli'; did you mean 'bernoulli'\?$"):
        config(likelihood="bernouli")


def test_normalization_by_the_batch_is_refused_since_it_gives_no_image_a_likelihood() -> None:
    with pytest.raises(
        ArgumentError,
        match=r"^a likelihood must be that of one image alone, got statistics=batch, which mixes images; take",
    ):
        VariationalUNetConfig(statistics="batch")


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_before_training_pixels_are_gray(likelihood: Any) -> None:
    config = VariationalUNetConfig(channels=3, width=4, levels=2, image_size=(8, 12), likelihood=likelihood)
    model = variational(config)
    with torch.no_grad():
        model.get_parameter("up.output.weight").zero_()
        assert (model.decode(torch.zeros(2, 32)) == 0.5).all()
