from copyist.report.reading import read_results
from copyist.report.results import Corruption, Evaluation, Row, Verdict
from copyist.report.tables import blocks, measures

from .conftest import Folder


def small() -> Evaluation:
    noisy = Corruption(name="noisy", family="gaussian", value=0.2)
    return Evaluation(
        batch_size=8,
        num_images=8,
        corruptions=[Corruption(name="faded", family="shift", value=0.5), noisy],
        rows=[
            Row(method="identity", kind="control", corruption="noisy", ratio=1.0, psnr=14.0),
            Row(method="median", kind="control", corruption="noisy", ratio=0.5, psnr=20.0),
            Row(method="net", kind="model", corruption="noisy", ratio=0.7, psnr=17.1),
            Row(method="net", kind="model", corruption="faded", ratio=0.9, psnr=12.0),
        ],
        verdicts=[
            Verdict(model="net", corruption="noisy", beats_identity="yes", beats_best_filter="no"),
            Verdict(model="net", corruption="faded", beats_identity="unclear", beats_best_filter="unclear"),
        ],
    )


def test_each_family_is_a_block_of_its_own_in_a_fixed_order(results: Folder) -> None:
    evaluation = read_results(results.path).evaluation
    assert evaluation is not None
    made = blocks(evaluation, {})
    assert [block.family for block in made] == ["blend", "gaussian", "shift"]
    assert made[0].columns == ["α = 0.7", "α = 0.5", "α = 0.3", "α = 0.1"]
    assert made[1].columns == ["σ = 0.05", "σ = 0.1", "σ = 0.2"]


def test_models_come_first_and_the_least_ratio_of_a_column_is_the_best() -> None:
    noise, shift = blocks(small(), {"net": "copier"})
    assert [(line.method, line.role, line.cells[0].best) for line in noise.lines] == [
        ("net", "copier", False), ("identity", "", False), ("median", "", True),
    ]  # fmt: skip
    assert [line.method for line in shift.lines] == ["net"], "what was not measured here has no line here"


def test_verdicts_are_told_in_words_that_do_not_promise_denoising_of_a_shift() -> None:
    noise, shift = blocks(small(), {})
    assert [(chip.words, chip.answer) for chip in noise.lines[0].cells[0].chips] == [
        ("denoises", "yes"), ("not beyond filters", "no"),
    ]  # fmt: skip
    assert [chip.words for chip in shift.lines[0].cells[0].chips] == ["restores?", "beyond filters?"]


def test_the_best_psnr_is_the_largest_and_missing_measures_have_no_table() -> None:
    ratio, psnr = measures(small())
    assert (ratio.title, psnr.title) == ("Ratio of distances", "PSNR")
    assert {line.method: [cell.value for cell in line.cells] for line in psnr.lines} == {
        "net": ["17.1", "12.0"], "identity": ["14.0", "–"], "median": ["20.0", "–"],
    }  # fmt: skip
    assert [(line.method, i) for line in psnr.lines for i, cell in enumerate(line.cells) if cell.best] == [
        ("net", 1), ("median", 0),
    ]  # fmt: skip
