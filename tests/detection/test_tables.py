"""A detector of a table judges it as it is, says where it is strange, and does so again after its file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from copyist import recipes
from copyist.data import Splits, encode_source, open_table
from copyist.detection import Detector, DetectorRecipe, fit_detector, load_detector, save_detector
from copyist.detection.measures import CodeDistance, Combined, ReconstructionError
from copyist.errors import CheckpointError, ContractError, DataError, ShapeError

COUNT = 300
MEASURE = Combined(measures=(ReconstructionError(), CodeDistance(neighbors=5)))


def table(count: int = COUNT, *, seed: int = 0) -> dict[str, list[Any]]:
    """Days of a machine: its load follows its temperature, and depends on its mode; a third number is now and then
    missing."""
    rng = np.random.default_rng(seed)
    mode, temp = rng.integers(0, 3, count), rng.normal(20, 3, count)
    load = 2 * temp + 5 * mode + rng.normal(0, 0.3, count)
    noise = rng.normal(size=count)
    return {
        "day": [str(np.datetime64("2024-01-01") + day) for day in range(count)],
        "temp": temp.round(3).tolist(),
        "mode": [("idle", "slow", "fast")[each] for each in mode],
        "load": load.round(3).tolist(),
        "hum": [None if row % 20 == 0 else value for row, value in enumerate(noise.round(3).tolist())],
        "status": ["OK"] * count,
    }


def recipe(steps: int = 100) -> DetectorRecipe:
    base = recipes.table()
    return DetectorRecipe(training=replace(base, training=replace(base.training, steps=steps)), measure=MEASURE)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return fit_detector(recipe(), data=table())


def one(**change: Any) -> dict[str, Any]:
    return {"day": "2025-03-03", "temp": 20.0, "mode": "slow", "load": 45.0, "hum": 0.1, "status": "OK"} | change


def test_new_days_are_flagged_at_about_the_stated_rate(detector: Detector) -> None:
    # 54 rows of calibration: the rate over them spreads by three per cent.
    assert float(detector.judge_table(table(400, seed=1)).flagged.float().mean()) < 0.15
    assert not detector.judge_table(one()).flagged.any()


@pytest.mark.parametrize(
    ("change", "column"),
    [({"status": "FAIL"}, "status"), ({"mode": "off"}, "mode"), ({"temp": None}, "temp"), ({"load": 300.0}, "load")],
)
def test_what_is_strange_is_flagged_and_its_column_named(
    detector: Detector, change: Mapping[str, Any], column: str
) -> None:
    found = detector.judge_table(one(**change), parts=True)
    assert found.flagged.all()
    assert found.parts is not None
    assert detector.columns[int(found.parts[0].argmax())] == column


def test_a_missing_cell_is_normal_where_it_was_in_training(detector: Detector) -> None:
    assert not detector.judge_table(one(hum=None)).flagged.any()


def test_a_departure_adds_more_than_normal_rows_differ_by(detector: Detector) -> None:
    normal, departing = (
        detector.judge_table(table(50, seed=2)),
        detector.judge_table(table(50, seed=2) | {"status": ["x"] * 50}),
    )
    added = departing.anomaly - normal.anomaly
    torch.testing.assert_close(added, torch.full((50,), detector.departure))
    assert detector.departure > float(detector.calibration.max() - detector.calibration.min())


def test_what_a_departure_adds_is_the_same_whatever_the_calibration() -> None:
    """Else calibration rows would not be exchangeable with new ones."""
    source = encode_source(table())
    assert source.splits.calibration is not None
    few = replace(source.splits, calibration=source.splits.calibration.subset(40))
    found = [
        fit_detector(recipe(20), data=each, warn=print)
        for each in (source, replace(source, splits=few, departures=source.departures[:40]))
    ]
    assert found[0].departure == found[1].departure


def test_departures_among_the_calibration_raise_the_threshold() -> None:
    """So that the rate holds where normal rows depart, too: every fourth row has a category of its own."""
    kinds = ["a" if row % 4 else f"k{row}" for row in range(COUNT)]
    source = encode_source(table() | {"kind": kinds})
    forced = replace(source, departures=torch.arange(len(source.departures))[:, None] % 4 == 0)
    found = fit_detector(recipe(), data=forced, false_alarms=0.1)
    assert found.threshold > found.departure


def test_a_detector_from_its_file_judges_tables_the_same(detector: Detector, tmp_path: Path) -> None:
    save_detector(tmp_path / "detector.safetensors", detector)
    again, new = load_detector(tmp_path, device="cpu"), table(30, seed=3) | {"status": ["OK", "FAIL", "OK"] * 10}
    ours, theirs = detector.judge_table(new, parts=True), again.judge_table(new, parts=True)
    assert again.encoding == detector.encoding
    assert torch.equal(ours.anomaly, theirs.anomaly)
    assert torch.equal(ours.p_value, theirs.p_value)
    assert ours.parts is not None
    assert theirs.parts is not None
    assert torch.equal(ours.parts, theirs.parts)


def test_a_file_and_a_table_in_memory_are_judged_alike(detector: Detector, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    new = pa.table(table(20, seed=4))
    pa_csv.write_csv(new, tmp_path / "new.csv")
    assert torch.equal(detector.judge_table(new).anomaly, detector.judge_table(tmp_path / "new.csv").anomaly)
    assert detector.judge_table(new).names == tuple(f"{row:06d}" for row in range(20))


def test_other_verbs_refuse_a_table_that_the_detector_encodes(detector: Detector, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, len(detector.model.trained_on.columns))))
    with pytest.raises(ShapeError, match=r"rows as its detector encodes them .* judge it by copyist detect run"):
        open_table(str(tmp_path / "x.npy"), columns=detector.model.trained_on.columns)


def test_a_detector_of_rows_refuses_tables_as_they_are() -> None:
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    found = fit_detector(recipe(), data=Splits.from_arrays(x, calibration=0.3))
    with pytest.raises(
        ContractError, match="must have been fitted on one, and this one was fitted on images or on rows"
    ):
        found.judge_table({"0": [1.0], "1": [1.0], "2": [1.0]})


def test_a_hundred_rows_are_enough() -> None:
    assert fit_detector(recipe(), data=table(100)).judge_table(one(status="FAIL")).flagged.all()


def test_a_rate_that_so_few_rows_cannot_give_is_refused() -> None:
    with pytest.raises(DataError, match="needs 99 normal examples for calibration, got 18"):
        fit_detector(recipe(20), data=table(100), false_alarms=0.01)


def test_a_file_with_the_encoding_of_a_newer_version_is_refused(detector: Detector, tmp_path: Path) -> None:
    from copyist.checkpoint import read_tensors, write_tensors

    save_detector(tmp_path / "detector.safetensors", detector)
    document, tensors = read_tensors(tmp_path / "detector.safetensors")
    document["detector"]["encoding"]["version"] = 2
    write_tensors(tmp_path / "newer.safetensors", tensors, document)
    with pytest.raises(CheckpointError, match="of a version up to 1, got 2; upgrade copyist"):
        load_detector(tmp_path / "newer.safetensors")
