"""A detector that measures images without a model: in a file, on the command line, and to verbs that want a model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.data import open_split
from copyist.detection import fit_detector, load_detector
from copyist.detection.detector_recipe import Untrained
from copyist.detection.measures import LocalContrast, ReconstructionError
from copyist.detection.no_model import NoModel
from copyist.errors import ContractError, ShapeError
from copyist.models import MLPConfig
from copyist.recipes import configured
from copyist.recipes.detectors import image_detector

from .conftest import copyist

SIDE = 16
FIT = ("detect", "fit", "--set", "scales=1,2")


def images(folder: Path, count: int, *, seed: int, spot: bool = False) -> Path:
    """Gray noise in any light; with a bright spot if asked."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = rng.uniform(90, 150) + rng.normal(0, 4, (SIDE, SIDE))
        if spot:
            pixels[6:10, 6:10] += 90
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"{images(tmp_path_factory.mktemp('parts') / 'good', 70, seed=0)}?calibration=0.4&size={SIDE}"


@pytest.fixture(scope="module")
def fitted(good: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fitted") / "detector"
    assert copyist(*FIT, "--data", good, "--out", out).code == 0
    return out


def test_the_folder_holds_the_detector_alone_and_info_says_that_there_is_no_model(fitted: Path) -> None:
    assert [path.name for path in fitted.iterdir()] == ["detector.safetensors"]
    answer = copyist("info", fitted)
    assert "detector.safetensors: no model, " in answer.stdout
    assert "a detector: contrasts on " in answer.stdout
    assert copyist("info", fitted, "--json").result["parameters"] == 0


def test_what_is_strange_is_found_and_named(fitted: Path, tmp_path: Path) -> None:
    spots = images(tmp_path / "spots", 4, seed=9, spot=True)
    answer = copyist("detect", "run", fitted, spots, "--out", tmp_path / "found", "--compare", "--json")
    assert answer.result["num_flagged"] == 4
    assert {path.name for path in (tmp_path / "found" / "heatmaps").iterdir()} == {f"{n:03}.png" for n in range(4)}


@pytest.mark.parametrize("verb", ["denoise", "encode", "evaluate"])
def test_verbs_that_want_a_model_refuse_it_in_one_sentence(verb: str, fitted: Path, good: str, tmp_path: Path) -> None:
    out = tmp_path / ("codes.npz" if verb == "encode" else "out")
    where = ("--data", good) if verb == "evaluate" else (good.partition("?")[0], "--out", out)
    answer = copyist(verb, fitted, *where)
    assert "holds a detector that measures examples without a model" in answer.sentence
    assert not out.exists()


def test_samples_of_it_are_refused(fitted: Path, tmp_path: Path) -> None:
    answer = copyist("sample", fitted / "detector.safetensors", "--out", tmp_path / "x.png")
    assert "or judge examples by copyist detect run" in answer.sentence


def test_a_folder_is_kept_unless_it_is_to_be_replaced_and_there_is_nothing_to_resume(fitted: Path, good: str) -> None:
    assert "add --force to replace it" in copyist(*FIT, "--data", good, "--out", fitted).sentence
    assert "there is no run to resume" in copyist("detect", "fit", "--resume", "--data", good, "--out", fitted).sentence
    before = load_detector(fitted, device="cpu").calibration
    assert copyist(*FIT, "--data", good, "--out", fitted, "--force").code == 0
    assert torch.equal(load_detector(fitted, device="cpu").calibration, before)


def test_one_with_a_model_that_the_measure_does_not_look_at_gives_the_same_anomalies(
    good: str, fitted: Path, tmp_path: Path
) -> None:
    """As files of earlier versions hold it."""
    linear = configured("linear", data=good)
    short = replace(linear, training=replace(linear.training, steps=1), model=MLPConfig(widths=(4,)))
    usual = image_detector(data=good)
    assert isinstance(usual.measure, LocalContrast)
    recipe = replace(usual, training=short, measure=replace(usual.measure, scales=(1.0, 2.0)))
    fit_detector(recipe, out=tmp_path)
    with_one, without = load_detector(tmp_path, device="cpu"), load_detector(fitted, device="cpu")
    x = open_split(good, default="test").examples()
    assert isinstance(without.model, NoModel)
    assert not isinstance(with_one.model, NoModel)
    assert torch.equal(with_one.anomaly(x), without.anomaly(x))


def test_images_of_other_channels_are_refused(fitted: Path) -> None:
    with pytest.raises(ShapeError, match="must have 1 channels, as those that the detector was fitted on, got 3"):
        load_detector(fitted, device="cpu")(torch.rand(2, 3, SIDE, SIDE))


def test_a_measure_of_copies_is_refused_without_a_model() -> None:
    with pytest.raises(ContractError, match="measures what a model makes of examples, and contrasts trains none"):
        replace(image_detector(), measure=ReconstructionError())
    assert isinstance(image_detector().training, Untrained)
