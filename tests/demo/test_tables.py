from dataclasses import replace

from copyist.demo.tables import blocks, measures, settings
from copyist.evaluation.denoising_table import DenoisingRow, DenoisingTable, DenoisingVerdict, Kind
from copyist.evidence import Interval

from .conftest import denoising


def row(method: str, corruption: Kind, ratio: float, psnr: float, *, control: bool = False) -> DenoisingRow:
    return DenoisingRow(
        method=method, control=control, corruption=corruption, strength=0.2, setting="weight 0.1" if control else "",
        ratio=Interval(ratio, ratio, ratio), distance_before=1.0, distance_after=ratio, psnr=psnr,
        high_frequency_share=1.0, noise_level=0.1,
    )  # fmt: skip


def small() -> DenoisingTable:
    """Two controls under noise, and a model under a shift too."""
    return replace(
        denoising(),
        rows=(
            row("identity", "gaussian", 1.0, 14.0, control=True),
            row("median", "gaussian", 0.5, 20.0, control=True),
            row("net", "gaussian", 0.7, 17.1),
            row("net", "shift", 0.9, 12.0),
        ),
        verdicts=(
            DenoisingVerdict(
                model="net", corruption="gaussian", strength=0.2, best_filter="median", beats_identity="supported",
                beats_matched_blur="refuted", beats_best_filter="refuted", leads={},
            ),
            DenoisingVerdict(
                model="net", corruption="shift", strength=0.2, best_filter="median", beats_identity="inconclusive",
                beats_matched_blur="supported", beats_best_filter="inconclusive", leads={},
            ),
        ),
    )  # fmt: skip


def test_each_kind_is_a_block_of_its_own_in_a_fixed_order() -> None:
    made = blocks(denoising(), {})
    assert [block.kind for block in made] == ["blend", "gaussian", "shift"]
    assert made[0].columns == ["α = 0.7", "α = 0.5", "α = 0.3", "α = 0.1"]
    assert made[1].columns == ["σ = 0.1", "σ = 0.2", "σ = 0.4"]


def test_models_come_first_and_the_least_ratio_of_a_column_is_the_best() -> None:
    noise, shift = blocks(small(), {"net": "copier"})
    assert [(line.method, line.role, line.cells[0].best) for line in noise.lines] == [
        ("net", "copier", False), ("identity", "", False), ("median", "", True),
    ]  # fmt: skip
    assert [line.method for line in shift.lines] == ["net"], "what was not measured here has no line here"


def test_verdicts_are_told_in_words_that_do_not_promise_denoising_of_a_shift() -> None:
    noise, shift = blocks(small(), {})
    assert [(chip.words, chip.judgement) for chip in noise.lines[0].cells[0].chips] == [
        ("denoises", "supported"), ("not beyond blur", "refuted"), ("not beyond filters", "refuted"),
    ]  # fmt: skip
    assert [chip.words for chip in shift.lines[0].cells[0].chips] == ["restores?", "beyond blur", "beyond filters?"]


def test_settings_are_told_where_there_were_any() -> None:
    assert settings(small()) == [
        ("identity", [["σ = 0.2: weight 0.1"], []]), ("median", [["σ = 0.2: weight 0.1"], []]),
    ]  # fmt: skip


def test_the_best_psnr_is_the_largest_and_what_was_not_measured_is_a_dash() -> None:
    psnr = measures(small())[2]
    assert (psnr.title, psnr.groups) == ("PSNR", [("Noise alone", ["σ = 0.2"]), ("Shift alone", ["α = 0.2"])])
    assert {line.method: [cell.value for cell in line.cells] for line in psnr.lines} == {
        "net": ["17.1", "12.0"], "identity": ["14.0", "–"], "median": ["20.0", "–"],
    }  # fmt: skip
    assert [(line.method, i) for line in psnr.lines for i, cell in enumerate(line.cells) if cell.best] == [
        ("net", 1), ("median", 0),
    ]  # fmt: skip
