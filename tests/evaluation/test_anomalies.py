"""What a report on anomalies says: how many flags to expect, which labels are known, and what is better."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from copyist.detection import drift, threshold
from copyist.errors import ArgumentError, DataError
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.counts import drift_path, expected_flags, histogram, ranked_by_kind, rate_interval
from copyist.evaluation.anomalies.detect import detect
from copyist.evaluation.anomalies.report import AnomalyReport
from copyist.evaluation.anomalies.report_parts import Beside, Expected, Histogram, Judged
from copyist.evaluation.anomalies.truth import Truth, labels_of_file, labels_of_folders, labels_of_names
from copyist.evidence import Interval
from copyist.metrics.ranking import ranking


def test_a_table_in_memory_is_no_input_of_a_folder(tmp_path: Path) -> None:
    frame: Any = {"a": [1.0, 2.0]}
    with pytest.raises(ArgumentError, match="must be paths or sources, got dict; judge a table in memory by"):
        detect(tmp_path / "d", frame, out=tmp_path / "out")


def test_so_many_flags_are_expected_as_normal_data_gives() -> None:
    rng = np.random.default_rng(0)
    found = expected_flags(200, false_alarms=0.05, num_calibration=60)
    counts = []
    for _ in range(2000):
        calibration = torch.from_numpy(rng.normal(size=60))
        counts.append(int((rng.normal(size=200) > threshold(calibration, false_alarms=0.05)).sum()))
    assert found.mean == pytest.approx(200 * 3 / 61)
    assert np.mean(counts) == pytest.approx(found.mean, rel=0.05)
    inside = np.mean([found.low <= count <= found.high for count in counts])
    assert 0.95 <= inside <= 0.985


def test_the_rate_of_one_threshold_lies_in_its_interval() -> None:
    rng, found = np.random.default_rng(1), rate_interval(0.1, 50)
    normal = rng.normal(size=20_000)
    rates = [
        float((normal > threshold(torch.from_numpy(rng.normal(size=50)), false_alarms=0.1)).mean()) for _ in range(1000)
    ]
    assert np.mean([found.low <= rate <= found.high for rate in rates]) == pytest.approx(0.95, abs=0.02)
    assert np.mean(rates) == pytest.approx(found.mean, abs=0.005)


def test_every_example_is_counted_in_the_histogram() -> None:
    anomaly = torch.tensor([0.5, 1.0, 1.5, 900.0, float("inf")])
    found = histogram(anomaly, torch.tensor([0.4, 0.8, 1.2]))
    assert (sum(found.calibration), sum(found.examples)) == (3, 5)
    assert found.is_logarithmic
    alike = histogram(torch.ones(4), torch.ones(3))
    assert (sum(alike.calibration), sum(alike.examples)) == (3, 4)


def test_the_path_of_the_martingale_keeps_its_end_and_its_alarm() -> None:
    generator = torch.Generator().manual_seed(0)
    anomaly = torch.randn(1500, generator=generator) + (torch.arange(1500) > 700)
    found = drift(anomaly, torch.randn(200, generator=generator))
    path = drift_path(found, [f"day {place}" for place in range(1500)])
    assert found.alarm is not None
    assert path.alarm_name == f"day {found.alarm}"
    assert dict(path.path)[found.alarm + 1] >= 2  # of 100, the level of the alarm
    assert path.path[-1] == (1500, pytest.approx(float(found.log_martingale[-1]) / np.log(10)))


def test_folders_name_kinds_and_good_ones_are_normal() -> None:
    found = labels_of_folders(["good/a.png", "hole/a.png", "hole/b.png"], normal=None)
    assert found.is_anomaly.tolist() == [False, True, True]
    assert found.sentence == "Labels are the names of the folders that pictures lie in; 'good' is normal."
    untold = labels_of_folders(["north/a.png", "south/a.png"], normal=None)
    assert not untold.is_known.any()
    assert untold.sentence.startswith("No folder is called good, normal or 0, so folders tell no labels")
    assert labels_of_folders(["a.png"], normal=None).sentence == ""
    assert labels_of_folders(["fine/a.png", "hole/a.png"], normal="fine").has_both


def test_the_label_that_was_fitted_on_alone_is_normal_unless_another_is_named() -> None:
    found = labels_of_names(["ok", "ok"], normal=None, origin="Labels", learned="ok")
    assert "every label says normal" in found.sentence
    assert labels_of_names(["bad", "good", "ok"], normal=None, origin="Labels", learned="ok").normal == "ok"
    assert labels_of_names(["bad", "good"], normal=None, origin="Labels", learned="ok").normal == "good"
    assert labels_of_names(["bad", "ok"], normal="bad", origin="Labels", learned="ok").normal == "bad"
    assert labels_of_folders(["ok/a.png", "hole/a.png"], normal=None, learned="ok").is_anomaly.tolist() == [False, True]


def test_labels_of_one_kind_are_said_to_rank_nothing() -> None:
    found = labels_of_folders(["good/a.png", "good/b.png"], normal=None)
    assert not found.has_both
    assert found.sentence.endswith("every label says normal, so that there is nothing to rank and there are no curves.")
    for kinds, normal in ((["1", "1"], None), (["defect"], None), (["hole", "scratch"], "good")):
        defects = labels_of_names(kinds, normal=normal, origin="Labels come from x.csv")
        assert defects.is_anomaly.all()
        assert defects.sentence.startswith(
            "Labels come from x.csv, none of which is 'good'; every label says an anomaly"
        )


def test_labels_that_do_not_tell_which_is_normal_are_refused() -> None:
    with pytest.raises(ArgumentError, match="--normal must name the label of normal examples, got none beside"):
        labels_of_names(["b", "g"], normal=None, origin="Labels")
    with pytest.raises(ArgumentError, match="--normal must be a label that occurs, got 'x' beside the labels 'b', 'g'"):
        labels_of_names(["b", "g"], normal="x", origin="Labels")


def test_labels_of_a_file_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,name\nbad,b.png\ngood,a.png\n")
    found = labels_of_file(path, ["a.png", "b.png", "c.png"], normal=None)
    assert found.kinds == ("good", "bad", "")
    assert (
        found.sentence == "Labels come from labels.csv; 'good' is normal. 1 without a label are left out of the curves."
    )
    for text in ("label;name\nbad;b.png\ngood;a.png\n", "name\tlabel\nb.png\tbad\na.png\tgood\n"):
        path.write_text(text)
        assert labels_of_file(path, ["a.png", "b.png", "c.png"], normal=None).kinds == found.kinds
    for text, sentence in (
        ("name,label\nd.png,bad\n", "must name examples of the input, got 'd.png'"),
        ("name,label\na.png,bad\na.png,good\n", "must name each example once, got 'a.png' twice"),
        ("name\na.png\n", "must have two columns"),
        ("name,label\na.png\n", "must have a name and a label in each row"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=sentence):
            labels_of_file(path, ["a.png", "b.png"], normal=None)
    with pytest.raises(DataError, match="cannot be read as labels"):
        labels_of_file(tmp_path / "none.csv", ["a.png"], normal=None)


def test_each_kind_of_anomaly_is_ranked_against_the_normal_ones_alone() -> None:
    truth = Truth(kinds=("good", "good", "a", "b", "b", ""), normal="good", origin="")
    anomaly = np.array([0.0, 1.0, 2.0, 0.5, 0.5, 9.0])
    good, a, b = ranked_by_kind(truth, anomaly, anomaly > 0.9)
    assert (good.name, good.count, good.flagged, good.auroc) == ("good", 2, 1, None)
    assert a.auroc is not None
    assert b.auroc is not None
    assert (a.auroc.mean, b.auroc.mean) == (1.0, 0.5)


def report(*, first: np.ndarray, second: np.ndarray, truth: np.ndarray) -> AnomalyReport:
    from copyist.metrics.ranking import auroc_difference

    theirs = ranking(second, truth)
    other = Beside(
        name="k-NN, k = 5",
        flagged=3,
        agreement=0.5,
        auroc=theirs.auroc,
        average_precision=theirs.average_precision,
        difference=auroc_difference(second, first, truth),
    )
    judged = Judged(name="x#1", anomaly=3.0, p_value=0.05, flagged=True, kind="1")
    return AnomalyReport(
        detector="table",
        measure="combined",
        trained_on="days.csv",
        inputs=("x.csv",),
        noun="rows",
        false_alarms=0.05,
        threshold=2.0,
        num_calibration=99,
        num_examples=len(truth),
        num_flagged=3,
        expected=Expected(mean=5.0, low=1, high=9),
        discoveries=0,
        histogram=Histogram(edges=(0.0, 1.0), is_logarithmic=False, calibration=(99,), examples=(len(truth),)),
        strangest=(judged,),
        most_normal=(),
        ranking=ranking(first, truth),
        beside=(other,),
    )


def test_the_report_says_plainly_which_detector_is_better() -> None:
    rng = np.random.default_rng(5)
    truth = np.arange(200) >= 120
    weak, strong = rng.normal(size=200) + 0.3 * truth, rng.normal(size=200) + 2.5 * truth
    worse, better = report(first=weak, second=strong, truth=truth), report(first=strong, second=weak, truth=truth)
    assert worse.comparison.startswith("The simple detector is better: k-NN, k = 5 ranks these rows better")
    assert worse.is_beaten
    assert better.comparison.startswith("The detector ranks these rows better than every simple one.")
    alike = report(first=strong, second=strong + 1e-3 * rng.normal(size=200), truth=truth)
    assert alike.comparison.startswith(
        "These rows do not decide between the detector and k-NN, k = 5 (k-NN, k = 5: AUROC"
    )
    assert not alike.is_beaten
    assert worse.comparison in worse.text()
    assert replace(worse, ranking=None, beside=()).comparison == ""


def test_each_simple_detector_is_compared_by_name() -> None:
    rng = np.random.default_rng(6)
    truth = np.arange(200) >= 120
    weak, strong = rng.normal(size=200) + 0.3 * truth, rng.normal(size=200) + 2.5 * truth
    against_weak = report(first=strong, second=weak, truth=truth)
    near = report(first=strong, second=strong + 1e-3 * rng.normal(size=200), truth=truth).beside[0]
    both = replace(against_weak, beside=(replace(near, name="isolation forest"), *against_weak.beside))
    assert both.comparison.startswith(
        "The detector ranks these rows better than k-NN, k = 5. These rows do not decide between the detector and "
        "isolation forest (isolation forest: AUROC"
    )
    assert "which holds for all 2 at once" in both.comparison


def test_cells_of_which_training_says_nothing_count_for_simple_detectors_as_for_the_detector() -> None:
    class FirstColumn:
        def anomaly(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 0]

    one = SimpleDetectors(rivals={"one": FirstColumn()}, calibration={}, departure={"one": 50.0}, false_alarms=0.1)
    x, departures = torch.tensor([[1.0, 0], [2, 0], [3, 0]]), torch.tensor([[0, 0, 0], [0, 1, 0], [1, 0, 1]]).bool()
    assert one.anomalies(x, departures, batch_size=2)["one"].tolist() == [1, 52, 103]
    assert one.anomalies(x, None, batch_size=2)["one"].tolist() == [1, 2, 3]


def test_a_report_comes_back_from_its_document() -> None:
    rng = np.random.default_rng(6)
    truth = np.arange(30) >= 20
    found = report(first=rng.normal(size=30), second=rng.normal(size=30), truth=truth)
    assert AnomalyReport.from_json(found.to_json().encode()) == found
    assert Interval(*np.zeros(3)) != found.beside[0].auroc


def test_a_file_of_labels_without_a_heading_keeps_its_first_row(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("a.png,good\nb.png,hole\n")
    assert labels_of_file(path, ["a.png", "b.png"], normal=None).kinds == ("good", "hole")
    path.write_text("picture,kind\na.png,good\nb.png,hole\n")
    assert labels_of_file(path, ["a.png", "b.png"], normal=None).kinds == ("good", "hole")
