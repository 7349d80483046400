"""Frozen dataclasses as JSON and back, and settings changed by name."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.corruption import Blend, Blur, Corruption, GaussianNoise, MaskingNoise, OneOf, SaltAndPepper, Shift
from copyist.errors import ArgumentError, UnknownNameError
from copyist.models import (
    ConvClassifierConfig,
    MLPConfig,
    ModelConfig,
    StackedClassifierConfig,
    UNetConfig,
    ViTConfig,
)
from copyist.objectives import Classification, Copying, Denoising, Objective
from copyist.recipes import RECIPES, denoising_unet, latent_diffusion, linear, stacked, stacked_classifier, unet
from copyist.settings import change, dump, load
from copyist.training import CATALOGUES, Optimization, Pretraining, Recipe, Training

SHARES = st.floats(0, 1) | st.tuples(st.floats(0, 0.5), st.floats(0.5, 1))
SIGMAS = st.floats(0, 3, exclude_min=True) | st.tuples(st.floats(0, 1), st.floats(1, 3))
SIMPLE: st.SearchStrategy[Corruption] = st.one_of(
    st.builds(Blend, alpha=SHARES, mean=st.floats(0, 1)),
    st.builds(Shift, alpha=SHARES),
    st.builds(GaussianNoise, sigma=SIGMAS),
    st.builds(SaltAndPepper, share=SHARES),
    st.builds(MaskingNoise, share=SHARES),
    st.builds(Blur, sigma=SIGMAS),
)
CORRUPTED = SIMPLE | st.builds(OneOf, st.lists(SIMPLE, min_size=1, max_size=3).map(tuple))
OBJECTIVES: st.SearchStrategy[Objective] = st.sampled_from([Copying(), Classification()]) | st.builds(
    Denoising, corruption=CORRUPTED
)
COUNTS = st.integers(1, 10**6)
UNETS = {
    "channels": st.none() | COUNTS,
    "width": COUNTS,
    "levels": st.integers(1, 9),
    "statistics": st.sampled_from(["batch", "image", "running", "group", "none"]),
}
WIDTHS = st.lists(COUNTS, min_size=1).map(tuple)
STACKS = st.builds(
    MLPConfig,
    widths=WIDTHS,
    activation=st.sampled_from(["sigmoid", "relu"]),
    output=st.sampled_from(["sigmoid", "identity"]),
    tied=st.booleans(),
    initialization=st.sampled_from(["uniform", "normal", "glorot", "he"]),
)
MODELS: st.SearchStrategy[ModelConfig] = st.one_of(
    st.builds(MLPConfig, image_shape=st.none() | st.tuples(COUNTS, COUNTS, COUNTS), widths=WIDTHS),
    st.builds(UNetConfig, **UNETS, hidden=WIDTHS, image_size=st.none() | st.tuples(COUNTS, COUNTS)),
    st.builds(UNetConfig, **UNETS, skips=st.booleans(), attention=st.sampled_from(["none", "linear", "mixed"])),
    st.builds(ConvClassifierConfig, **UNETS, num_classes=st.none() | COUNTS),
    st.builds(ViTConfig, num_classes=st.none() | COUNTS, patch=COUNTS, width=COUNTS, heads=st.just(1)),
)
OPTIMIZATIONS = st.builds(
    Optimization,
    optimizer=st.sampled_from(["adam", "adamw", "sgd"]),
    learning_rate=st.floats(1e-9, 10),
    warmup=st.floats(0, 1),
    accumulation=COUNTS,
)
TRAININGS = st.builds(Training, steps=COUNTS, flip=st.booleans(), averaging=st.floats(0, 1), optimization=OPTIMIZATIONS)
RECIPE = st.builds(Recipe, name=st.text(), data=st.text(), model=MODELS, objective=OBJECTIVES, training=TRAININGS)
PRETRAINED = st.builds(
    Recipe,
    name=st.text(),
    data=st.text(),
    model=STACKS | st.builds(StackedClassifierConfig, stack=STACKS, num_classes=st.none() | COUNTS),
    objective=OBJECTIVES,
    training=TRAININGS,
    pretraining=st.builds(
        Pretraining,
        objectives=st.tuples(OBJECTIVES),
        steps=COUNTS,
        optimization=st.none() | OPTIMIZATIONS,
    ),
)


@given(RECIPE | PRETRAINED)
def test_a_recipe_comes_back_from_json_as_it_was(recipe: Recipe) -> None:
    document = json.loads(json.dumps(dump(recipe, CATALOGUES)))
    assert load(Recipe, document, CATALOGUES) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_written_recipe_comes_back_from_json_as_it_was(name: str) -> None:
    recipe = RECIPES[name]()
    assert load(Recipe, json.loads(json.dumps(dump(recipe, CATALOGUES))), CATALOGUES) == recipe


def test_the_document_names_the_kind_where_a_type_is_abstract() -> None:
    document = dump(denoising_unet(), CATALOGUES)
    assert document["model"]["kind"] == "unet"
    assert document["objective"]["kind"] == "denoising"
    assert [corruption["kind"] for corruption in document["objective"]["corruption"]["corruptions"]] == [
        "blend",
        "gaussian",
    ]
    assert "kind" not in document["training"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("steps", "64", {"training": replace(unet().training, steps=64)}),
        ("training.steps", "64", {"training": replace(unet().training, steps=64)}),
        ("steps", "1e2", {"training": replace(unet().training, steps=100)}),
        ("flip", "False", {"training": replace(unet().training, flip=False)}),
        ("flip", "no", {"training": replace(unet().training, flip=False)}),
        ("width", "8", {"model": UNetConfig(width=8, levels=4)}),
        ("model.width", "8", {"model": UNetConfig(width=8, levels=4)}),
        ("hidden", "500,100,500", {"model": UNetConfig(width=32, levels=4, hidden=(500, 100, 500))}),
        ("hidden", "[7, 5]", {"model": UNetConfig(width=32, levels=4, hidden=(7, 5))}),
        ("hidden", "7", {"model": UNetConfig(width=32, levels=4, hidden=(7,))}),
        ("image_size", "32,48", {"model": UNetConfig(width=32, levels=4, image_size=(32, 48))}),
        ("image_size", "none", {"model": UNetConfig(width=32, levels=4)}),
        ("statistics", "none", {"model": UNetConfig(width=32, levels=4, statistics="none")}),
        ("data", "64", {"data": "64"}),
        ("name", "a, b", {"name": "a, b"}),
    ],
)
def test_a_setting_is_changed_by_its_full_or_its_short_name(name: str, text: str, expected: dict[str, Any]) -> None:
    assert change(unet(), {name: text}, CATALOGUES) == replace(unet(), **expected)


def test_several_settings_are_changed_at_once_and_the_recipe_itself_is_not() -> None:
    recipe = linear()
    changed = change(recipe, {"widths": "3,2", "learning_rate": "0.5"}, CATALOGUES)
    assert changed.model == replace(MLPConfig(activation="identity"), widths=(3, 2))
    assert changed.training.optimization.learning_rate == 0.5
    assert recipe == linear()


def test_a_list_of_corruptions_is_changed_by_json() -> None:
    text = '[{"kind": "blend", "alpha": [0.1, 0.5]}, {"kind": "blur", "sigma": 2}]'
    changed = change(denoising_unet(), {"corruptions": text}, CATALOGUES)
    assert changed.objective == Denoising(corruption=OneOf((Blend(alpha=(0.1, 0.5)), Blur(sigma=2))))


def test_a_part_is_replaced_by_its_kind_or_by_json() -> None:
    assert change(denoising_unet(), {"objective": "copying"}, CATALOGUES).objective == Copying()
    text = '{"kind": "denoising", "corruption": {"kind": "masking", "share": 0.2}}'
    objective = Denoising(corruption=MaskingNoise(share=0.2))
    assert change(unet(), {"objective": text}, CATALOGUES).objective == objective
    corrupted = change(denoising_unet(), {"corruption": '{"kind": "masking", "share": 0.2}'}, CATALOGUES)
    assert corrupted.objective == objective
    assert change(unet(), {"model": "mlp"}, CATALOGUES).model == MLPConfig()


def test_a_part_that_was_left_out_is_put_in() -> None:
    recipe = stacked_classifier()
    text = '{"kind": "masking", "share": 0.25}'
    changed = change(recipe, {"objective.corruption": text}, CATALOGUES)
    assert changed.objective == Classification(corruption=MaskingNoise(share=0.25))
    assert change(changed, {"objective.corruption": "none"}, CATALOGUES) == recipe
    pretraining = '{"objectives": [{"kind": "copying"}], "steps": 5}'
    stack = change(replace(stacked(), pretraining=None), {"pretraining": pretraining}, CATALOGUES)
    assert stack.pretraining == Pretraining(objectives=(Copying(),), steps=5)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("objective", "copyng", "there is no objective 'copyng'; did you mean 'copying'?"),
        ("objective", "denoising", "objective must have the setting 'corruption', which is missing"),
        ("objective", '{"kind": "copying", "sigma": 1}', "there is no setting of objective 'sigma'; "),
        ("objective", "3", "objective must be a table of settings, got 3"),
        ("objective", "none", "objective must be a table of settings, got None"),
    ],
)
def test_a_part_that_cannot_be_is_refused_in_one_plain_sentence(name: str, text: str, message: str) -> None:
    with pytest.raises((ArgumentError, UnknownNameError)) as caught:
        change(denoising_unet(), {name: text}, CATALOGUES)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("steps", "many", "training.steps must be a whole number, got 'many'"),
        ("steps", "1.5", "training.steps must be a whole number, got 1.5"),
        ("steps", "", "training.steps must be a whole number, got ''"),
        ("steps", "none", "training.steps must be a whole number, got None"),
        ("steps", "true", "training.steps must be a whole number, got True"),
        ("steps", "0", "steps must be at least 1, got 0"),
        ("width", "64,3", "model.width must be a whole number, got [64, 3]"),
        ("flip", "perhaps", "training.flip must be true or false, got 'perhaps'"),
        ("optimizer", "adamm", "training.optimization.optimizer must be 'adam', 'adamw' or 'sgd', got 'adamm'"),
        ("learning_rate", "fast", "training.optimization.learning_rate must be a number, got 'fast'"),
        ("learning_rate", "nan", "training.optimization.learning_rate must be a number, got 'nan'"),
        ("learning_rate", "true", "training.optimization.learning_rate must be a number, got True"),
        ("learning_rate", "-1", "learning_rate must be greater than 0, got -1.0"),
        ("hidden", "a,b", "model.hidden must be a list of whole numbers, got ['a', 'b']"),
        ("image_size", "3,4,5", "model.image_size must be 2 whole numbers or none, got [3, 4, 5]"),
        ("corruptions", "5", "objective.corruption.corruptions must be a list, got 5"),
        ("corruptions", "[5]", "objective.corruption.corruptions must be a table of settings, got 5"),
        ("corruptions", '[{"kind": "blend"}]', "objective.corruption.corruptions must have the setting 'alpha', which"),
        (
            "corruptions",
            '[{"kind": "blend", "alpha": "x"}]',
            "objective.corruption.corruptions.alpha must be a number or 2 numbers, got 'x'",
        ),
        ("corruptions", '[{"alpha": 1}]', "objective.corruption.corruptions must say its kind; there are blend, blur,"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_plain_sentence(name: str, text: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        change(denoising_unet(), {name: text}, CATALOGUES)
    said = str(caught.value)
    assert said.startswith(message)
    assert "\n" not in said
    assert not any(word in said.lower() for word in ("pydantic", "input", "validation", "parse", "integer"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("widht", "8", "there is no setting 'widht'; did you mean 'width'?"),
        ("model.widht", "8", "there is no setting 'model.widht'; did you mean 'width'?"),
        ("kind", "mlp", "there is no setting 'kind'; "),
        (
            "corruptions",
            '[{"kind": "blen", "alpha": 1}]',
            "there is no objective.corruption.corruptions 'blen'; did you mean 'blend'?",
        ),
    ],
)
def test_a_name_that_is_not_known_is_refused_with_the_nearest(name: str, text: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        change(denoising_unet(), {name: text}, CATALOGUES)
    assert str(caught.value).startswith(message)


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Outer:
    one: Inner
    other: Inner
    odd: complex = 0j


def test_a_short_name_that_two_settings_have_is_refused() -> None:
    outer = Outer(one=Inner(), other=Inner())
    with pytest.raises(UnknownNameError, match=r"^setting 'size' could mean one.size or other.size; write it in full$"):
        change(outer, {"size": "3"}, {})
    assert change(outer, {"other.size": "3"}, {}) == Outer(one=Inner(), other=Inner(size=3))


def test_of_settings_of_one_name_the_shallowest_is_meant() -> None:
    recipe = latent_diffusion()
    assert recipe.first_stage is not None
    changed = change(recipe, {"steps": "7", "first_stage.training.steps": "9"}, CATALOGUES)
    below = replace(recipe.first_stage, training=replace(recipe.first_stage.training, steps=9))
    assert changed == replace(recipe, training=replace(recipe.training, steps=7), first_stage=below)
    with pytest.raises(
        UnknownNameError, match=r"^setting 'width' could mean model.denoiser.width or first_stage.model"
    ):
        change(recipe, {"width": "3"}, CATALOGUES)


def test_a_type_without_a_plain_name_is_called_by_its_own() -> None:
    with pytest.raises(ArgumentError, match=r"^odd must be a complex, got 'x'$"):
        change(Outer(one=Inner(), other=Inner()), {"odd": "x"}, {})


def test_a_document_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^the document must be a table of settings, got \[1\]$"):
        load(Recipe, [1], CATALOGUES)
    with pytest.raises(ArgumentError, match=r"^Recipe must have the setting 'name', which is missing$"):
        load(Recipe, {}, CATALOGUES)
    with pytest.raises(
        UnknownNameError, match=r"^there is no setting of Recipe 'stepps'; there are data, first_stage, model, name"
    ):
        load(Recipe, {"stepps": 3}, CATALOGUES)
    with pytest.raises(UnknownNameError, match=r"^there is no model 'unett'; did you mean 'unet'\?$"):
        load(Recipe, {"model": {"kind": "unett"}}, CATALOGUES)


def test_a_part_that_is_left_out_is_not_mentioned() -> None:
    assert "pretraining" not in dump(unet(), CATALOGUES)
    assert dump(stacked(), CATALOGUES)["pretraining"] == {
        "objectives": [{"kind": "cross-entropy", "corruption": {"kind": "identity"}}],
        "steps": 1000,
    }
    with pytest.raises(UnknownNameError, match=r"^there is no setting 'pretraining.steps'; "):
        change(unet(), {"pretraining.steps": "3"}, CATALOGUES)


def test_a_part_that_can_be_of_one_kind_alone_is_of_that_kind() -> None:
    document = dump(stacked_classifier(), CATALOGUES)
    assert document["model"]["stack"]["kind"] == "mlp"
    del document["model"]["stack"]["kind"]
    assert load(Recipe, document, CATALOGUES) == stacked_classifier()
    document["model"]["stack"]["kind"] = "unet"
    with pytest.raises(UnknownNameError, match=r"^there is no model.stack 'unet'; there are mlp$"):
        load(Recipe, document, CATALOGUES)
