"""Weights that come together layer by layer give what whole ones do, in every recipe that processes may divide."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from accelerate import DistributedType
from torch import Tensor, distributed, nn
from torch.distributed.tensor import DTensor

from copyist.data import open_source
from copyist.errors import ArgumentError
from copyist.models import Model, UNetConfig
from copyist.models.in_batches import evaluation_mode
from copyist.objectives import Contraction, Copying, L1Sparsity, Objective, ObjectiveLoss
from copyist.recipes import RECIPES, configured
from copyist.training import Recipe
from copyist.training.fitted_config import fitted_config
from copyist.training.processes import check_processes
from copyist.training.sharding import Divided, lent_layers
from copyist.training.start import build_model

CPU = torch.device("cpu")

BINARY = ("vae", "iwae")
"""What learns images of 0 and 1."""

SINGLE_NUMBERS = ("conv-vae",)
"""What has weights that are single numbers, which are refused."""


@pytest.fixture(autouse=True)
def group_of_one(tmp_path: Path) -> Iterator[None]:
    """A process that divides weights with nobody: it has all parts, which come together and part all the same."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def may_be_divided(recipe: Recipe) -> bool:
    divided = replace(recipe, training=replace(recipe.training, sharding="full", batch_size=64))
    two = SimpleNamespace(num_processes=2, distributed_type=DistributedType.MULTI_CPU)
    try:
        check_processes(divided, cast("Any", two))
    except ArgumentError:
        return False
    return True


def built(recipe: Recipe) -> Model:
    train = open_source(recipe.data).train
    config = fitted_config(recipe, train.shape)
    if recipe.objective.uses_labels:
        config = config.with_classes(2)
    return build_model(config, recipe, train, seed=0, start=None, device=CPU).train()


def gradients(model: Model) -> dict[str, Tensor]:
    return {
        name: weight.grad.full_tensor() if isinstance(weight.grad, DTensor) else weight.grad
        for name, weight in model.named_parameters()
        if weight.grad is not None
    }


def check_gradients(recipe: Recipe) -> None:
    """Those of layers that come together one by one are those of whole ones, also after a look at two batches."""
    whole = built(recipe)
    parted = copy.deepcopy(whole)
    x = open_source(recipe.data).train.examples()[:4]
    labels = torch.tensor([0, 1, 0, 1]) if recipe.objective.uses_labels else None
    lent = lent_layers(parted, recipe.objective)
    divided = Divided(ObjectiveLoss(recipe.objective, parted), device=CPU, world_size=1, lent=lent)
    look(divided, parted, recipe, x, labels)
    losses: list[Tensor] = []
    for loss in (ObjectiveLoss(recipe.objective, whole), divided):
        losses.append(loss(x, progress=0.5, generator=torch.Generator().manual_seed(0), labels=labels))
        losses[-1].backward()
    torch.testing.assert_close(losses[1], losses[0])
    expected, found = gradients(whole), gradients(parted)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-3, atol=1e-4 * float(value.abs().max()) + 1e-9)
    look(divided, parted, recipe, x, labels)
    assert all(isinstance(weight, DTensor) for weight in parted.parameters())


def look(divided: Divided, model: Model, recipe: Recipe, x: Tensor, labels: Tensor | None) -> None:
    """What is measured on held-out images between steps, on two batches."""
    divided.gather()
    with torch.no_grad(), evaluation_mode(model):
        for _ in range(2):
            generator = torch.Generator().manual_seed(1)
            recipe.objective(model, x, generator=generator, labels=labels)
            recipe.objective.measures(model, x, generator=generator, labels=labels)
    divided.release()


@pytest.mark.parametrize(
    ("name", "settings"),
    [(name, []) for name, make in RECIPES.items() if may_be_divided(make()) and name not in SINGLE_NUMBERS]
    + [("overcomplete-mlp", ["tied=true", "widths=64,64"])],
)
def test_layers_that_come_together_one_by_one_have_the_gradients_of_whole_ones(name: str, settings: list[str]) -> None:
    data = "digits?binarize=sample" if name in BINARY else "scenes?size=32&limit=40"
    check_gradients(configured(name, data=data, assignments=settings))


@pytest.mark.parametrize("name", ["undercomplete-mlp", "autoencoder"])
@pytest.mark.parametrize(
    "objective",
    [L1Sparsity(weight=0.1), Contraction(weight=0.1, probes=1), Contraction(weight=0.1, probes=1, scale="image")],
)
def test_what_differentiates_the_model_itself_has_the_gradients_of_whole_weights(
    name: str, objective: Objective
) -> None:
    check_gradients(replace(RECIPES[name](data="scenes?size=16&limit=40"), objective=objective))


def test_few_weights_are_whole_at_once() -> None:
    """Of this U-Net the largest convolution has 34 %, and what comes together with all others has 2 %."""
    model = UNetConfig(width=8, levels=3).fitted((3, 16, 16)).build()
    total = sum(weight.numel() for weight in model.parameters())
    shares: list[float] = []

    def count(*_: Any) -> None:
        shares.append(sum(weight.numel() for weight in model.parameters() if not isinstance(weight, DTensor)) / total)

    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    divided = Divided(ObjectiveLoss(Copying(), model), device=CPU, world_size=1)
    count()
    assert shares == [0]
    divided(torch.rand(2, 3, 16, 16), progress=0.0, generator=torch.Generator()).backward()
    assert len(shares) == 12
    assert 0.34 < max(shares) < 0.37
    assert sum(shares) < 1.3
