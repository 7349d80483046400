"""Networks that come with the package: what their files hold is what their recipes say."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from copyist.checkpoint import load, read_model
from copyist.corruption import GaussianNoise
from copyist.data import open_source
from copyist.demo.shipped import SHIPPED, WATCHING, ship, shipped_file
from copyist.errors import CheckpointError
from copyist.metrics.distortion import distance, psnr
from copyist.models.contracts import Reconstructor, needs
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.procedures import denoise
from copyist.settings import dump
from copyist.training import CATALOGUES, Recipe, Training, train


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_is_small_and_its_record_is_the_recipe_of_this_code(name: str) -> None:
    file = shipped_file(name)
    header, tensors = read_model(file)
    assert file.stat().st_size < 4.2e6
    assert {tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()} == {torch.float16}
    net = SHIPPED[name]
    wanted = dump(net.recipe, CATALOGUES)
    for part in ("data", "model", "objective"):
        assert header.recipe[part] == wanted[part]
    decisive = set(wanted["training"]) - set(WATCHING)
    assert {each: header.recipe["training"][each] for each in decisive} == {
        each: wanted["training"][each] for each in decisive
    }
    assert header.training["seed"] == net.seed
    # A snapshot is taken at one of the looks, of which the last is the end.
    looks = range(0, net.recipe.training.steps + 1, net.recipe.training.validate_every)
    assert header.training["steps"] in ([net.recipe.training.steps] if net.at is None else looks[1:])
    # A look sees half of the test images, and batch statistics let batches differ.
    assert header.training["psnr"] > (net.at or 20.0) - 0.5
    assert header.training["seconds"] > 0


def test_the_shipped_copier_takes_noise_off_and_its_control_passes_more_of_it_on() -> None:
    x = open_source(SHIPPED["copier"].recipe.data).test.images(0, 32)
    x_tilde = GaussianNoise(0.2)(x, generator=torch.Generator().manual_seed(1))
    left = {
        name: float((distance(denoise(load(shipped_file(name)), x_tilde), x) / distance(x_tilde, x)).mean())
        for name in ("copier", "with-skips")
    }
    assert left["copier"] < 0.4
    assert left["with-skips"] > 1.5 * left["copier"]


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="mine",
        data="digits?size=8&limit=40",
        model=UNetConfig(width=4, levels=2),
        objective=Copying(),
        training=Training(steps=2, batch_size=8),
    )


def test_what_is_shipped_is_half_as_large_and_says_what_it_reaches(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, out=tmp_path / "run")
    reached = ship(run.folder, tmp_path / "net.safetensors", recipe=replace(recipe, name="another name"))
    net = needs(load(tmp_path / "net.safetensors"), Reconstructor, verb="this test")
    x = open_source(recipe.data).test.images()
    assert reached == pytest.approx(float(psnr(denoise(net, x), x).mean()), abs=1e-4)
    header, _ = read_model(tmp_path / "net.safetensors")
    assert header.training["psnr"] == pytest.approx(reached, abs=1e-3)
    halved = {name: tensor.half().float() for name, tensor in run.load().state_dict().items()}
    torch.testing.assert_close(dict(net.state_dict()), halved, rtol=0, atol=0)


def test_a_run_of_another_recipe_is_not_shipped(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, out=tmp_path / "run")
    longer = replace(recipe, training=replace(recipe.training, steps=3))
    with pytest.raises(CheckpointError, match="another recipe"):
        ship(run.model_file, tmp_path / "net.safetensors", recipe=longer)
    assert not (tmp_path / "net.safetensors").exists()
