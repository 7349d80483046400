"""Every recipe is complete: its name, its model and its data fit together."""

import math
from dataclasses import replace

import pytest
import torch

from contracts import built, classifier, diffusion, images, keeps_the_shape
from copyist.corruption import GaussianNoise
from copyist.data import open_source
from copyist.errors import ArgumentError, UnknownNameError
from copyist.models import (
    AttentionConfig,
    DnCNNConfig,
    LatentDiffusionConfig,
    MLPConfig,
    ResidualConfig,
    SparseMLPConfig,
    UNet,
    UNetConfig,
    UNetSkips,
    VariationalMLPConfig,
    code_ratio,
)
from copyist.objectives import (
    ELBO,
    Classification,
    Copying,
    DeadUnitResampling,
    Denoising,
    ImportanceWeighted,
    L1Sparsity,
    MaskedCopying,
)
from copyist.recipes import RECIPES, configured, hidden_unet, iwae, overcomplete_mlp, unet, unet_skips, vae

DENOISING = {"denoising-unet", "denoising-table", "repairing-unet", "blind-denoiser", "direct-denoiser"}
VARIATIONAL = {"vae", "iwae", "conv-vae"}
CLASSIFYING = {"conv-classifier", "masked-vit-classifier", "stacked-classifier", "vit-classifier"}
STACKED = {"stacked", "stacked-denoising"}
PRICED = {"sparse-mlp", "kl-sparse-mlp", "topk-mlp", "contractive-mlp"}
MASKED = {"masked-vit", "masked-unet"}
FIRST_STAGES = {"autoencoder", "representation-autoencoder"}
DIFFUSING = {"diffusion", "edm-diffusion", "latent-diffusion"}
COMPRESSING = {"image-codec"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_called_what_it_is_listed_as_and_takes_any_data(name: str) -> None:
    assert RECIPES[name]().name == name
    assert RECIPES[name](data="faces").data == "faces"
    shape = (1, 32, 48) if name in ("repairing-unet", *COMPRESSING) else (1, 16, 24)  # multiples of 16
    recipe = RECIPES[name]()
    config = recipe.model
    if isinstance(config, LatentDiffusionConfig) and recipe.first_stage is not None:
        config = replace(config, first_stage=recipe.first_stage.model)
    config = config.fitted(shape).with_classes(5)
    if name in CLASSIFYING:
        assert classifier(config)(images(2, shape)).shape == (2, 5)
    elif name in DIFFUSING:
        model = diffusion(config)
        keeps_the_shape(model, torch.zeros(2, *model.space_shape(shape)))
    else:
        keeps_the_shape(built(config), images(2, shape))


@pytest.mark.parametrize(
    "name",
    sorted(
        set(RECIPES)
        - DENOISING
        - STACKED
        - CLASSIFYING
        - VARIATIONAL
        - PRICED
        - MASKED
        - DIFFUSING
        - FIRST_STAGES
        - COMPRESSING
    ),
)
def test_recipes_only_copy_unless_they_say_that_they_denoise(name: str) -> None:
    assert RECIPES[name]().objective == Copying()
    assert all(isinstance(RECIPES[each]().objective, Denoising) for each in DENOISING)
    assert all(isinstance(RECIPES[each]().objective, MaskedCopying) for each in MASKED)


def test_the_sparse_recipes_differ_in_what_keeps_their_units_quiet() -> None:
    priced, largest = RECIPES["sparse-mlp"](), RECIPES["topk-mlp"]()
    assert isinstance(largest.model, SparseMLPConfig)
    assert largest.model.k is not None
    assert priced.model == replace(largest.model, k=None)
    changed = configured("sparse-mlp", assignments=["objective.objective.weight=0.3", "after=500"])
    assert changed.objective == DeadUnitResampling(objective=L1Sparsity(weight=0.3), after=500)


def test_the_masked_classifier_has_the_encoder_of_the_masked_model() -> None:
    masked = built(RECIPES["masked-vit"]().model.fitted((3, 16, 24))).state_dict()
    names = classifier(RECIPES["masked-vit-classifier"]().model.fitted((3, 16, 24)).with_classes(5)).state_dict()
    assert set(names) - set(masked) == {"head.weight", "head.bias"}
    assert all(names[name].shape == masked[name].shape for name in set(names) & set(masked))
    assert all(name.startswith("decoder.") for name in set(masked) - set(names))


@pytest.mark.parametrize("name", sorted(CLASSIFYING))
def test_recipes_that_name_learn_from_labels_and_mirror_nothing(name: str) -> None:
    recipe = RECIPES[name]()
    assert recipe.objective == Classification()
    assert not recipe.training.flip
    # The digits of the default source are of 8×8.
    recipe.model.fitted((1, 8, 8)).with_classes(10).build()
    recipe.model.fitted((3, 32, 32)).with_classes(12).build()


def test_the_control_differs_from_the_net_in_its_skips_alone() -> None:
    net, control = unet().model, unet_skips().model
    assert isinstance(net, UNetConfig)
    assert control == replace(net, skips=True)
    assert unet_skips().training == unet().training
    assert isinstance(built(net.fitted((3, 16, 24))), UNet)
    assert isinstance(built(control.fitted((3, 16, 24))), UNetSkips)


def test_blind_denoisers_differ_in_what_they_predict_alone() -> None:
    blind, direct = RECIPES["blind-denoiser"](), RECIPES["direct-denoiser"]()
    # As DnCNN-B was trained, whose noise reaches 55 gray levels.
    assert blind.objective == direct.objective == Denoising(corruption=GaussianNoise(sigma=(0.0, 55 / 255)))
    assert blind.model == ResidualConfig(model=direct.model)
    assert direct.model == DnCNNConfig(width=64, depth=20, biases=False)
    assert configured("blind-denoiser", assignments=["width=8"]).model == ResidualConfig(
        model=DnCNNConfig(width=8, depth=20, biases=False)
    )


def test_the_hidden_module_has_the_widths_of_the_page() -> None:
    model = hidden_unet().model
    assert isinstance(model, UNetConfig)
    assert model.hidden == (500, 100, 500)


def test_the_overcomplete_mlp_has_no_layer_narrower_than_a_photo() -> None:
    model = overcomplete_mlp().model
    assert isinstance(model, MLPConfig)
    assert min(model.widths) >= math.prod((3, 32, 32))


def test_the_models_that_attend_differ_in_their_attention_alone() -> None:
    linear_one, dot, alone = (RECIPES[name]() for name in ("linear-attention", "dot-attention", "dot-attention-alone"))
    # 64 maps and 4 heads of 32, as in the reference experiments.
    assert isinstance(linear_one.model, AttentionConfig)
    assert linear_one.model == AttentionConfig(attention="linear", maps=64, heads=4, head_width=32)
    assert dot.model == replace(linear_one.model, attention="dot")
    assert configured("dot-attention", assignments=["maps=none"]).model == alone.model
    assert linear_one.training == dot.training


def test_the_u_net_of_diffusion_models_is_as_wide_as_the_control_and_attends_at_every_level() -> None:
    recipe, control = RECIPES["attention-unet"](), unet_skips()
    assert isinstance(recipe.model, UNetConfig)
    # As the page's own net: skips, group norm, residual blocks, linear attention alone.
    assert recipe.model.attentions == ("linear",) * recipe.model.levels
    plain = replace(recipe.model, attention="none", blocks="plain", statistics="batch")
    assert (plain, replace(recipe.training, steps=control.training.steps)) == (control.model, control.training)
    mixed = configured("attention-unet", assignments=["attention=mixed"]).model
    assert isinstance(mixed, UNetConfig)
    assert mixed.attentions == ("linear", "linear", "dot", "dot")


def test_the_code_of_the_u_net_is_larger_than_the_image_as_its_help_says() -> None:
    def ratio(shape: tuple[int, int, int], *assignments: str) -> float | None:
        return code_ratio(built(configured("unet", assignments=assignments).model.fitted(shape)), shape)

    assert "4/3 as many values as an image in color" in (unet.__doc__ or "")
    assert ratio((3, 32, 32)) == ratio((3, 64, 64), "width=64", "levels=5") == pytest.approx(4 / 3)
    assert ratio((1, 32, 48)) == pytest.approx(4)
    assert ratio((3, 32, 32), "width=16") == pytest.approx(2 / 3)
    assert RECIPES["denoising-unet"]().model == RECIPES["masked-unet"]().model == unet().model


@pytest.mark.parametrize("name", sorted(VARIATIONAL))
def test_recipes_with_a_likelihood_train_on_a_bound_that_their_default_data_allow(name: str) -> None:
    recipe = RECIPES[name]()
    splits = open_source(recipe.data)
    model = built(recipe.model.fitted(splits.train.image_shape))
    recipe.objective.check_model(model)
    recipe.objective.check_data(model, splits.test.images(0, 20))


def test_the_nets_of_published_figures_have_their_sizes() -> None:
    # Rezende & Mohamed (2015) as pythae has it, and Burda et al. (2016) with one stochastic layer.
    assert vae().model == VariationalMLPConfig(widths=(400,), code_size=40, activation="relu", likelihood="bernoulli")
    assert vae().objective == ELBO()
    assert iwae().model == VariationalMLPConfig(widths=(200, 200), code_size=50, activation="tanh")
    assert iwae().objective == ImportanceWeighted(samples=50)
    assert (vae().training.batch_size, iwae().training.batch_size) == (100, 20)


def test_a_recipe_is_found_by_its_name_and_changed() -> None:
    assert configured("unet_skips") == configured("unet-skips") == unet_skips()
    changed = configured("unet", data="faces", steps=7, assignments=["width = 8", "model.levels=2", "steps=9"])
    assert changed.data == "faces"
    assert changed.model == UNetConfig(width=8, levels=2)
    assert changed.training.steps == 7


def test_what_is_no_recipe_or_no_assignment_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"^there is no recipe 'unnet'; did you mean 'unet'\?$"):
        configured("unnet")
    for wrong in ("width", "=8"):
        with pytest.raises(ArgumentError, match=rf"^a setting must be written name=value, got '{wrong}'; write --set"):
            configured("unet", assignments=[wrong])


@pytest.mark.parametrize("name", ["table", "conv", "undercomplete-mlp", "linear"])
def test_what_is_judged_beside_pca_has_no_weights_that_test_rows_chose(name: str) -> None:
    assert configured(name).training.patience == 0
