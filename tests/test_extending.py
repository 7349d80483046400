"""A family that docs/extending.md adds in one file works in every verb, from outside the package and from within."""

import importlib
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import copyist as library
from cli.conftest import copyist
from copyist.models import MODELS, Autoencoder, needs
from copyist.objectives import Copying
from copyist.procedures import encode, interpolate, invert, layers, probe, reconstruct, sample, score, walk
from copyist.recipes import RECIPES
from copyist.training import Recipe, Training, train

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
TRAINING = Training(steps=30, batch_size=16, flip=False)


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "patchwise.py").write_text(blocks()[0], "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield importlib.import_module("patchwise")
    sys.modules.pop("patchwise", None)


def recipe(family: Any, *, data: str = "digits?limit=120") -> Recipe:
    return Recipe(name="patchwise", data=data, model=family.PatchwiseConfig(), objective=Copying(), training=TRAINING)


@pytest.mark.slow
def test_a_family_of_one_file_is_taken_by_every_function(family: Any, tmp_path: Path) -> None:
    run = train(recipe(family), out=tmp_path / "run")
    model = library.load(run.folder, class_of="patchwise:PatchwiseConfig")
    splits = library.open_source("digits?limit=120")
    x = splits.test.images(0, 6)
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        assert torch.equal(reconstruct(model, x), model(x))
        assert encode(model, x).shape == (6, 12, 2, 2)
    assert library.denoise(model, x, passes=2).shape == x.shape
    assert walk(model, x[:2], steps=3, noise=0.1, generator=draws).shape == (4, 2, 1, 8, 8)
    assert interpolate(needs(model, Autoencoder, verb="interpolate"), x[:1], x[1:2], steps=3).shape[-3:] == (1, 8, 8)
    assert sample(model, count=3, generator=draws).shape == (3, 1, 8, 8)
    with pytest.warns(UserWarning, match="trained only to copy"):
        assert score(model, x, sigma=0.2).shape == x.shape
    assert {"encoder", "decoder"} <= {layer.name for layer in layers(model)}
    assert invert(model, x[:2], layer="encoder", steps=5).x.shape == (2, 1, 8, 8)
    assert probe(model, splits) is not None
    assert needs(model, Autoencoder, verb="walk") is model


@pytest.mark.slow
@pytest.mark.usefixtures("few_filter_settings")
def test_a_family_of_one_file_is_taken_by_every_command(
    family: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "patchwise", family.PatchwiseConfig)
    monkeypatch.setitem(RECIPES, "patchwise", partial(recipe, family))
    data = "digits?limit=120"
    trained = ("train", "patchwise", "--data", data, "--out", "run", "--set", "patch=2", "--set", "code=3")
    answers = [
        copyist("recipes", "patchwise"),
        copyist(*trained),
        copyist(*trained, "--resume"),
        copyist("info", "run"),
        copyist("layers", "run"),
        copyist("reconstruct", "run", data, "--out", "copies"),
        copyist("denoise", "run", data, "--out", "clean"),
        copyist("encode", "run", data, "--out", "codes.npz"),
        copyist("evaluate", "run", "--data", data, "--images", "30"),
        copyist("psnr", "run", data, "--sigma", "0.2"),
        copyist("walk", "run", data, "--steps", "3", "--count", "2", "--out", "walk.png"),
        copyist("sample", "run", "--count", "4", "--steps", "3", "--out", "samples.png"),
        copyist("invert", "run", "digits?limit=20", "--layer", "encoder", "--steps", "3", "--out", "inverted"),
    ]
    *done, inverted = answers
    assert [answer.code for answer in done] == [0] * len(done), [answer.stderr for answer in done if answer.code]
    # Three steps need not converge, and say so; what was found is written all the same.
    assert inverted.code == 0 or "must converge" in inverted.stderr
    assert np.load("codes.npz")["z"].shape[1:] == (3, 4, 4)
    assert "patchwise" in answers[3].stdout


@pytest.mark.slow
def test_the_page_s_own_commands_run(family: Any, tmp_path: Path) -> None:
    exec(compile(blocks()[1], PAGE.name, "exec"), {})
    answer = copyist("denoise", "run", "digits", "--out", "clean", "--class-of", "patchwise:PatchwiseConfig")
    assert answer.code == 0, answer.stderr
    refused = copyist("denoise", "run", "digits", "--out", "other")
    assert "add --class-of patchwise:PatchwiseConfig" in refused.sentence
