"""Pages on claims: what stands on them, that refuted weighs as much as supported, and what is refused."""

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from copyist.claims.figures import curves_figure, parts_figure, standalone
from copyist.claims.report import read_claims, write_claims
from copyist.claims.result import Curves
from copyist.claims.wording import interval, short
from copyist.errors import DataError
from copyist.evidence import Interval

from .results_to_test import claim, write

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two claims, one the other way round from the other, and a JSON file about something else."""
    found = tmp_path / "evidence"
    write(found, claim("a-denoises"))
    write(found, claim("b-denoises", verdict="refuted", mean=1.5))
    (found / "kill-points.json").write_text('{"points": 200}')
    return found


def test_the_front_page_counts_verdicts_and_links_each_claim_in_the_order_asked_for(folder: Path) -> None:
    write_claims(folder, order=["b-denoises", "c-denoises"])
    page = (folder / "README.md").read_text()
    assert page.endswith("Not measured here yet: c-denoises.\n")
    assert "Not measured here yet: c-denoises." in (folder / "report.html").read_text()
    assert "**1** ✓ supported · **1** ✗ refuted\n" in page
    rows = [line for line in page.splitlines() if line.startswith("| [")]
    assert rows[0] == (
        r"| [b-denoises](b-denoises.md) | It \*denoises\* \| \<b\>better\</b\>. | **✗ refuted** | "
        "1 of 2 | `ratio` 1.50 [1.48, 1.52]; below 1 | standard | 3 |"
    )
    assert rows[1].startswith("| [a-denoises](a-denoises.md) |")


def test_a_page_holds_the_numbers_the_figures_and_how_to_repeat_them(folder: Path) -> None:
    write(folder, claim("a-denoises", verdict="open"))
    write_claims(folder)
    page = (folder / "a-denoises.md").read_text()
    for line in (
        r"> It \*denoises\* \| \<b\>better\</b\>.",
        "Where it stands: Badger, on copying.",
        "## ○ open",
        "Waits for a diffusion model: `distance`.",
        r"| `ratio` | E\|x\| | below 1 | 0.500 [0.475, 0.525] | 0.490 · 0.500 · 0.510 | **✓ supported** |",
        "| `distance` | FD | above 0 | – | – · – · – | **○ open** |",
        "| `ratio_blur` | matched blur's | 0.750 [0.750, 0.750] | 0.750 · 0.750 · 0.750 |",
        "copyist claims run a-denoises --scale standard --seeds 0,1,2 --out again",
        "<details><summary>Recipe <code>unet</code>: unet on photos?size=16, copying, 20 steps</summary>",
    ):
        assert f"\n{line}\n" in page
    assert "3 min 04 s for all of them" in page
    for file in re.findall(r"\]\(([^)]*)\)", page):
        assert (folder / file).is_file()
    assert "surprised" not in page


def test_remarks_written_by_hand_are_taken_in_as_they_are(folder: Path) -> None:
    (folder / "remarks").mkdir()
    (folder / "remarks" / "a-denoises.md").write_text("It **does**.\n\n<b>Twice</b> & more.\n")
    write_claims(folder)
    assert (
        (folder / "a-denoises.md").read_text().endswith("## What surprised\n\nIt **does**.\n\n<b>Twice</b> & more.\n")
    )
    page = (folder / "report.html").read_text()
    assert "It **does**.\n\n&lt;b&gt;Twice&lt;/b&gt; &amp; more.</div>" in page
    assert page.count("What surprised") == 1


def test_a_refuted_claim_is_shown_as_large_as_a_supported_one(folder: Path) -> None:
    write_claims(folder)
    page = (folder / "report.html").read_text()
    assert re.findall(r'class="verdict (\w+) large">(.*?)</span>', page) == [
        ("supported", "✓ supported"),
        ("refuted", "✗ refuted"),
    ]


def test_the_html_page_needs_nothing_but_itself_and_its_elements_close(folder: Path) -> None:
    write_claims(folder)
    page = (folder / "report.html").read_text()
    opened: list[str] = []
    targets: list[str] = []
    identifiers: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("meta", "link", "img", "br"):
                opened.append(tag)
            targets.extend(value or "" for name, value in attrs if name in ("src", "href", "xlink:href"))
            identifiers.extend(value or "" for name, value in attrs if name == "id")

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.handle_starttag(tag, attrs)
            if tag not in ("meta", "link", "img", "br"):
                opened.pop()

    Reader().feed(page)
    assert opened == []
    assert all(target.startswith(("data:", "#")) for target in targets)
    assert {target[1:] for target in targets if target.startswith("#")} <= set(identifiers)
    assert len(set(identifiers)) == len(identifiers)
    assert "<b>better" not in page


def test_equal_results_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "again")
    write_claims(folder)
    write_claims(tmp_path / "again")
    written = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir() if path.is_file()}


def test_a_figure_names_parts_and_controls_with_their_numbers(folder: Path) -> None:
    write(folder, claim("a-denoises", verdict="open"))
    shown = texts(parts_figure(read_claims(folder)[0]))
    assert {"ratio", "ratio blur", "distance", "0.500 [0.475, 0.525]  ✓ supported", "–  ○ open"} <= set(shown)


def test_a_control_of_another_size_gets_an_axis_of_its_own(folder: Path) -> None:
    document = claim("a-denoises")
    document["controls"][0]["interval"] = {"mean": 750.0, "low": 740.0, "high": 760.0}
    for run in document["seeds"].values():
        run["values"]["ratio_blur"] = 750.0
    write(folder, document)
    shown = texts(parts_figure(read_claims(folder)[0]))
    # The ticks of the part reach its bound of 1, those of the control lie about 750.
    assert {"1.0", "750.0"} <= set(shown)
    assert "100" not in shown


def test_curves_are_drawn_over_plain_powers_of_ten_and_names_in_words() -> None:
    curve = Curves(
        title="Over $training$", x_label="step", y_label="y", x=[1.0, 10.0, 100.0], log_x=True, log_y=True,
        lines={"_plain": [1.0, 0.1, 0.01], "b": [1.0, float("nan"), 0.0]},
    )  # fmt: skip
    shown = texts(curves_figure([curve, curve], "test"))
    assert {"Over $training$", "step", "1", "10", "100", "0.01", "b"} <= set(shown)
    assert "plain" in [text.strip("\u200b") for text in shown]


def test_a_figure_of_its_own_has_colors_of_its_own(folder: Path) -> None:
    svg = parts_figure(read_claims(folder)[0])
    assert "var(--ink)" in svg
    assert "var(" not in standalone(svg)
    assert ElementTree.fromstring(standalone(svg))[0].attrib["fill"] == "#fff"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.5, "0.500"), (-0.0123456, "−0.0123"), (27.31, "27.3"), (100, "100"), (123456.7, "123,457"),
     (0.000123, "1.23e−04"), (float("nan"), "–"), (float("inf"), "–")],
)  # fmt: skip
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert short(value) == text


def test_one_seed_has_no_interval() -> None:
    nan = float("nan")
    assert interval(Interval(mean=0.25, low=nan, high=nan)) == "0.250"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            lambda d: d.update(verdict="refuted"),
            r"has a verdict that does not follow from its seeds; run the claim again",
        ),
        (lambda d: d["parts"][0].update(verdict="refuted"), r"has a verdict that does not follow from its seeds"),
        (lambda d: d["parts"].pop(), r"must judge the parts that it declares"),
        (lambda d: d["pictures"][0].update(file="none.png"), r"none\.png is named by .* and is not there"),
        (lambda d: d["pictures"][0].update(file="../../x.png"), r"may name only files inside its folder"),
        (lambda d: d["seeds"]["0"]["curves"]["training"]["x"].pop(), r"'training' of seed 0 has not"),
        (lambda d: d["claim"].update(name="c"), r"must have the name of its claim, got 'c'; name it c\.json"),
    ],
)
def test_a_result_that_is_not_whole_is_refused_and_no_page_is_written(
    edit: Callable[[dict[str, Any]], object], sentence: str, folder: Path
) -> None:
    document = claim("b-denoises")
    edit(document)
    (folder / "b-denoises.json").write_text(json.dumps(document))
    before = sorted(folder.iterdir())
    with pytest.raises(DataError, match=sentence):
        write_claims(folder)
    assert sorted(folder.iterdir()) == before


def test_half_a_picture_is_refused(folder: Path) -> None:
    picture = folder / "b-denoises-copies.png"
    picture.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(DataError, match="must be a whole PNG picture; run the claim again, with --force"):
        write_claims(folder)
    assert not (folder / "README.md").exists()


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match=r"results.*and there is none; run copyist claims run first"):
            write_claims(place)
