"""Examples in groups that share an offset: the stated rate holds for new groups if whole groups calibrate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from copyist.data import open_source
from copyist.data.encoded_source import encode_source
from copyist.data.parts import digest
from copyist.data.source import Source
from copyist.data.source_parts import parts_of
from copyist.detection import benjamini_hochberg, fit_detector, load_detector, p_values, threshold
from copyist.detection.conformal import num_units
from copyist.errors import ArgumentError, DataError
from copyist.evaluation.anomalies.detect import detect
from copyist.evaluation.anomalies.summary import DetectorSummary
from copyist.recipes.detectors import table_detector

STATED = 0.1


def test_each_group_counts_as_one_by_the_share_of_its_examples() -> None:
    calibration, groups = torch.tensor([1.0, 3.0, 2.0, 2.0, 5.0, 9.0]), torch.tensor([7, 7, 4, 4, 4, 1])
    # Of the groups 7, 4 and 1 there are 1/2, 1/3 and 1/1 at least as large as 2.5, and 2/2, 3/3 and 1/1 as 1.
    found = p_values(torch.tensor([2.5, 1.0, 10.0]), calibration, groups=groups)
    expected = torch.tensor([(1 + 1 / 2 + 1 / 3 + 1) / 4, 1.0, 1 / 4], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-8)
    assert num_units(calibration, groups) == 3


@given(
    values=st.lists(st.integers(0, 5), min_size=2, max_size=20),
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=8),
    rate=st.sampled_from([0.2, 0.34, 0.5]),
)
def test_what_the_threshold_flags_is_what_the_p_values_flag(values: list[int], sizes: list[int], rate: float) -> None:
    groups = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    calibration = torch.tensor([float(values[place % len(values)]) for place in range(len(groups))])
    alone = torch.arange(len(calibration))
    assert torch.equal(
        p_values(calibration, calibration, groups=alone), p_values(calibration, calibration)
    )  # (groups of one example)
    if len(sizes) < 1 / rate - 1:
        return
    new = torch.arange(-1.0, 7.0, 0.5)
    flagged = p_values(new, calibration, groups=groups) <= rate
    assert torch.equal(flagged, new > threshold(calibration, false_alarms=rate, groups=groups))


def grouped(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Groups of points in the plane, each around a place of its own, (count, size, 2)."""
    return torch.randn(count, 1, 2, generator=generator) + 0.2 * torch.randn(count, size, 2, generator=generator)


def false_alarms_on_new_groups(*, by_group: bool, repeats: int = 200) -> float:
    """The share of points in new groups that is flagged, by the distance to the nearest point of the training."""
    generator, found = torch.Generator().manual_seed(5), list[Tensor]()
    source = Source(text="points", place="points", calibration=0.4)
    names = [f"group {number}" for number in range(45) for _ in range(6)]
    for _ in range(repeats):
        x = grouped(45, 6, generator).flatten(0, 1)
        digests = [digest(row.numpy().tobytes()) for row in x]
        parts = parts_of(digests, None, source, groups=names if by_group else None)
        train, own = (torch.from_numpy(parts.indices(part, limit=None)) for part in ("train", "calibration"))
        new = grouped(3, 2, generator).flatten(0, 1)
        calibration, anomaly = (torch.cdist(rows, x[train]).amin(1) for rows in (x[own], new))
        groups = torch.from_numpy(np.unique([names[row] for row in own.tolist()], return_inverse=True)[1])
        p = p_values(anomaly, calibration, groups=groups if by_group else None)
        found.append((p <= STATED).double().mean())
    return float(torch.stack(found).mean())


def test_groups_that_share_an_offset_are_flagged_too_often_unless_whole_groups_calibrate() -> None:
    # 1200 new points, of which those of a group depend on one another: about ±0.03.
    assert false_alarms_on_new_groups(by_group=False) > 2 * STATED
    assert 0.3 * STATED < false_alarms_on_new_groups(by_group=True) < STATED + 0.03


def test_a_discovery_among_dependent_examples_needs_smaller_p_values() -> None:
    p = torch.tensor([0.01, 0.02, 0.5, 0.9])
    assert benjamini_hochberg(p, rate=0.05).tolist() == [True, True, False, False]
    # 0.05 / (1 + 1/2 + 1/3 + 1/4) · 2/4 = 0.012
    assert benjamini_hochberg(p, rate=0.05, any_dependence=True).tolist() == [False] * 4
    assert benjamini_hochberg(p / 2, rate=0.05, any_dependence=True).tolist() == [True, True, False, False]


def days(folder: Path, *, count: int = 60, name: str = "days.csv") -> Path:
    rng, lines = np.random.default_rng(3), ["day,a,b,c"]
    for day in range(count):
        offset = rng.normal(size=2)
        for _ in range(4):
            u, v = offset + 0.2 * rng.normal(size=2)
            lines.append(f"D{day:02},{u:.5f},{v:.5f},{u - v + 0.05 * rng.normal():.5f}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def test_no_day_of_a_table_is_parted_and_the_column_of_days_is_not_learned(tmp_path: Path) -> None:
    found = encode_source(f"{days(tmp_path)}?group=day", num_calibration=19)
    splits = found.splits
    assert splits.calibration is not None
    parts = [set(each.groups or ()) for each in (splits.train, splits.test, splits.calibration)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 60
    assert len(parts[2]) >= 19
    assert found.encoding.columns == ("a", "b", "c")


def test_a_detector_of_groups_says_so_and_keeps_them_in_its_file(tmp_path: Path) -> None:
    base, source = table_detector(), f"{days(tmp_path)}?group=day&calibration=0.5"
    short = replace(base, training=replace(base.trained, training=replace(base.trained.training, steps=20)))
    detector = fit_detector(short, data=source, out=tmp_path / "d")
    again, new = load_detector(tmp_path / "d", device="cpu"), days(tmp_path, count=9, name="new.csv")
    assert again.groups is not None
    assert again.num_units == detector.num_units == 27
    assert torch.equal(again.judge_table(str(new)).p_value, detector.judge_table(str(new)).p_value)
    text = DetectorSummary.of(again).text()
    assert "for calibration, in 27 groups" in text
    assert "also of a new group; for this one threshold, which so many groups of rows decide" in text
    with pytest.raises(ArgumentError, match="calibrated on groups of them; leave it out"):
        detect(again, str(new), out=tmp_path / "found", watch_drift=True)
    report = detect(again, str(new), out=tmp_path / "found")
    assert "those of a group are often flagged together" in report.text()
    assert report.least_p_value == 1 / 28
    with pytest.raises(DataError, match=r"needs 99 normal groups for calibration, got 27, which allow .* add groups"):
        fit_detector(short, data=source, false_alarms=0.01)


def test_images_belong_together_by_their_folders_or_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(24):
        path = tmp_path / f"burst{number % 6}" / f"2023-{number % 8}_{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(path)
    for group, count in (("folder", 6), (r"2023-(\d)_", 8)):
        splits = open_source(f"{tmp_path}?calibration=0.3&group={group}")
        assert splits.calibration is not None
        parts = [set(each.groups or ()) for each in (splits.train, splits.test, splits.calibration)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == count
    with pytest.raises(DataError, match=r"must match '2024' to have a group, and burst0/2023-0_00.png does not"):
        open_source(f"{tmp_path}?group=2024")
    with pytest.raises(ArgumentError, match=r"folder or a regular expression, got '\(' "):
        open_source(f"{tmp_path}?group=(")
