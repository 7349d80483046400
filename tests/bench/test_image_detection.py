"""The benchmark of detectors of images scores what it says, on a folder whose defects are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from copyist.bench.image_detection import ImageDetection, bench_image_detection
from copyist.bench.mixed_training import mixed_training
from copyist.cli.bench import app
from copyist.detection import DetectorRecipe
from copyist.errors import ArgumentError, DataError
from copyist.recipes.detectors import image_detector

SIDE = 64


def short(*, data: str) -> DetectorRecipe:
    """The default, of small images."""
    return image_detector(data=f"{data}&size={SIDE}&fit=resize")


def write(folder: Path, name: str, *, seed: int, square: bool = False) -> None:
    """A gray ramp in any light with a little noise, 40×48; with a bright square, also its mask."""
    draws = np.random.default_rng(seed)
    pixels = np.linspace(80, 120, 48)[None].repeat(40, 0) + draws.uniform(-40, 40) + draws.normal(0, 2, (40, 48))
    if square:
        top, left = draws.integers(2, 28), draws.integers(2, 36)
        pixels[top : top + 8, left : left + 8] += 70
        mask = np.zeros((40, 48), dtype=np.uint8)
        mask[top : top + 8, left : left + 8] = 255
        target = folder / "ground_truth" / f"{name}_mask.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    path = folder / ("train" if name.startswith("good/train") else "test") / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    for number in range(120):
        write(folder, f"good/train-{number}", seed=number)
    for number in range(8):
        write(folder, f"good/{number}", seed=1000 + number)
        write(folder, f"square/{number}", seed=2000 + number, square=True)
    return folder


@pytest.mark.slow
def test_every_detector_is_scored_on_every_part_and_obvious_squares_are_found(parts: Path) -> None:
    saved: list[ImageDetection] = []
    halves = {"even": r"[02468]\.png", "odd": r"[13579]\.png"}
    result = bench_image_detection(parts, recipe=short, seeds=(0,), parts=halves, save=saved.append)
    assert [len(each.scores) for each in saved] == [2, 4, 6]
    assert saved[-1] == result
    assert {(score.detector, score.part) for score in result.scores} == {
        (name, part) for name in ("contrasts", "64 principal axes", "nearest patch") for part in ("even", "odd")
    }
    for score in result.scores:
        assert (score.num_normal, score.num_anomalous) == (4, 4)
        # A ramp and its light are two axes, and a bright square is like no patch of them.
        assert score.auroc == 1 == score.by_kind["square"]
        assert score.pixel_auroc is not None
        # Heat is that of neighborhoods too.
        assert score.pixel_auroc > 0.9
        assert score.detected == 1
    document = json.loads(result.to_json())
    assert document["scores"][0]["auroc"] == 1
    assert "nearest patch" in str(result)


def test_images_whose_size_is_not_named_are_stretched_to_one(tmp_path: Path) -> None:
    assert image_detector(data=str(tmp_path)).training.data == f"{tmp_path}?fit=resize&size=128"
    assert image_detector(data=f"{tmp_path}?fit=pad").training.data == f"{tmp_path}?fit=pad&size=128"
    for named in (f"{tmp_path}?size=96", "faces"):
        assert image_detector(data=named).training.data == named


def test_folders_and_parts_that_cannot_be_scored_are_refused_before_training(parts: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must hold train/good, and there is none"):
        bench_image_detection(tmp_path)
    with pytest.raises(DataError, match=r"the part nines must hold pictures .* got none; change its pattern '9999'"):
        bench_image_detection(parts, parts={"nines": "9999"})
    with pytest.raises(ArgumentError, match="must be a regular expression"):
        bench_image_detection(parts, parts={"open": "("})
    result = CliRunner().invoke(app, ["images", str(parts), "--part", "squares=square"])
    assert isinstance(result.exception, DataError)
    assert "got square" in str(result.exception)


@pytest.mark.slow
def test_defects_are_mixed_into_the_training_and_no_longer_judged(parts: Path) -> None:
    with mixed_training(parts, outliers=0.04, seed=0) as (train, drawn):
        mixed = {path.name for path in train.rglob("*.png")}
    assert len(drawn) == 5  # Of 120 good ones and them, 4 %.
    assert {name.replace("/", "-") for name in drawn} == {name for name in mixed if "square" in name}
    assert len(mixed) == 125
    assert not train.exists()
    with mixed_training(parts, outliers=0.04, seed=1) as (_, others):
        assert others != drawn
    with mixed_training(parts, outliers=0, seed=0) as (train, drawn):
        assert (train, drawn) == (parts / "train", frozenset())
    result = bench_image_detection(parts, recipe=short, seeds=(0,), outliers=0.04)
    assert [score.num_anomalous for score in result.scores] == [3, 3, 3]
    assert "4% of what was learned with a defect" in str(result)


def test_no_more_defects_are_mixed_in_than_there_are(parts: Path) -> None:
    with pytest.raises(DataError, match="more than 13 pictures with a defect"), mixed_training(
        parts, outliers=0.1, seed=0
    ):  # fmt: skip
        pass
