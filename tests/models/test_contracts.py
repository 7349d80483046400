"""The laws of `contracts`, for every family."""

import pytest
import torch

from contracts import (
    CLASSIFIERS,
    CODELESS,
    CONFIGS,
    DIFFUSION,
    VARIATIONAL,
    autoencoder,
    built,
    classifier,
    diffusion,
    does_not_care_about_order,
    gives_every_parameter_a_gradient,
    ignores_neighbors_unless_it_says_so,
    images,
    is_rebuilt_from_its_config,
    keeps_the_shape,
    passes_through_its_code_only,
)
from copyist.errors import ContractError, ShapeError
from copyist.models import MODELS, ImageCodecConfig, LatentDiffusionConfig
from copyist.models.contracts import Autoencoder, Variational, needs

EVERY = pytest.mark.parametrize("kind", CONFIGS)
NAMING = pytest.mark.parametrize("kind", CLASSIFIERS)
WITH_CODE = pytest.mark.parametrize("kind", sorted(set(CONFIGS) - CODELESS))
WITHOUT_CODE = pytest.mark.parametrize("kind", sorted(CODELESS))


def test_every_kind_of_the_catalogue_is_tried() -> None:
    tried = {type(config) for config in (*CONFIGS.values(), *CLASSIFIERS.values(), *DIFFUSION.values())}
    # A codec takes larger images, and what latent diffusion takes is codes: their laws are held in tests of their own.
    assert tried | {ImageCodecConfig, LatentDiffusionConfig} == set(MODELS.values())


@EVERY
def test_a_model_gives_images_of_the_shape_it_takes(kind: str) -> None:
    keeps_the_shape(built(CONFIGS[kind]), images())


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - VARIATIONAL))
def test_every_parameter_gets_a_gradient(kind: str) -> None:
    gives_every_parameter_a_gradient(built(CONFIGS[kind]), images())


@EVERY
def test_an_answer_ignores_its_neighbors_unless_the_model_says_that_it_uses_their_statistics(kind: str) -> None:
    ignores_neighbors_unless_it_says_so(built(CONFIGS[kind]), images())


@EVERY
def test_the_order_of_images_does_not_matter(kind: str) -> None:
    does_not_care_about_order(built(CONFIGS[kind]), images())


@EVERY
def test_config_and_weights_are_all_there_is_to_a_model(kind: str) -> None:
    is_rebuilt_from_its_config(built(CONFIGS[kind]), images())


@WITH_CODE
def test_an_autoencoder_passes_through_its_code_only(kind: str) -> None:
    passes_through_its_code_only(autoencoder(CONFIGS[kind]), images())


@WITH_CODE
def test_an_autoencoder_is_one_for_every_verb(kind: str) -> None:
    model = built(CONFIGS[kind])
    assert isinstance(model, Autoencoder)
    assert needs(model, Autoencoder, verb="walk") is model


@WITHOUT_CODE
def test_a_model_without_a_code_says_so(kind: str) -> None:
    model = built(CONFIGS[kind])
    with pytest.raises(ContractError, match=rf"^walk works in a model's code, and {type(model).__name__} has none; "):
        needs(model, Autoencoder, verb="walk")


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - VARIATIONAL))
def test_a_model_without_a_likelihood_says_so(kind: str) -> None:
    model = built(CONFIGS[kind])
    with pytest.raises(
        ContractError,
        match=rf"^the ELBO needs a model's likelihood, and {type(model).__name__} has none; take a variational auto",
    ):
        needs(model, Variational, verb="the ELBO")


@NAMING
def test_every_parameter_of_a_classifier_gets_a_gradient(kind: str) -> None:
    gives_every_parameter_a_gradient(classifier(CLASSIFIERS[kind]), images())


@NAMING
def test_a_name_ignores_neighbors_unless_the_classifier_says_that_it_uses_their_statistics(kind: str) -> None:
    ignores_neighbors_unless_it_says_so(classifier(CLASSIFIERS[kind]), images())


@NAMING
def test_the_order_of_images_does_not_matter_to_a_classifier(kind: str) -> None:
    does_not_care_about_order(classifier(CLASSIFIERS[kind]), images())


@NAMING
def test_config_and_weights_are_all_there_is_to_a_classifier(kind: str) -> None:
    is_rebuilt_from_its_config(classifier(CLASSIFIERS[kind]), images())


@NAMING
def test_logits_are_one_number_per_class_and_linear_in_the_features(kind: str) -> None:
    model, x = classifier(CLASSIFIERS[kind]), images()
    with torch.no_grad():
        features = model.features(x)
        assert features.shape == (len(x), model.head.in_features)
        on_paper = torch.einsum("kd,bd->bk", model.head.weight, features) + model.head.bias
        torch.testing.assert_close(model(x), on_paper, rtol=1e-4, atol=1e-5)
    assert on_paper.shape == (len(x), 7)


@EVERY
def test_one_image_without_a_batch_axis_is_refused_with_the_remedy(kind: str) -> None:
    with pytest.raises(ShapeError, match=r"got \(3, 8, 12\); give a single image a batch axis with x\[None\]"):
        built(CONFIGS[kind]).check_batch(torch.rand(3, 8, 12))


@EVERY
def test_eight_bit_images_are_refused_with_the_remedy(kind: str) -> None:
    with pytest.raises(ShapeError, match=r"must be floats in .*; divide 8-bit values by 255"):
        built(CONFIGS[kind]).check_batch(torch.zeros(2, 3, 8, 12, dtype=torch.uint8))


ONE_OF_EACH = {type(config.build()): kind for kind, config in {**CONFIGS, **CLASSIFIERS}.items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(ONE_OF_EACH.values()))
@pytest.mark.filterwarnings("ignore")
def test_a_model_can_be_exported_with_any_batch_size(kind: str) -> None:
    model = classifier(CLASSIFIERS[kind]) if kind in CLASSIFIERS else built(CONFIGS[kind])
    sizes = ({0: torch.export.Dim("batch", min=2)},)
    with torch.no_grad():
        program = torch.export.export(model, (images(4),), dynamic_shapes=sizes, strict=False)
        torch.testing.assert_close(program.module()(images(7)), model(images(7)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", DIFFUSION)
def test_a_diffusion_model_keeps_the_laws_of_all_models(kind: str) -> None:
    model, x = diffusion(DIFFUSION[kind]), images()
    does_not_care_about_order(model, x)
    ignores_neighbors_unless_it_says_so(model, x)
    is_rebuilt_from_its_config(model, x)
    sigma, labels = torch.full((len(x),), 0.3), torch.arange(len(x)) % 3
    gives_every_parameter_a_gradient(model, x, answer=lambda x: model(x, sigma, labels) + model(x, sigma))
