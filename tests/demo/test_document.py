from pathlib import Path
from typing import Any

import pytest

from copyist.demo.page import write_report
from copyist.demo.results import read_results
from copyist.errors import DataError

from .conftest import Folder, denoising, neighbors, real, report


def test_every_file_of_a_folder_is_read(results: Folder) -> None:
    read = read_results(results.path)
    assert read.report.title == "copyist demo: learning by copying"
    assert read.report.data.shape == (3, 32, 32)
    assert [model.name for model in read.report.models] == [
        "U-Net",
        "U-Net with skips",
        "small U-Net",
        "U-Net of faces",
    ]
    curve = read.report.models[2].curve
    assert curve is not None
    assert (curve.steps[:3], len(curve.validation)) == ((0, 50, 100), 11)
    assert read.table is not None
    assert len(read.table.rows) == 9 * 11
    assert read.real is not None
    assert read.real.num_test == 60
    assert read.samples is not None
    assert read.samples.held_out.median == 6.02


def test_what_is_written_is_what_is_read(results: Folder) -> None:
    read = read_results(results.path)
    assert read.report == report()
    assert read.table == denoising()
    assert read.real == real()
    assert read.samples == neighbors()


def test_the_subject_is_the_first_copier_or_else_the_first_model(results: Folder) -> None:
    results.change("report.json", lambda r: r["models"].reverse())
    assert read_results(results.path).subject.name == "U-Net"
    results.change("report.json", lambda r: [m.update(role="?") for m in r["models"]])
    assert read_results(results.path).subject.name == "U-Net of faces"


def test_keys_that_are_not_known_are_passed_over(results: Folder) -> None:
    results.change("report.json", lambda r: r.update(weather="rain"))
    assert read_results(results.path).report.seed == 0


@pytest.mark.parametrize(
    "name",
    ["report.json", "pictures/noise-0.png", "pictures/walk.png", "walk.mp4"],
)
def test_a_missing_file_is_named_in_one_sentence(name: str, results: Folder, tmp_path: Path) -> None:
    (results.path / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is needed for the report but cannot be read \(no such file"):
        write_report(results.path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("name", ["report.json", "evaluation.json", "real.json", "samples.json"])
def test_a_half_written_result_is_named(name: str, results: Folder, tmp_path: Path) -> None:
    text = (results.path / name).read_text()
    (results.path / name).write_text(text[: len(text) // 2])
    with pytest.raises(DataError, match=rf"{name} must be a whole JSON file.*write it again") as caught:
        write_report(results.path, tmp_path / "report.html")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("report.json", lambda r: r.pop("seed"), "seed: field required"),
        ("report.json", lambda r: r.update(models=[]), "at least one trained model"),
        ("report.json", lambda r: r["models"][1].update(steps="many"), r"models\.1\.steps"),
        ("evaluation.json", lambda e: e["denoising"]["rows"][3].pop("ratio"), r"denoising\.rows\.3\.ratio: field"),
        ("evaluation.json", lambda e: e["denoising"]["rows"][0].update(corruption="rain"), r"rows\.0\.corruption"),
        (
            "evaluation.json",
            lambda e: e.update(schema="weather"),
            "must have schema 'copyist.evaluation', got 'w",
        ),
        ("evaluation.json", lambda e: e.update(version=2), "must have version 1, got 2; update copyist"),
        ("samples.json", lambda s: s["held_out"].pop("low"), r"held_out\.low"),
    ],
)
def test_a_wrong_field_is_named(name: str, edit: Any, words: str, results: Folder) -> None:
    results.change(name, edit)
    with pytest.raises(DataError, match=words):
        read_results(results.path)


def test_a_torn_picture_is_named(results: Folder, tmp_path: Path) -> None:
    picture = results.path / "pictures" / "noise-0.png"
    picture.write_bytes(picture.read_bytes()[:200])
    with pytest.raises(DataError, match=r"noise-0\.png must be a whole PNG"):
        write_report(results.path, tmp_path / "report.html")


def test_files_outside_the_folder_are_not_read(results: Folder, tmp_path: Path) -> None:
    (results.path / "pictures" / "noise-0.png").rename(tmp_path / "secret.png")
    results.change("report.json", lambda r: r["pictures"]["noise"]["strips"][0].update(file="../secret.png"))
    with pytest.raises(DataError, match="only files inside that folder"):
        write_report(results.path, tmp_path / "report.html")
