"""The denoising table: methods whose numbers are known beforehand."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from copyist.baselines.controls import CONTROLS
from copyist.baselines.linear_copier import principal_copier
from copyist.data import ExampleSet, Splits
from copyist.errors import ArgumentError, DataError, ShapeError
from copyist.evaluation.clean_copies import CleanCopies
from copyist.evaluation.clean_measures import beside_principal_axes, clean_copies, code_statistics
from copyist.evaluation.denoising_measures import CONDITIONS, batch_dependence, measure_denoising
from copyist.evaluation.denoising_table import Condition, DenoisingTable
from copyist.evaluation.evaluate import evaluate_images
from copyist.models import MLPConfig


def waves(count: int, seed: int) -> Tensor:
    phase = 6.28 * torch.rand(count, 2, 1, 1, generator=torch.Generator().manual_seed(seed))
    return (0.5 + 0.4 * torch.sin(torch.arange(12) / 2 + phase)).expand(count, 2, 9, 12).contiguous()


TRAIN, TEST = waves(14, 0), waves(11, 1)


def apply(function: Callable[[Tensor], Tensor], x: Tensor, *, batch_size: int) -> Tensor:
    """The rule of batches: the last is filled from the first images."""
    order = torch.arange(-(-len(x) // batch_size) * batch_size) % len(x)
    return torch.cat([function(x[part]) for part in order.split(batch_size)])[: len(x)]


def oracle(x_tilde: Tensor) -> Tensor:
    """Knows the test set by heart: answers with the test image most correlated to what it sees."""
    seen, known = ((x - x.mean((1, 2, 3), keepdim=True)).flatten(1) for x in (x_tilde, TEST))
    return TEST[(seen @ (known / known.norm(dim=1, keepdim=True)).T).argmax(1)]


def half(x: Tensor) -> Tensor:
    return x / 2


def tell_the_mean(x: Tensor) -> Tensor:
    """Every answer is the mean of its batch."""
    return x.mean(0, keepdim=True).expand_as(x)


@pytest.fixture(scope="module")
def table() -> DenoisingTable:
    models = {"a copy": lambda x: x, "half": half, "the batch's mean": tell_the_mean}
    return measure_denoising(
        models,
        train=TRAIN,
        test=TEST,
        apply=apply,
        batch_size=4,
        seed=3,
        encoders={"half": lambda x: x[:, :1] * torch.tensor([1.0] * 9 + [0.0] * 3)},
        saw={"half": "clean images"},
    )


@pytest.mark.slow
def test_a_perfect_copy_leaves_the_corruption_exactly(table: DenoisingTable) -> None:
    for condition, name in itertools.product(CONDITIONS, ("identity", "a copy")):
        row = table.row(name, condition.kind, condition.strength)
        assert (row.ratio.mean, row.ratio.low, row.ratio.high) == (1, 1, 1)
        assert row.distance_after == row.distance_before
        verdict = table.verdict("a copy", condition.kind, condition.strength)
        assert verdict.beats_identity == "inconclusive"
        assert verdict.beats_best_filter == "refuted"
        assert verdict.leads["identity"].mean == 0


@pytest.mark.slow
def test_distances_and_psnr_of_known_noise_are_on_paper(table: DenoisingTable) -> None:
    for sigma in (0.1, 0.2, 0.4):
        row = table.row("a copy", "gaussian", sigma)
        assert row.distance_before == pytest.approx(sigma * 216**0.5, rel=0.05)
        assert row.psnr == pytest.approx(-20 * math.log10(sigma), abs=0.4)
        assert row.noise_level == pytest.approx(sigma, rel=0.2)
    shift = table.row("a copy", "shift", 0.5)
    assert shift.distance_before == pytest.approx(0.5 * (TEST - 0.7).flatten(1).norm(dim=1).mean().item(), rel=1e-5)
    assert shift.high_frequency_share == pytest.approx(0.25, rel=1e-4)


@pytest.mark.slow
def test_the_mean_images_distance_ignores_the_corruption(table: DenoisingTable) -> None:
    expected = (TRAIN.mean(0) - TEST).flatten(1).norm(dim=1).mean().item()
    for condition in CONDITIONS:
        row = table.row("mean image", condition.kind, condition.strength)
        assert row.distance_after == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_every_method_meets_every_condition_once(table: DenoisingTable) -> None:
    keys = [(row.method, row.corruption, row.strength) for row in table.rows]
    methods = [*CONTROLS, "a copy", "half", "the batch's mean"]
    assert len(CONDITIONS) == 11
    assert sorted(keys) == sorted((m, c.kind, c.strength) for m in methods for c in CONDITIONS)
    assert {row.method for row in table.rows if row.control} == set(CONTROLS)


@pytest.mark.slow
def test_clean_images_tell_the_gain_and_the_code(table: DenoisingTable) -> None:
    copy, halved, _ = table.clean
    assert math.isinf(copy.psnr)
    assert copy.ssim == pytest.approx(1)
    assert copy.gain.mean == pytest.approx(1, abs=1e-5)
    assert copy.code is None
    assert halved.gain.mean == pytest.approx(0.5, abs=1e-5)
    assert halved.psnr == pytest.approx((-10 * (TEST / 2).square().mean((1, 2, 3)).log10()).mean().item(), rel=1e-5)
    assert halved.code is not None
    assert halved.code.num_units == 108


@pytest.mark.slow
def test_only_methods_that_read_their_batch_depend_on_it(table: DenoisingTable) -> None:
    ratios = {(row.method, row.batch): row.ratio.mean for row in table.batches}
    assert ratios["half", "all noisy"] == ratios["half", "half clean"] == ratios["half", "alone"]
    assert ratios["the batch's mean", "alone"] == 1
    assert len({ratios["the batch's mean", batch] for batch in ("all noisy", "half clean", "eights")}) == 3
    assert [row.size for row in table.batches if row.method == "half"] == [4, 4, 8, 1]


@pytest.mark.slow
def test_a_table_reads_back_from_its_json_as_itself(table: DenoisingTable) -> None:
    text = table.to_json()
    assert '"psnr": "inf"' in text
    assert DenoisingTable.from_json(text.encode()) == table


def test_a_table_from_before_units_were_counted_is_still_read_and_shown() -> None:
    path = Path(__file__).parents[2] / "docs" / "evidence" / "denoising-faces64.json"
    table = DenoisingTable.from_json(path.read_bytes())
    code = table.clean[0].code
    assert code is not None
    assert (code.active_share, code.effective_share, code.dead_units) == (None, None, None)
    line = next(line for line in table.text().splitlines() if "  8192  " in line)
    assert line.split()[-2:] == ["–", "–"]
    counted = replace(code, active_share=0.125, effective_share=0.1, dead_units=7)
    table = replace(table, clean=(replace(table.clean[0], code=counted), *table.clean[1:]))
    assert "12.5 %     7\n" in table.text()


@pytest.mark.slow
def test_foreign_newer_and_damaged_tables_are_refused(table: DenoisingTable) -> None:
    document = table.to_document()
    with pytest.raises(DataError, match=r"^the document must have schema 'copyist.denoising', got None$"):
        DenoisingTable.from_document({})
    with pytest.raises(DataError, match="version 1, got 2; update copyist"):
        DenoisingTable.from_document({**document, "version": 2})
    with pytest.raises(DataError, match=r"^t\.json must be complete, got num_test: input should be a valid integer"):
        DenoisingTable.from_document({**document, "num_test": "many"}, name="t.json")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_table_and_progress_reaches_its_end(table: DenoisingTable) -> None:
    steps: list[tuple[int, int]] = []
    again = measure_denoising(
        {"half": half},
        train=TRAIN,
        test=TEST,
        apply=apply,
        batch_size=4,
        seed=3,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(done, 11) for done in range(1, 12)]
    for condition, name in itertools.product(CONDITIONS, (*CONTROLS, "half")):
        key = (name, condition.kind, condition.strength)
        assert replace(again.row(*key), saw=None) == replace(table.row(*key), saw=None)


@pytest.mark.slow
def test_who_knows_the_answers_is_at_nothing_and_beats_every_filter() -> None:
    found = measure_denoising({"oracle": oracle}, train=TRAIN, test=TEST, apply=apply, batch_size=4)
    row = found.row("oracle", "blend", 0.7)
    assert (row.ratio.mean, row.distance_after) == (0, 0)
    assert row.high_frequency_share == 1
    verdict = found.verdict("oracle", "blend", 0.7)
    assert (verdict.beats_identity, verdict.beats_matched_blur, verdict.beats_best_filter) == ("supported",) * 3
    best = min(CONTROLS, key=lambda name: found.row(name, "blend", 0.7).ratio.mean)
    assert verdict.best_filter == best
    assert verdict.leads[best].mean == pytest.approx(-found.row(best, "blend", 0.7).ratio.mean)


@pytest.mark.slow
def test_the_text_says_the_batch_marks_models_and_stays_narrow(table: DenoisingTable) -> None:
    text = table.text()
    assert "11 test images of 2x9x12, in batches of 4; filters set on 14 training images; seed 3" in text
    assert "> half" in text
    assert "identity                1.000 ± 0.000" in text
    assert "half clean (4)" in text
    assert text.count("*") >= 11
    assert max(len(line) for line in text.splitlines()) <= 110
    full = table.text(details=True)
    assert full.startswith(text.rstrip("\n"))
    assert full.count("batches of 4") == text.count("batches of 4") + 11
    assert "contrast" in full


@pytest.mark.slow
def test_the_text_does_without_models_and_without_intervals(table: DenoisingTable) -> None:
    lone = replace(table.batches[0], ratio=replace(table.batches[0].ratio, low=math.nan, high=math.nan))
    rows = tuple(row for row in table.rows if row.control)
    text = replace(table, rows=rows, verdicts=(), clean=(), batches=(lone,)).text()
    assert "Clean images, in" not in text
    assert text.rstrip().endswith(f"{lone.ratio.mean:.3f}")


def test_half_of_a_mixed_batch_is_clean_and_only_noisy_images_are_scored() -> None:
    x = TEST[:8]
    seen: list[tuple[int, float]] = []

    def spy(batch: Tensor) -> Tensor:
        seen.append((len(batch), (batch == 0).flatten(1).all(1).float().mean().item()))
        return batch

    rows = batch_dependence("spy", spy, x=x, x_tilde=torch.zeros_like(x), apply=apply, batch_size=4)
    assert [row.ratio.mean for row in rows] == [1] * 4
    assert seen == [(4, 1.0)] * 2 + [(4, 0.5)] * 4 + [(8, 1.0)] + [(1, 1.0)] * 8


def test_quiet_units_are_those_that_hardly_move() -> None:
    z = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 1.0, 0.001, 0.0, 1.0]) + 2
    found = code_statistics(z.view(40, 5, 1))
    assert (found.num_units, found.quiet_share) == (5, pytest.approx(0.4))
    assert found.mean == pytest.approx(2, abs=0.2)
    assert found.std == pytest.approx(0.6**0.5, abs=0.1)


def test_units_that_no_image_activates_are_dead_and_the_others_are_shared_out() -> None:
    z = torch.tensor([[1.0, 0.0, 2.0, 0.001], [-1.0, 0.0, 0.0, 0.0]])
    found = code_statistics(z)
    assert (found.active_share, found.dead_units) == (pytest.approx(3 / 8), 2)
    # (1 + 2 + 0.001)² / (4 · 5.000001) and 1 / 4.
    assert found.effective_share == pytest.approx((3.001**2 / 20.000004 + 0.25) / 2)


def test_arguments_that_cannot_be_are_refused_before_any_work() -> None:
    def refuse(function: Callable[[Tensor], Tensor], x: Tensor, *, batch_size: int) -> Tensor:
        raise AssertionError

    with pytest.raises(ShapeError, match=r"must have one shape, got \(2, 9, 12\) and \(2, 9, 11\)"):
        measure_denoising({}, train=TRAIN, test=TEST[..., 1:], apply=refuse, batch_size=4)
    with pytest.raises(ArgumentError, match="must not have the name of a control, got 'linear'"):
        measure_denoising({"linear": half}, train=TRAIN, test=TEST, apply=refuse, batch_size=4)
    with pytest.raises(ArgumentError, match="must have the name of a model, got 'b'; rename"):
        measure_denoising({"a": half}, train=TRAIN, test=TEST, apply=refuse, batch_size=4, encoders={"b": half})
    with pytest.raises(ArgumentError, match="what was seen, must have the name of a model, got 'b'"):
        measure_denoising({"a": half}, train=TRAIN, test=TEST, apply=refuse, batch_size=4, saw={"b": "nothing"})
    with pytest.raises(ArgumentError, match="number of training images must be at least 2"):
        measure_denoising({}, train=TRAIN[:1], test=TEST, apply=refuse, batch_size=4)
    with pytest.raises(ArgumentError, match="batch_size must be at least 1"):
        measure_denoising({}, train=TRAIN, test=TEST, apply=refuse, batch_size=0)


def test_who_copies_better_than_pca_is_judged_image_by_image() -> None:
    def first(x: Tensor) -> Tensor:
        return x.flatten(1)[:, :2]

    rows, errors = list[CleanCopies](), dict[str, Tensor]()
    for name, model in {"a copy": (lambda x: x), "its axes": principal_copier(TRAIN, num_axes=2)}.items():
        row, errors[name] = clean_copies(name, model, x=TEST, apply=apply, batch_size=4, seed=0, encode=first)
        rows.append(row)
    beside = beside_principal_axes(rows, errors=errors, train=TRAIN, x=TEST)
    assert [row.pca is not None and row.pca.beats_pca for row in beside] == ["supported", "inconclusive"]


def test_filters_and_axes_and_what_is_measured_come_from_all_over_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(6000, dtype=np.float32).reshape(6000, 1, 1, 1) / 6000
    images = ExampleSet(source="mine", array=array, names=("",) * 6000, fingerprint="0")
    given: dict[str, Any] = {}
    monkeypatch.setattr("copyist.evaluation.evaluate.measure_denoising", lambda _, **rest: given.update(rest))
    model = MLPConfig(image_shape=(1, 1, 1), widths=(1,)).build()
    evaluate_images({"mine": model}, Splits(train=images, test=images), num_images=4)
    torch.testing.assert_close(given["test"].flatten(), torch.tensor([0.0, 0.25, 0.5, 0.75]))
    assert (len(given["train"]), float(given["train"].max())) == (4096, pytest.approx(1, abs=1e-3))
    # Axes are cheap: they learn from all that the models did.
    assert len(given["axes_from"]) == 6000


def test_a_code_smaller_than_an_image_stands_beside_pca_of_its_size() -> None:
    models = {"half": half, "wide": half, "none": half}
    encoders = {"half": lambda x: x.flatten(1)[:, :3], "wide": lambda x: x.flatten(1)}
    found = measure_denoising(models, train=TRAIN, test=TEST, apply=apply, batch_size=4, seed=3, encoders=encoders)
    beside = {row.model: row.pca for row in found.clean}
    assert beside["wide"] is None
    assert beside["none"] is None
    pca, (train, test) = beside["half"], (x.flatten(1).double().numpy() for x in (TRAIN, TEST))
    assert pca is not None
    fitted = PCA(3).fit(train)
    errors = ((fitted.inverse_transform(fitted.transform(test)) - test) ** 2).mean(1)
    assert (pca.num_axes, pca.num_train) == (3, len(TRAIN))
    assert pca.psnr == pytest.approx(float((-10 * np.log10(errors)).mean()), abs=1e-2)
    # Each image's error minus that of the same image on the axes, and Student's interval of 11 images.
    differences = ((test / 2 - test) ** 2).mean(1) - errors
    assert pca.lead is not None
    assert pca.lead.mean == pytest.approx(differences.mean(), rel=1e-4)
    reach = 2.2281 * differences.std(ddof=1) / 11**0.5
    assert pca.lead.high - pca.lead.mean == pytest.approx(reach, rel=1e-3)
    assert pca.beats_pca == "refuted"
    text = found.text()
    assert "PCA of equal code" in text
    said = (
        f"beats PCA: no; MSE less PCA's {pca.lead.mean:.5f} ± {reach:.5f}, image by image, axes of 14 training images"
    )
    assert f"    {said}\n" in text
    assert max(len(line) for line in text.splitlines()) <= 110
    assert DenoisingTable.from_json(found.to_json().encode()) == found


@pytest.mark.slow
def test_what_never_saw_the_corruption_is_told_from_what_was_fitted_to_it(table: DenoisingTable) -> None:
    saw = {row.method: row.saw for row in table.rows}
    assert (saw["identity"], saw["mean image"]) == ("nothing", "clean images")
    assert [saw[name] for name in ("matched blur", "median", "total variation", "linear")] == [
        *["setting"] * 3,
        "corruption",
    ]
    assert saw["half"] == "clean images"
    assert saw["a copy"] is None
    for condition in table.conditions:
        best = table.best_control(condition)
        ratios = {name: table.row(name, condition.kind, condition.strength).ratio.mean for name in CONTROLS}
        assert best.ratio.mean == min(ratios.values())


@pytest.mark.slow
def test_noise_below_a_copiers_own_error_cannot_be_removed(table: DenoisingTable) -> None:
    error = float((TEST / 2).square().mean().sqrt())
    copies = {each.model: each.error for each in table.clean}
    assert copies["half"] == pytest.approx(error)
    assert copies["a copy"] == 0.0
    # White noise of σ is as large as σ on the mean, up to its own scatter.
    for sigma in (0.1, 0.4):
        assert table.least_ratio("half", Condition("gaussian", sigma)) == pytest.approx(error / sigma, rel=0.05)
    assert table.least_ratio("identity", Condition("gaussian", 0.1)) is None
    assert f"half: its copies of clean images are off by {error:.3f}; less noise" in table.text()
