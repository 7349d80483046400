import re
from typing import Any

import pytest

from copyist.demo.document import DemoResults, read_results
from copyist.demo.findings import explanation, finding, headline, key_figures, on_batches, on_gain

from .conftest import Folder


def plain(text: str) -> str:
    """Without the marks at which no line breaks."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


def edited(results: Folder, rows: dict[tuple[str, str], dict[str, Any]], verdicts: dict[str, str]) -> DemoResults:
    """The results, with rows at α = 0.3 and all verdicts on the U-Net changed."""

    def edit(evaluation: dict[str, Any]) -> None:
        for row in evaluation["denoising"]["rows"]:
            if row["strength"] == 0.3:
                row.update(rows.get((row["method"], row["corruption"]), {}))
        for verdict in evaluation["denoising"]["verdicts"]:
            if verdict["model"] == "U-Net":
                verdict.update(verdicts)

    results.change("evaluation.json", edit)
    return read_results(results.path)


ROWS = {
    ("U-Net", "blend"): {"distance_before": 17.62, "distance_after": 5.91},
    ("matched blur", "blend"): {"distance_after": 8.04},
}


@pytest.mark.parametrize(
    ("verdicts", "first", "second"),
    [
        (
            {"beats_identity": "supported", "beats_best_filter": "supported"},
            "A network that was only ever asked to copy moved images with 70 % noise from a distance of 17.6 to 5.9.",
            "The best control beside it, matched blur, reached 8.0.",
        ),
        (
            {"beats_identity": "refuted", "beats_best_filter": "refuted"},
            "A network asked only to copy did not bring images with 70 % noise closer: "
            "their distance was 17.6 before and 5.9 after.",
            "But a control beside it, matched blur, reached 8.0: this much needs no network.",
        ),
        (
            {"beats_identity": "inconclusive", "beats_best_filter": "inconclusive"},
            "Whether a network asked only to copy brings images with 70 % noise closer is not clear: "
            "their distance was 17.6 before and 5.9 after.",
            "The best control beside it, matched blur, reached 8.0: the two cannot be told apart.",
        ),
    ],
)
def test_the_headline_says_what_the_verdicts_and_distances_say(
    verdicts: dict[str, str], first: str, second: str, results: Folder
) -> None:
    read = edited(results, ROWS, verdicts | {"best_filter": "matched blur"})
    assert tuple(map(plain, headline(read))) == (first, second)


def test_controls_that_do_worse_than_nothing_are_not_held_against_the_network(results: Folder) -> None:
    read = edited(results, {}, {"best_filter": "identity"})
    assert headline(read)[1] == "No control beside it does better than to leave the images as they are."


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.3, 0.4, "moved"), (1.1, 1.2, "did not bring"), (0.9, 1.1, "is not clear")]
)
def test_without_verdicts_the_headline_judges_by_the_interval(
    low: float, high: float, words: str, results: Folder
) -> None:
    edited(results, {("U-Net", "blend"): {"ratio": {"mean": 0.5, "low": low, "high": high}}}, {})
    results.change("evaluation.json", lambda e: e["denoising"].update(verdicts=[]))
    first, second = headline(read_results(results.path))
    assert words in first
    assert second == ""


def test_without_numbers_or_without_a_copier_the_headline_is_the_title(results: Folder) -> None:
    results.change("report.json", lambda r: r["models"][0].update(role="trained denoiser"))
    assert headline(read_results(results.path)) == ("copyist demo: learning by copying", "")
    (results.path / "evaluation.json").unlink()
    read = read_results(results.path)
    assert headline(read) == ("copyist demo: learning by copying", "")
    assert (explanation(read), on_gain(read), on_batches(read)) == ([], "", "")
    assert [figure.value for figure in key_figures(read)] == ["7.8 million"]


def test_the_blend_nearest_to_three_tenths_is_the_headlines(results: Folder) -> None:
    table = read_results(results.path).table
    assert table is not None
    nearest = finding(table, "U-Net", "blend", 0.35)
    assert nearest is not None
    assert nearest.condition.strength == 0.3
    assert finding(table, "nobody", "blend", 0.3) is None


def test_the_explanation_parts_the_squared_distance_into_shift_and_noise(results: Folder) -> None:
    """Distances 3, 4 and 5: nine parts of twenty-five are the shift."""
    changed = {("U-Net", "blend"): {"distance_before": 5.0}, ("U-Net", "shift"): {"distance_before": 3.0}}
    points = dict(explanation(edited(results, changed, {})))
    assert list(points) == ["Both together.", "The shift.", "The noise."]
    assert "The fading alone makes 36 % of the squared distance" in plain(points["Both together."])
    assert "σ = 0.1 " in plain(points["The noise."]), "the level nearest to the blend's own noise, 0.7 · 0.2"


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
    assert values == ["0.41", "0.73", "27.3 dB", "12 %", "7.8 million"]


def test_a_network_that_ignores_the_batch_is_said_to(results: Folder) -> None:
    results.change("evaluation.json", lambda e: [b["ratio"].update(mean=0.6201) for b in e["denoising"]["batches"]])
    assert on_batches(read_results(results.path)).endswith("end at 0.62 of their distance in every batch.")
