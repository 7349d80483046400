import re
from typing import Any

import pytest

from copyist.demo.counts import on_samples, on_the_walk, on_walks
from copyist.demo.findings import (
    explanation,
    finding,
    headline,
    key_figures,
    on_batches,
    on_filters,
    on_gain,
    on_real,
    provenance,
)
from copyist.demo.results import DemoResults, read_results

from .conftest import Folder


def plain(text: str) -> str:
    """Without the marks at which no line breaks."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


def edited(
    results: Folder, rows: dict[tuple[str, str, float], dict[str, Any]], verdicts: dict[str, str]
) -> DemoResults:
    """The results, with some rows and all verdicts on the U-Net changed."""

    def edit(evaluation: dict[str, Any]) -> None:
        for row in evaluation["denoising"]["rows"]:
            row.update(rows.get((row["method"], row["corruption"], row["strength"]), {}))
        for verdict in evaluation["denoising"]["verdicts"]:
            if verdict["model"] == "U-Net":
                verdict.update(verdicts)

    results.change("evaluation.json", edit)
    return read_results(results.path)


def ratio(mean: float) -> dict[str, Any]:
    return {"ratio": {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}}


ROWS = {
    ("U-Net", "gaussian", 0.2): ratio(0.2),
    ("U-Net with skips", "gaussian", 0.2): ratio(0.94),
    ("matched blur", "gaussian", 0.2): ratio(0.5),
    ("median", "gaussian", 0.2): ratio(0.34),
    ("total variation", "gaussian", 0.2): ratio(0.27),
    ("linear", "gaussian", 0.2): ratio(0.19),
}


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        ("supported", "A network trained only to copy takes off noise it has never seen"),
        ("refuted", "A network trained only to copy does not take off noise it has never seen"),
        ("inconclusive", "Whether a network trained only to copy takes off noise it has never seen is not clear here"),
    ],
)
def test_the_headline_says_what_the_verdict_says(judgement: str, words: str, results: Folder) -> None:
    first, second = map(plain, headline(edited(results, ROWS, {"beats_identity": judgement})))
    assert first == words
    assert "9,216 images of 32 × 32 pixels in color" in second
    assert "33.2 dB on others" in second
    assert "0.20 [0.19, 0.21] of the distance" in second
    assert "0.94" in second, "the control with skips, in the same noise"


@pytest.mark.parametrize(
    ("judgement", "best", "words"),
    [
        ("supported", "linear", "The network goes beyond every control beside it."),
        ("refuted", "linear", "So this much needs no network: linear does better."),
        ("inconclusive", "linear", "The network and linear cannot be told apart."),
        ("supported", "identity", "No control beside it does better than to leave the images as they are."),
    ],
)
def test_the_dullest_explanation_stands_beside_it(judgement: str, best: str, words: str, results: Folder) -> None:
    """Of the filters that know nothing, the best; and the map that is fitted to this noise."""
    read = edited(results, ROWS, {"beats_best_filter": judgement, "best_filter": best})
    text = plain(on_filters(read.table, "U-Net"))
    assert "total variation, set on training images in this noise, leaves 0.27" in text
    assert "where the network leaves 0.20, and a linear map fitted to this very noise leaves 0.19" in text
    assert text.endswith(words)


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.3, 0.4, " takes off"), (1.1, 1.2, "does not take"), (0.9, 1.1, "is not clear")]
)
def test_without_verdicts_the_headline_judges_by_the_interval(
    low: float, high: float, words: str, results: Folder
) -> None:
    edited(results, {("U-Net", "gaussian", 0.2): {"ratio": {"mean": 0.5, "low": low, "high": high}}}, {})
    results.change("evaluation.json", lambda e: e["denoising"].update(verdicts=[]))
    assert words in headline(read_results(results.path))[0]


def test_without_numbers_or_without_a_copier_the_headline_is_the_title(results: Folder) -> None:
    results.change("report.json", lambda r: r["models"][0].update(role="trained denoiser"))
    assert headline(read_results(results.path)) == ("copyist demo: learning by copying", "")
    for name in ("evaluation.json", "real.json"):
        (results.path / name).unlink()
    results.change("report.json", lambda r: r.update(in_order=[], walk_stages=[]))
    read = read_results(results.path)
    assert headline(read) == ("copyist demo: learning by copying", "")
    assert (explanation(read), on_filters(read.table, "U-Net")) == ([], "")
    assert {on_gain(read), on_batches(read), on_samples(read), on_walks(read), on_real(read)} == {""}
    assert [figure.value for figure in key_figures(read)] == ["7.8 million"]


@pytest.mark.parametrize(
    ("plain_copies", "words"),
    [
        (30, "does as much, as far as so few can tell"),
        (8, "the schedule does more"),
        (55, "does more than the schedule"),
    ],
)
def test_samples_are_counted_beside_as_many_plain_copies(plain_copies: int, words: str, results: Folder) -> None:
    """Of 64 samples 30 keep the rules, whose interval is [0.34, 0.60]."""
    results.change("report.json", lambda r: r["in_order"][2].update(kept=plain_copies))
    read = read_results(results.path)
    text = on_samples(read)
    assert "held-out landscapes, 63 of 64; 30 steps on the schedule, 30 of 64; 30 plain" in text
    assert words in text
    assert on_the_walk(read) == "In the end 29 of 32 keep every rule of these landscapes."


@pytest.mark.parametrize(
    ("walked", "words"),
    [(6, "with training fewer walk"), (32, "it is not clear whether fewer walk")],
)
def test_walkers_are_counted_at_the_first_stage_and_the_last(walked: int, words: str, results: Folder) -> None:
    """Of 32 images, 30 at first: intervals from 0.79 on, and to 0.36, 0.79 and 1 in the end."""
    results.change("report.json", lambda r: r["walk_stages"][-1].update(walked=walked))
    text = plain(on_walks(read_results(results.path)))
    assert "30 of its 32 training images walked away after 250 steps of training (28.7 dB)" in text
    assert f"and {walked} of 32 after 1,750 (44.1 dB)" in text
    assert words in text
    assert "Of 32 images it was not trained on, 31 walked at first and 27 in the end." in text


def test_what_was_loaded_and_what_was_trained_here_are_told_apart(results: Folder) -> None:
    text = plain(provenance(read_results(results.path)))
    loaded, trained = text.split("Trained here, in this run:")
    assert "U-Net, 4,000 steps in 5 min 12 s; U-Net with skips" in loaded
    assert trained.startswith(" small U-Net.")


def test_the_chapter_on_photographs_has_its_own_numbers(results: Folder) -> None:
    text = plain(on_real(read_results(results.path)))
    assert "to 28.4 dB on 60 others" in text
    assert "zero-mean noise of σ = 0.2" in text


def test_the_blend_nearest_to_three_tenths_is_the_headlines(results: Folder) -> None:
    table = read_results(results.path).table
    assert table is not None
    nearest = finding(table, "U-Net", "blend", 0.35)
    assert nearest is not None
    assert nearest.condition.strength == 0.3
    assert finding(table, "nobody", "blend", 0.3) is None


def test_the_explanation_parts_the_squared_distance_into_shift_and_noise(results: Folder) -> None:
    """Distances 3, 4 and 5: nine parts of twenty-five are the shift."""
    changed = {
        ("U-Net", "blend", 0.3): {"distance_before": 5.0},
        ("U-Net", "shift", 0.3): {"distance_before": 3.0},
    }
    points = dict(explanation(edited(results, changed, {})))
    assert list(points) == ["Both together.", "The shift.", "The noise."]
    assert "The fading alone makes 36 % of the squared distance" in plain(points["Both together."])
    assert "σ = 0.2 " in plain(points["The noise."])


@pytest.mark.parametrize(
    ("identity", "best", "words"),
    [
        ("supported", "supported", "removed, and beyond what filters do"),
        ("supported", "refuted", "removed, but not beyond what a filter does"),
        ("supported", "inconclusive", "whether beyond what filters do is not clear"),
        ("inconclusive", "refuted", "Whether noise is removed at all is not clear"),
        ("refuted", "refuted", "noise as such is not removed: what helps under the blend is the shift undone"),
    ],
)
def test_the_explanation_concludes_from_the_verdicts_on_noise_alone(
    identity: str, best: str, words: str, results: Folder
) -> None:
    read = edited(results, {}, {"beats_identity": identity, "beats_best_filter": best})
    assert words in dict(explanation(read))["The noise."]


def test_gain_and_batches_are_told_with_their_numbers(results: Folder) -> None:
    read = read_results(results.path)
    gain = plain(on_gain(read))
    assert re.findall(r"\d+ %", gain) == ["12 %", "97 %", "9 %"]
    assert "0.49 of their distance in one batch (all noisy, 64) and at 0.88 in another (alone)" in on_batches(read)


def test_key_figures_are_the_ratios_the_copies_and_the_gain(results: Folder) -> None:
    values = [plain(figure.value) for figure in key_figures(read_results(results.path))]
    assert values == ["0.41", "0.62", "27.3 dB", "12 %", "7.8 million"]


def test_a_network_that_ignores_the_batch_is_said_to(results: Folder) -> None:
    results.change("evaluation.json", lambda e: [b["ratio"].update(mean=0.6201) for b in e["denoising"]["batches"]])
    assert on_batches(read_results(results.path)).endswith("end at 0.62 of their distance in every batch.")
