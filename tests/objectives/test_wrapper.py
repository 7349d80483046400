"""An objective around another one keeps all that the other one does."""

import inspect
from collections.abc import Iterator
from dataclasses import fields, make_dataclass
from typing import Any

import pytest
import torch

from contracts import CONFIGS, built, images
from copyist.corruption import MaskingNoise
from copyist.models import MLPConfig, Model, SparseMLPConfig
from copyist.models.contracts import Stack, needs
from copyist.objectives import OBJECTIVES, Copying, Denoising, Objective, Repair, TopLayer, Wrapper

SHAPE = (2, 3, 5)
WRAPPERS = [each for each in OBJECTIVES.values() if issubclass(each, Wrapper)]
MODELS: dict[str, Model] = {
    "TopLayer": built(MLPConfig(image_shape=SHAPE, widths=(9, 7), activation="sigmoid", output="sigmoid")),
    "DeadUnitResampling": built(SparseMLPConfig(image_shape=SHAPE, widths=(40,), k=4)),
    "FrozenEncoder": built(MLPConfig(image_shape=SHAPE, widths=(9, 7))),
}
"""A model for each wrapper to train."""

MEMBERS = [
    name
    for name, member in vars(Objective).items()
    if (name == "__call__" or not name.startswith("_")) and name != "trains" and not getattr(member, "__final__", False)
]
"""All that an objective may say of itself beside the contract that it asks for."""


def asked(objective: Objective, name: str, model: Model) -> Any:
    """What a member answers, its arguments taken by their names; a repair is carried out."""
    pool = {
        "model": model,
        "x": images(6, SHAPE),
        "generator": torch.Generator().manual_seed(0),
        "labels": None,
        "progress": 0.3,
        "step": 1,
    }
    member = getattr(objective, name)
    if callable(member):
        wanted = inspect.signature(member).parameters
        with torch.no_grad():
            member = member(**{each: pool[each] for each in wanted})
    return list(member) if isinstance(member, Iterator) else member


def spying(name: str, calls: list[str]) -> Objective:
    """Copying, that writes down when the member of this name is asked."""
    original = vars(Copying if name == "__call__" else Objective)[name]

    def repair(model: Model, x: Any, *, step: int, generator: torch.Generator) -> None:
        calls.append(name)

    def asked_property(self: Objective) -> Any:
        calls.append(name)
        return repair if name == "repair" else original.fget(self)

    def asked_method(self: Objective, *args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return original(self, *args, **kwargs)

    replaced = property(asked_property) if isinstance(original, property) else asked_method
    members = {"__call__": Copying.__call__} | {name: replaced}
    return make_dataclass("Spying", [], bases=(Objective,), namespace=members, frozen=True)()


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", MEMBERS)
def test_a_wrapper_asks_the_objective_inside_for_all_that_an_objective_does(wrapper: type[Wrapper], name: str) -> None:
    calls: list[str] = []
    objective = wrapper(objective=spying(name, calls))
    calls.clear()
    asked(objective, name, MODELS[wrapper.__name__])
    assert name in calls


def test_there_is_no_objective_around_another_one_but_wrappers() -> None:
    around = [each for each in OBJECTIVES.values() if any("Objective" in str(field.type) for field in fields(each))]
    assert around == WRAPPERS
    assert set(MODELS) == {each.__name__ for each in WRAPPERS}


def test_a_wrapper_within_a_wrapper_repairs_what_each_of_them_repairs() -> None:
    done: list[tuple[str, tuple[int, ...]]] = []

    class Counting(Wrapper):
        @property
        def added_repair(self) -> Repair:
            return lambda model, x, *, step, generator: done.append(("outer", tuple(x.shape)))

    class Inner(Copying):  # pyright: ignore[reportGeneralTypeIssues]
        @property
        def repair(self) -> Repair:
            return lambda model, x, *, step, generator: done.append(("inner", tuple(x.shape)))

    objective = Counting(objective=TopLayer(objective=Inner()))
    repair = objective.repair
    assert repair is not None
    repair(MODELS["TopLayer"], images(6, SHAPE), step=1, generator=torch.Generator())
    assert done == [("inner", (6, 9, 1, 1)), ("outer", (6, *SHAPE))]
    assert TopLayer(objective=Copying()).repair is None


def test_pictures_of_a_layer_show_what_it_copies_decoded_by_the_layers_below() -> None:
    model, x = MODELS["TopLayer"], images(6, SHAPE)
    layers = needs(model, Stack, verb="test").layers
    denoising = Denoising(corruption=MaskingNoise(share=0.4))
    found = TopLayer(objective=denoising).pictures(model, x, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        h = layers[0].encode(x)[:, :, None, None]
        h_tilde = denoising.corruption(h, generator=torch.Generator().manual_seed(2))
        wanted = {
            "image": x,
            "image, decoded": layers[0].decode(h.flatten(1)),
            "copy, decoded": layers[0].decode(layers[1](h).flatten(1)),
            "corrupted, decoded": layers[0].decode(h_tilde.flatten(1)),
            "its copy, decoded": layers[0].decode(layers[1](h_tilde).flatten(1)),
        }
    assert list(found) == list(wanted)
    for name, row in found.items():
        torch.testing.assert_close(row, wanted[name])
    first = built(CONFIGS["linear"])
    assert list(TopLayer(objective=denoising).pictures(first, images(), generator=torch.Generator())) == [
        "image", "copy", "corrupted", "its copy",
    ]  # fmt: skip
