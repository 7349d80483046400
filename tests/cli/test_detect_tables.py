"""`copyist detect` takes tables as people have them, and says what it left out and what no training row held."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import correlation
from typing import Any

import numpy as np
import pytest

from .conftest import copyist


def shifts(count: int, *, seed: int) -> dict[str, list[Any]]:
    """Shifts of a machine, whose load follows its temperature and its mode."""
    rng = np.random.default_rng(seed)
    temp, mode = rng.normal(20, 3, count), rng.integers(0, 3, count)
    load = 2 * temp + 5 * mode + rng.normal(0, 0.3, count)
    return {
        "number": [*range(count)],
        "day": [f"{row % 28 + 1:02d}.{row // 28 + 1:02d}.2024" for row in range(count)],
        "temp": [f"{value:.2f}".replace(".", ",") for value in temp],
        "load": ["" if row % 15 == 4 else f"{value:.2f}".replace(".", ",") for row, value in enumerate(load)],
        "mode": [("idle", "slow", "fast")[each] for each in mode],
        "status": ["OK"] * count,
    }


def write(path: Path, table: Mapping[str, Sequence[Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shifts")
    good = write(folder / "good.csv", shifts(200, seed=0))
    fitted = copyist("detect", "fit", "table", "--data", good, "--out", folder / "detector", "--steps", 60)
    assert fitted.code == 0
    assert "left out 'number', which numbers or names the rows" in fitted.stderr
    assert "'status' has one value only in training; any other will count as strange" in fitted.stderr
    return folder / "detector"


def test_the_columns_of_the_table_tell_why_a_row_is_strange(detector: Path, tmp_path: Path) -> None:
    table = shifts(20, seed=1)
    new = {"shift": table["number"], **{name: table[name] for name in ("status", "mode", "load", "temp", "day")}}
    new["status"][7] = "ALARM"
    line = ("detect", "run", detector, write(tmp_path / "new.csv", new), "--out", tmp_path / "out")
    assert (
        "got also 'shift'; leave it out by ?drop=shift, or ignore all such by --ignore-extra" in copyist(*line).sentence
    )
    found = copyist(*line, "--ignore-extra", "--compare", "--json")
    assert (
        "column 'status' has a cell such as no training row had, 'ALARM' in row 7, which counts as strange"
        in found.stderr
    )
    strangest = found.result["strangest"][0]
    assert strangest["name"] == "new.csv#7"
    assert (strangest["columns"][0]["name"], strangest["columns"][0]["value"]) == ("status", "ALARM")
    assert (tmp_path / "out" / "contributions.csv").read_text().splitlines()[0] == "name,day,temp,load,mode,status"


def test_labels_that_no_option_names_are_offered_as_such(detector: Path, tmp_path: Path) -> None:
    table = shifts(20, seed=1) | {"Label": ["good"] * 20}
    answer = copyist("detect", "run", detector, write(tmp_path / "new.csv", table), "--out", tmp_path / "out")
    assert "got also 'Label'; where it labels the rows, ?label=Label; leave it out by ?drop=Label" in answer.sentence


def test_a_cell_that_decides_its_column_is_named(tmp_path: Path) -> None:
    table = shifts(60, seed=1)
    table["temp"][17] = "1e30"
    answer = copyist("detect", "fit", "--data", write(tmp_path / "x.csv", table), "--out", tmp_path / "d", "--steps", 1)
    assert "'temp' has 1e+30 in row 17, " in answer.stderr
    assert "times as far from the median as the quartiles are apart" in answer.stderr


def test_a_cell_that_is_no_number_is_refused_and_nothing_is_written(detector: Path, tmp_path: Path) -> None:
    table = shifts(20, seed=2)
    table["temp"][3] = "warm"
    answer = copyist("detect", "run", detector, write(tmp_path / "new.csv", table), "--out", tmp_path / "out")
    assert "column 'temp' of" in answer.sentence
    assert "got 'warm' in row 3; correct or empty that cell" in answer.sentence
    assert not (tmp_path / "out").exists()


def test_other_verbs_refuse_the_table_of_a_detector_by_a_remedy(detector: Path, tmp_path: Path) -> None:
    table = write(tmp_path / "new.csv", shifts(20, seed=3))
    answer = copyist("encode", detector / "detector.safetensors", table, "--out", tmp_path / "out.npz")
    assert "as its detector encodes them for the model" in answer.sentence
    assert answer.sentence.endswith("judge it by copyist detect run")


def test_rows_are_repaired_in_the_units_and_categories_of_their_table(detector: Path, tmp_path: Path) -> None:
    given = shifts(28, seed=3)
    given["status"][7] = "ALARM"
    table = write(tmp_path / "new.csv", given)
    line = ("denoise", detector / "detector.safetensors", table, "--out", tmp_path / "out")
    assert copyist(*line, "--json").result["files"] == [str(tmp_path / "out" / "new.csv")]
    with (tmp_path / "out" / "new.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert list(rows[0]) == list(given)
    for name in ("number", "day"):  # (what numbers the rows and what orders them)
        assert [row[name] for row in rows] == list(map(str, given[name]))
    assert {row["status"] for row in rows} == {"OK"}
    assert {row["mode"] for row in rows} <= {"idle", "slow", "fast"}
    columns = [row["temp"] for row in rows], given["temp"]
    temp, before = ([float(text.replace(",", ".")) for text in column] for column in columns)
    assert correlation(temp, before) > 0.7
    assert 15 < np.mean(temp) < 25
    assert copyist("detect", "run", detector, tmp_path / "out" / "new.csv", "--out", tmp_path / "found").code == 0
