"""Detectors of tables are compared on equal parts of tables whose outliers are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from copyist.bench.detection_result import DetectionBench, DetectionTrial
from copyist.bench.table_detection import OurDetector, embedded_tables, read_tables
from copyist.bench.table_peer import PyodAutoencoder, has_pyod
from copyist.cli.bench import app
from copyist.errors import DataError


def trial(method: str, table: str, split: int, auroc: float) -> DetectionTrial:
    return DetectionTrial(
        table=table,
        split=split,
        outliers=False,
        method=method,
        num_train=6,
        num_test=4,
        auroc=auroc,
        average_precision=auroc / 2,
        fit_seconds=2.0,
        score_seconds=1.0,
    )


BENCH = DetectionBench(
    trials=tuple(
        trial(method, table, split, auroc)
        for method, aurocs in {"copyist": (0.9, 0.7, 0.8), "forest": (0.8, 0.6, 0.9)}.items()
        for (table, split), auroc in zip((("a", 0), ("a", 1), ("b", 0)), aurocs, strict=True)
    )
)


def test_every_table_counts_the_same_and_methods_are_compared_table_by_table() -> None:
    ours, forest = BENCH.summary(outliers=False)
    assert (ours.method, forest.method) == ("copyist", "forest")
    # Over splits of a, and then over a and b.
    assert ours.auroc == pytest.approx((0.8 + 0.8) / 2)
    assert forest.auroc == pytest.approx((0.7 + 0.9) / 2)
    assert (ours.rank, forest.rank) == (1.5, 1.5)
    # Differences of 0.1 and −0.1: Student's t with one degree of freedom is 12.706.
    assert forest.behind_ours.mean == pytest.approx(0, abs=1e-12)
    assert forest.behind_ours.high == pytest.approx(12.7062 * 0.1, rel=1e-4)
    assert BENCH.summary(outliers=False, tables=("a",))[0].auroc == pytest.approx(0.8)
    assert DetectionBench.from_json(BENCH.to_json()) == BENCH


def test_speed_is_told_beside_that_of_pyod() -> None:
    assert "times as fast" not in str(BENCH)
    assert "0.8000             0.4000        1.5    2.00           –" in str(BENCH)
    slow = tuple(replace(each, method="pyod", fit_seconds=5.0, score_seconds=0.25) for each in BENCH.trials[:3])
    rows = [line.split() for line in str(replace(BENCH, trials=(*BENCH.trials, *slow))).splitlines()]
    # A fit takes 2 seconds in place of 5, a score 1 in place of a quarter.
    assert next(cells for cells in rows if cells[:1] == ["copyist"])[4:8] == ["2.00", "2.50", "1.00", "0.25"]
    assert next(cells for cells in rows if cells[:1] == ["pyod"])[4:8] == ["5.00", "1.00", "0.25", "1.00"]


def test_parts_are_disjoint_and_only_those_without_outliers_lack_them(tmp_path: Path) -> None:
    x, y = np.arange(100.0)[:, None], np.arange(100) % 5 == 0
    np.savez(tmp_path / "7_toy.npz", X=x, y=y.astype(int))
    (table,) = read_tables(tmp_path)
    assert table.name == "toy"
    for outliers in (False, True):
        train, test = table.parts(seed=1, outliers=outliers, most_train=1000, most_test=1000)
        assert not set(train.x.ravel()) & set(test.x.ravel())
        assert len(test.x) == 40
        np.testing.assert_array_equal(train.is_outlier, train.x.ravel() % 5 == 0)
        assert bool(train.is_outlier.any()) == outliers


def test_folders_without_labelled_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must hold .npz files, got none"):
        read_tables(tmp_path)
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2)))
    with pytest.raises(DataError, match=r"must have X and y, got X in"):
        read_tables(tmp_path)


def test_tables_that_need_no_file_have_a_few_outliers_of_one_class() -> None:
    # 357 benign tumors of 569, 1619 digits from 1 to 9 of 1797, and 119 wines of the second and third growers of 178.
    found = {table.name: (len(table.x), int(table.is_outlier.sum())) for table in embedded_tables()}
    assert found == {"cells": (357 + 10, 10), "digits": (1619 + 50, 50), "wine": (119 + 10, 10)}


@pytest.mark.slow
def test_detectors_are_compared_by_one_command(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    x = np.concatenate([draws.normal(size=(190, 3)), draws.normal(size=(10, 3)) + 8])
    np.savez(tmp_path / "1_far.npz", X=x, y=np.arange(200) >= 190)
    result = CliRunner().invoke(app, ["tables", str(tmp_path), "--splits", "1", "--out", str(tmp_path / "found.json")])
    assert result.exit_code == 0, result.output
    found = DetectionBench.from_json((tmp_path / "found.json").read_text())
    assert found.most_train == 8000
    assert len(found.trials) == (12 if has_pyod() else 10)
    assert all(each.auroc > 0.99 for each in found.summary(outliers=False))
    assert "nearest 5 %" in result.output
    alarms = [each for trial in found.trials for each in trial.false_alarms]
    # 114 normal rows calibrate by 5, which allow no rate below 1 / 6.
    assert not alarms


def test_normal_rows_that_are_held_back_are_flagged_as_often_as_is_stated() -> None:
    draws = np.random.default_rng(3)
    train, test = draws.normal(size=(600, 3)), draws.normal(size=(2000, 3))
    ours = OurDetector(train, seed=0, outliers=False)
    found = ours.false_alarms(ours.anomaly(torch.from_numpy(test).float()))
    assert [(each.rate, each.normal) for each in found] == [(0.05, 2000), (0.1, 2000)]
    assert all(each.is_within for each in found)
    far = ours.false_alarms(ours.anomaly(torch.from_numpy(test + 30).float()))
    assert [each.flagged for each in far] == [2000, 2000]
    assert not any(each.is_within for each in far)
    trials = tuple(replace(trial("copyist", "a", 0, 0.9), false_alarms=each) for each in (found, far))
    bench = DetectionBench(trials=trials)
    assert DetectionBench.from_json(bench.to_json()) == bench
    share = (found[0].flagged / 2000 + 1) / 2
    assert bench.alarm_lines()[0].startswith(f"at a stated rate of 5% {share:.2%} of the held-back normal rows are")
    assert "a mean over 2 fits; in 1 of these" in str(bench)


def test_the_autoencoder_of_pyod_ranks_what_lies_far_away_first() -> None:
    pytest.importorskip("pyod")
    generator = torch.Generator().manual_seed(0)
    train = torch.randn(200, 4, generator=generator)
    found = [PyodAutoencoder.fit(train, seed=1).anomaly(torch.cat([train[:9], 50 + train[:1]])) for _ in range(2)]
    assert found[0].argmax() == 9
    assert torch.equal(*found)
