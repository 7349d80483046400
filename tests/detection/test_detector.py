"""A detector flags what is not as its data, keeps its word after a file, and is refused where it can tell nothing."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from copyist import checkpoint, recipes
from copyist.data import Splits
from copyist.detection import Detector, DetectorRecipe, fit_detector, load_detector, save_detector
from copyist.detection.copies import Copies
from copyist.detection.detector_recipe import DetectorPurpose
from copyist.detection.guards import check_detector, far_points, strange_calibration
from copyist.detection.measures import (
    AnomalyMeasure,
    CodeDistance,
    Combined,
    ExampleDistance,
    ReconstructionError,
    Statistics,
)
from copyist.errors import CheckpointError, ContractError, DataError
from copyist.models import MLP, MLPConfig
from copyist.tensors import PerImage
from copyist.training import train
from training.tiny import Told

STEPS = 60
BOTH = Combined(measures=(ReconstructionError(), CodeDistance(neighbors=5)))


def rows(count: int, *, seed: int = 0) -> Tensor:
    """Rows (N, 5) that lie near a plane."""
    generator = torch.Generator().manual_seed(seed)
    plane = torch.randn(2, 5, generator=torch.Generator().manual_seed(99))
    return torch.randn(count, 2, generator=generator) @ plane + 0.05 * torch.randn(count, 5, generator=generator)


def recipe(measure: AnomalyMeasure = BOTH) -> DetectorRecipe:
    table = recipes.table()
    return DetectorRecipe(training=replace(table, training=replace(table.training, steps=STEPS)), measure=measure)


def splits(x: Tensor) -> Splits:
    return Splits.from_arrays(x.numpy(), calibration=0.3)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return fit_detector(recipe(), data=splits(rows(300)), false_alarms=0.1)


def test_what_lies_off_the_plane_is_stranger_than_what_lies_on_it(detector: Detector) -> None:
    normal, off = rows(400, seed=1), rows(400, seed=2) + torch.tensor([3.0, -3, 3, 3, -3])
    assert float(detector(off).flagged.float().mean()) > 0.95
    # 63 calibration examples: the rate over them spreads by a few per cent.
    assert float(detector(normal).flagged.float().mean()) < 0.25


def test_the_answer_for_one_row_ignores_the_others(detector: Detector) -> None:
    x = rows(7, seed=3)
    together = detector.anomaly(x)
    torch.testing.assert_close(torch.cat([detector.anomaly(row[None]) for row in x]), together)


@pytest.mark.parametrize("radius", [10.0, 100.0, 1000.0, 1e6])
def test_points_far_outside_are_flagged(detector: Detector, radius: float) -> None:
    assert detector(far_points(rows(50), radius=radius)).flagged.all()


def test_a_detector_from_its_file_gives_the_same_anomalies_and_flags(detector: Detector, tmp_path: Path) -> None:
    save_detector(str(tmp_path / "detector.safetensors"), detector)
    again, x = load_detector(tmp_path, device="cpu"), rows(40, seed=4)
    ours, theirs = detector(x, parts=True), again(x, parts=True)
    assert torch.equal(ours.anomaly, theirs.anomaly)
    assert torch.equal(ours.flagged, theirs.flagged)
    assert torch.equal(ours.p_value, theirs.p_value)
    assert ours.parts is not None
    assert theirs.parts is not None
    assert torch.equal(ours.parts, theirs.parts)
    assert again.threshold == detector.threshold


def test_the_file_is_also_that_of_the_model(detector: Detector, tmp_path: Path) -> None:
    save_detector(tmp_path / "detector.safetensors", detector)
    model = checkpoint.load(tmp_path / "detector.safetensors", device="cpu")
    x = rows(3)
    assert torch.equal(model(x), detector.model(x))


def test_a_model_that_is_no_detector_is_refused(detector: Detector, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "model.safetensors", detector.model, detector.header)
    with pytest.raises(CheckpointError, match="holds a model and no detector"):
        load_detector(tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="there is no detector"):
        load_detector(tmp_path)


@pytest.mark.parametrize(
    ("purpose", "sentence"),
    [
        (
            DetectorPurpose(measure=BOTH, false_alarms=0.1).document(),
            r"not finished; copyist detect fit --resume --out .*",
        ),
        (None, "holds the run of a model; copyist detect fit makes one of normal examples, in a folder of its own"),
    ],
)
def test_a_folder_without_a_detector_is_told_by_what_its_run_is_for(
    purpose: dict[str, Any] | None, sentence: str, tmp_path: Path
) -> None:
    table = recipes.table()
    short = replace(table, training=replace(table.training, steps=1))
    train(short, data=splits(rows(60)), out=tmp_path, purpose=purpose)
    with pytest.raises(CheckpointError, match=sentence):
        load_detector(tmp_path)


def test_parts_name_the_column_that_was_changed(detector: Detector) -> None:
    x = rows(100, seed=5)
    x[:, 3] += 4 * x[:, 3].std()
    parts = detector.parts(x)
    assert parts is not None
    assert parts.shape == (100, 5)
    assert int(parts.mean(0).argmax()) == 3


def test_false_alarms_that_so_few_rows_cannot_give_are_refused_before_training() -> None:
    with pytest.raises(DataError, match="needs 99 normal examples for calibration"):
        fit_detector(recipe(), data=splits(rows(100)), false_alarms=0.01)


def test_splits_without_calibration_are_refused() -> None:
    with pytest.raises(DataError, match="calibrate"):
        fit_detector(recipe(), data=Splits.from_arrays(rows(100).numpy()))


class Constant(AnomalyMeasure):
    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return torch.ones(len(copies.x))


class Bounded(AnomalyMeasure):
    """Tells rows apart, but nothing that is far away."""

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        return {}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        return (-copies.x.square().sum(1)).exp()


@pytest.mark.parametrize(
    ("measure", "sentence"), [(Constant(), "tell normal examples apart"), (Bounded(), "must flag points 10 times")]
)
def test_a_measure_that_can_tell_nothing_is_refused(measure: AnomalyMeasure, sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        fit_detector(recipe(measure), data=splits(rows(300)), false_alarms=0.1)


def test_a_refused_detector_leaves_its_refusal_and_none_of_before(tmp_path: Path) -> None:
    fit_detector(recipe(CodeDistance()), data=splits(rows(300)), false_alarms=0.1, out=tmp_path / "d")
    refit = partial(fit_detector, data=splits(rows(300)), false_alarms=0.1, out=tmp_path / "d", overwrite=True)
    with pytest.raises(ContractError, match="must flag points 10 times"):
        refit(recipe(Bounded()))
    with pytest.raises(
        CheckpointError, match=r"no detector in .*/d, it failed a check: a detector must flag points 10"
    ):
        load_detector(tmp_path / "d")
    refit(recipe(CodeDistance()))
    assert load_detector(tmp_path / "d").measure == CodeDistance()
    assert not (tmp_path / "d/refused.txt").exists()


def test_a_run_that_goes_on_leaves_its_detector_or_its_refusal_and_not_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ContractError("it lets all pass")

    fit = partial(fit_detector, recipe(CodeDistance()), data=splits(rows(300)), false_alarms=0.1, out=tmp_path / "d")
    fit()
    with monkeypatch.context() as patch:
        patch.setattr("copyist.detection.fitting.check_detector", refuse)
        with pytest.raises(ContractError, match="it lets all pass"):
            fit(resume=True)
        with pytest.raises(CheckpointError, match="it failed a check: it lets all pass"):
            load_detector(tmp_path / "d")
        fit(resume=True, warn=[].append)
        assert not (tmp_path / "d/refused.txt").exists()
    assert load_detector(tmp_path / "d").measure == CodeDistance()


def linear(scale: float) -> MLP:
    """x̂ = scale · x."""
    model = MLPConfig(num_columns=5, widths=(5,), activation="identity").build()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(scale**0.5 * torch.eye(5) if weight.ndim == 2 else torch.zeros(5))
    return model.eval()


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [(1.0, "must not copy everything, and it changes noise .* by 0.0% of it"), (0.0, "must copy normal examples")],
)
def test_a_model_that_copies_everything_or_nothing_is_refused(detector: Detector, scale: float, sentence: str) -> None:
    # Around 0, where nothing is what the mean is.
    x = rows(200, seed=7)
    found = replace(detector, model=linear(scale))
    with pytest.raises(ContractError, match=sentence):
        check_detector(found, Copies(found.model, x - x.mean(0)))


def test_code_distances_are_those_of_scikit_learn(detector: Detector) -> None:
    from sklearn.neighbors import NearestNeighbors

    train, x = rows(80), rows(9, seed=6)
    own, copies = Copies(detector.model, train), Copies(detector.model, x)
    for k in (1, 5):
        measure = CodeDistance(neighbors=k)
        found = measure(copies, measure.fit(own, own))
        codes, queries = own.z.double().numpy(), copies.z.double().numpy()
        mean, std = codes.mean(0), codes.std(0)
        neighbors = NearestNeighbors(n_neighbors=k).fit((codes - mean) / std)
        expected = neighbors.kneighbors((queries - mean) / std)[0][:, -1]
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4)


def test_what_is_strange_among_the_calibration_is_named() -> None:
    anomaly = torch.tensor([1.0, 0.9, 30.0, 1.1, 6.0, 1.2, 1.0])
    found = strange_calibration(anomaly, [f"{place}.png" for place in range(7)])
    assert found is not None
    assert found.startswith("2 of the 7 examples of the calibration are more than 5 times as strange as is usual there")
    assert "there, 2.png, 4.png: where these are not normal, the threshold is too high" in found
    assert strange_calibration(anomaly[[0, 1, 3]], ["a", "b", "c"]) is None


def test_labels_of_anomalies_among_the_held_out_examples_are_told_of() -> None:
    x, watcher = rows(200).numpy(), Told()
    mixed = Splits.from_arrays(
        x[:150],
        x[150:],
        calibration=0.3,
        labels=np.array(["normal"] * 150),
        test_labels=np.array(["normal", "broken"] * 25),
    )
    fit_detector(recipe(), data=mixed, observer=watcher)
    assert any("the labels 'broken', 'normal', and all are taken for normal" in each for each in watcher.sentences)


def test_labels_of_which_none_is_called_normal_are_told_of_too() -> None:
    x, watcher = rows(200).numpy(), Told()
    labels = np.array(["ok", "fail"] * 75)
    mixed = Splits.from_arrays(
        x[:150], x[150:], calibration=0.3, labels=labels, test_labels=np.array(["ok", "fail"] * 25)
    )
    fit_detector(recipe(), data=mixed, observer=watcher)
    assert any("the labels 'fail', 'ok', and all are taken for normal" in each for each in watcher.sentences)


def test_a_combination_is_the_mean_of_its_measures_in_units_of_held_out_examples(detector: Detector) -> None:
    own, held_out, copies = (
        Copies(detector.model, rows(count, seed=seed)) for count, seed in ((80, 0), (31, 8), (9, 6))
    )
    statistics = BOTH.fit(own, held_out)
    expected: list[Tensor] = []
    for measure in BOTH.measures:
        alone = measure.fit(own, held_out)
        expected.append(measure(copies, alone) / measure(held_out, alone).median())
    torch.testing.assert_close(BOTH(copies, statistics), torch.stack(expected).mean(0))
    # The measures have units of their own, so that this says something.
    assert float(statistics["units"][0] / statistics["units"][1]) != pytest.approx(1, rel=0.1)


def test_rows_that_are_not_learned_are_no_ones_neighbors() -> None:
    base, parts = recipe(ExampleDistance(neighbors=1)), splits(torch.cat([rows(290), 30 + rows(10, seed=9)]))
    trimmed = replace(base.trained, training=replace(base.trained.training, trimmed=0.2))
    found = fit_detector(replace(base, training=trimmed), data=parts, false_alarms=0.1)
    # What lies among the outliers of the training is strange all the same.
    assert found(30 + rows(20, seed=10)).flagged.all()
    whole = fit_detector(base, data=parts, false_alarms=0.1)
    assert (
        float(whole.anomaly(30 + rows(20, seed=10)).median())
        < float(found.anomaly(30 + rows(20, seed=10)).median()) / 5
    )
