import re
from typing import Any

import pytest

from copyist.report.findings import explanation, finding, headline, key_figures, on_batches, on_gain
from copyist.report.reading import Results, read_results

from .conftest import Folder


def plain(text: str) -> str:
    """Without the marks at which no line breaks."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


def edited(results: Folder, rows: dict[tuple[str, str], dict[str, Any]], verdicts: dict[str, str]) -> Results:
    """The results, with some rows and all verdicts on the U-Net changed."""

    def edit(evaluation: dict[str, Any]) -> None:
        for row in evaluation["rows"]:
            row.update(rows.get((row["method"], row["corruption"]), {}))
        for verdict in evaluation["verdicts"]:
            if verdict["model"] == "U-Net":
                verdict.update(verdicts)

    results.change("evaluation.json", edit)
    return read_results(results.path)


BLEND = "blend α=0.3"
ROWS = {
    ("identity", BLEND): {"distance": 17.62},
    ("U-Net", BLEND): {"distance": 5.91, "ratio": 0.335, "ratio_low": 0.32, "ratio_high": 0.35},
    ("matched blur", BLEND): {"distance": 8.04, "ratio": 0.456},
}


@pytest.mark.parametrize(
    ("verdicts", "first", "second"),
    [
        (
            {"beats_identity": "yes", "beats_best_filter": "yes"},
            "A network that was only ever asked to copy moved images with 70 % noise from a distance of 17.6 to 5.9.",
            "The best filter beside it, matched blur, reached 8.0.",
        ),
        (
            {"beats_identity": "no", "beats_best_filter": "no"},
            "A network asked only to copy did not bring images with 70 % noise closer: "
            "their distance was 17.6 before and 5.9 after.",
            "But a filter beside it, matched blur, reached 8.0: this is no more than filtering does.",
        ),
        (
            {"beats_identity": "unclear", "beats_best_filter": "unclear"},
            "Whether a network asked only to copy brings images with 70 % noise closer is not clear: "
            "their distance was 17.6 before and 5.9 after.",
            "The best filter beside it, matched blur, reached 8.0, and the two cannot be told apart.",
        ),
    ],
)
def test_the_headline_says_what_the_verdicts_and_distances_say(
    verdicts: dict[str, str], first: str, second: str, results: Folder
) -> None:
    read = edited(results, ROWS, verdicts | {"best_filter": "matched blur"})
    assert tuple(map(plain, headline(read))) == (first, second)


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.3, 0.4, "to 0.34 of"), (1.1, 1.2, "no closer"), (0.9, 1.1, "may be no closer")]
)
def test_without_distances_and_verdicts_the_headline_speaks_of_the_interval(
    low: float, high: float, words: str, results: Folder
) -> None:
    changed = {"distance": None, "ratio": 0.34, "ratio_low": low, "ratio_high": high}
    edited(results, {("U-Net", BLEND): changed, ("identity", BLEND): {"distance": None}}, {})
    results.change("evaluation.json", lambda e: e.update(verdicts=[]))
    assert words in headline(read_results(results.path))[0]


def test_the_distance_before_follows_from_the_ratio_where_the_identity_was_not_measured(results: Folder) -> None:
    results.change("evaluation.json", lambda e: e.update(rows=[r for r in e["rows"] if r["method"] != "identity"]))
    read = edited(results, {("U-Net", BLEND): {"distance": 6.0, "ratio": 0.4}}, {"beats_identity": "yes"})
    assert "from a distance of 15.0 to 6.0" in headline(read)[0]


def test_without_numbers_or_without_a_copier_the_headline_is_the_title(results: Folder) -> None:
    results.change("report.json", lambda r: r["models"][0].update(role="trained denoiser"))
    assert headline(read_results(results.path)) == ("copyist demo: learning by copying", "")
    (results.path / "evaluation.json").unlink()
    read = read_results(results.path)
    assert headline(read) == ("copyist demo: learning by copying", "")
    assert (explanation(read), on_gain(read), on_batches(read)) == ([], "", "")
    assert [figure.value for figure in key_figures(read)] == ["7.8 million"]


def test_the_blend_nearest_to_three_tenths_is_the_headlines(results: Folder) -> None:
    evaluation = read_results(results.path).evaluation
    assert evaluation is not None
    nearest = finding(evaluation, "U-Net", "blend", 0.35)
    assert nearest is not None
    assert nearest.corruption.value == 0.3
    assert finding(evaluation, "nobody", "blend", 0.3) is None


def test_the_explanation_parts_the_squared_distance_into_shift_and_noise(results: Folder) -> None:
    """Distances 3, 4 and 5: nine parts of twenty-five are the shift."""
    changed = {("identity", BLEND): {"distance": 5.0}, ("identity", "shift α=0.3"): {"distance": 3.0}}
    points = dict(explanation(edited(results, changed, {})))
    assert list(points) == ["Both together.", "The shift.", "The noise."]
    assert "The fading alone makes 36 % of the squared distance" in plain(points["Both together."])
    assert "σ = 0.1 " in plain(points["The noise."]), "the level nearest to the blend's own noise, 0.7 · 0.2"


@pytest.mark.parametrize(
    ("identity", "best", "words"),
    [
        ("yes", "yes", "removed, and beyond what filters do"),
        ("yes", "no", "removed, but not beyond what a filter does"),
        ("yes", "unclear", "whether beyond what filters do is not clear"),
        ("unclear", "no", "Whether noise is removed at all is not clear"),
        ("no", "no", "noise as such is not removed: what helps under the blend is the shift undone"),
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
