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

from copyist.claims.figures import curves_figure, parts_figure
from copyist.claims.glance import small_curves, small_parts
from copyist.claims.page import Chapter, Sentence, Sentences, claim_page, claims_page, front_page
from copyist.claims.report import read_claims, write_claims
from copyist.claims.result import Curves
from copyist.claims.wording import MARKS, MEANINGS, interval, short
from copyist.drawing.charts import standalone
from copyist.errors import DataError
from copyist.evidence import VERDICTS, Interval, Verdict

from .results_to_test import claim, write

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence"

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def pages(folder: Path, name: str = "a-denoises", *, sentences: Sentences | None = None) -> tuple[str, str, str]:
    """One claim's page, the front page and the HTML page, without their charts, which take a while to draw."""
    results = read_claims(folder, order=list(sentences or {}))
    chapters = [Chapter(result=each, chart="<svg/>", curves={}, remarks="") for each in results]
    page = claim_page(next(each for each in chapters if each.result.name == name))
    front = front_page(results, sentences=sentences or {})
    return page, front, claims_page(chapters, folder, sentences=sentences or {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two claims, one the other way round from the other, and a JSON file about something else."""
    found = tmp_path / "evidence"
    write(found, claim("a-denoises"))
    write(found, claim("b-denoises", verdict="refuted"))
    (found / "kill-points.json").write_text('{"points": 200}')
    return found


SENTENCES = {
    "b-denoises": Sentence("It denoises.", is_ours=True),
    "c-denoises": Sentence("It *never* does."),
}


def test_the_front_page_counts_sentences_of_sources_and_ours_apart_and_links_each_in_order(folder: Path) -> None:
    write(folder, claim("d-denoises", theirs=True))
    _, page, html = pages(folder, sentences=SENTENCES)
    assert page.splitlines()[2] == (
        "**Of 2 sentences of the sources, 1 stand**, 1 open. Beyond what explains it away: 1 of 1. "
        "Of 2 sentences of our own, 1 stand."
    )
    legend = [line for line in page.splitlines() if line.startswith("| **")]
    assert [line.split(" | ")[2:] for line in legend] == [
        ["1", "1", "1 |"], ["0", "0", "1 |"], ["0", "0", "0 |"], ["0", "0", "0 |"], ["0", "0", "0 |"], ["1", "0", "0 |"]
    ]  # fmt: skip
    theirs, ours = page.index("## What the sources say"), page.index("## Questions of our own")
    places = [page.index(f"[{name}-denoises]({name}-denoises.md)") for name in "dba"]
    assert theirs < places[0] < ours < places[1] < places[2]
    assert page.endswith("## Not measured yet\n\n- ○ open: It \\*never\\* does. `c-denoises`\n")
    assert "<h1>Of 2 sentences of the sources, 1 stand; 1 are not measured yet</h1>" in html
    assert "○ open</span> It *never* does. <code>c-denoises</code>" in html


def test_a_row_of_the_front_page_has_both_marks_the_copies_the_deciding_figure_and_a_picture(folder: Path) -> None:
    document = claim("d-denoises", theirs=True)
    document["claim"]["picture"] = "copies"
    write(folder, document)
    _, page, _ = pages(folder)
    rows = {name: next(line for line in page.splitlines() if f"[{name}-denoises]" in line) for name in "bd"}
    assert rows["d"] == (
        '| <a href="d-denoises.md"><img src="d-denoises-copies-small.webp" width="250" alt="Copies, side by side."></a>'
        " | [d-denoises](d-denoises.md)<br>It \\*denoises\\* \\| "
        "\\<b\\>better\\</b\\>. | **✓ supported** | **✓ supported** | 34.5 dB (asked: 33) | "
        "`ratio` 0.500 [0.475, 0.525]; below 1 | 3, standard |"
    )
    assert '<img src="b-denoises-small.svg"' in rows["b"]
    assert "| **✗ refuted** | **–** |" in rows["b"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_of_the_six_outcomes_is_told_with_its_sign_and_in_plain_words(verdict: Verdict, folder: Path) -> None:
    write(folder, claim("a-denoises", verdict=verdict))
    page, front, html = pages(folder)
    assert f"## {MARKS[verdict]} {verdict}\n\nA sentence of our own: no source asks for it." in page
    assert MEANINGS[verdict] in page
    assert f"| **{MARKS[verdict]} {verdict}** | {MEANINGS[verdict]} |" in front
    assert f"{MARKS[verdict]} {verdict}</span>" in html


def test_a_page_shows_what_the_source_says_beside_its_parts_and_ours_apart(folder: Path) -> None:
    write(folder, claim("a-denoises", theirs=True))
    page, _, _ = pages(folder)
    theirs, ours = page.index("## What the source asks"), page.index("## What we ask beyond it")
    assert theirs < page.index("| `ratio` | copies are \\*cleaner\\* | E\\|x\\| | below 1 |") < ours
    assert ours < page.index("| `distance` | FD | above 0 | 2.00 [2.00, 2.00] (geometric mean) | 2.00 · 2.00 · 2.00 |")
    assert "| what the source asks | beyond what explains it away |\n" in page
    assert "\n| **✓ supported** | **✓ supported** |\n" in page


def test_a_page_shows_how_well_each_net_copies_and_whether_it_is_of_the_regime(folder: Path) -> None:
    document = claim("a-denoises", verdict="regime not reached")
    document["seeds"]["2"] |= {"missed": "unet reached 31.5 dB, and 33 dB was asked for", "values": {}}
    write(folder, document)
    page, front, _ = pages(folder)
    assert "Asked: copies of held-out images of at least 33 dB, a code of at least 1 times the image's values." in page
    assert "Regime not reached, seed 2: unet reached 31.5 dB, and 33 dB was asked for." in page
    assert "| `unet-0` | judged | 31.5 · 31.5 · 31.5 | 36.0 · 36.0 · 36.0 | 1.25 | 640 | 12 s | **no** |" in page
    assert "31.5 dB (asked: 33)" in front


def test_a_page_shows_what_an_instrument_says_of_its_controls_and_what_it_judges(folder: Path) -> None:
    document = claim("a-denoises", verdict="instrument failed")
    document["claim"]["parts"][0]["instruments"].append("layout")
    for seed, run in document["seeds"].items():
        run["values"]["ratio@layout"] = 0.25 + int(seed)
    write(folder, document)
    page, _, _ = pages(folder)
    assert "`axes` passes when real images are nearer than upside-down ones. It judges ratio.\n" in page
    assert "| upside down | 9.00 · 9.00 · 9.00 |\n| **passes** | **✗** · **✗** · **✗** |" in page
    assert "| `ratio` | by `layout`, not judged by | | | 0.250 · 1.25 · 2.25 | |" in page
    assert "**! instrument failed**" in page


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
        "| `distance` | FD | above 0 | – (geometric mean) | – · – · – | **○ open** |",
        "| `ratio_blur` | matched blur's | 0.750 [0.750, 0.750] | 0.750 · 0.750 · 0.750 |",
        "copyist claims run a-denoises --scale standard --seeds 0,1,2 --out again",
        "<details><summary>Recipe <code>unet</code>: unet on photos?size=16, copying, 20 steps</summary>",
    ):
        assert f"\n{line}\n" in page
    assert "3 min 04 s for all of them" in page
    shown = page + (folder / "README.md").read_text()
    for file in re.findall(r"(?:\]\(|src=\")([^)\"]*)", shown):
        assert (folder / file).is_file()
    assert "surprised" not in page


def test_the_first_paragraph_of_remarks_begins_a_page_and_the_rest_ends_it(folder: Path) -> None:
    (folder / "remarks").mkdir()
    (folder / "remarks" / "a-denoises.md").write_text("It **does**,\nsurely.\n\n<b>Twice</b> & `more`.\n\nOn.\n")
    write_claims(folder)
    page = (folder / "a-denoises.md").read_text()
    assert page.startswith("# a-denoises\n\nIt **does**,\nsurely.\n\n> It")
    assert page.endswith("## What surprised\n\n<b>Twice</b> & `more`.\n\nOn.\n")
    html = (folder / "report.html").read_text()
    assert '<p class="words">It <b>does</b>,\nsurely.</p>' in html
    assert "&lt;b&gt;Twice&lt;/b&gt; &amp; <code>more</code>.\n\nOn.</div>" in html
    assert html.count("What surprised") == 1


def test_a_refuted_claim_is_shown_as_large_as_a_supported_one(folder: Path) -> None:
    _, _, page = pages(folder)
    articles = re.findall(r'<article class="glance">.*?class="verdict (\w+)">(.*?)</span>', page, flags=re.DOTALL)
    assert articles == [("supported", "✓ supported"), ("refuted", "✗ refuted")]
    assert not re.search(r"\.verdict\.(supported|refuted)[^}]*(font|padding)", page)


def test_small_curves_end_where_the_numbers_do_and_break_where_there_are_none() -> None:
    curve = Curves(
        title="t", x_label="dB", y_label="share", x=[20.0, 30.0, 40.0],
        lines={"held": [1.0, 0.5, 0.0], "broken": [0.0, float("nan"), 1.0]},
    )  # fmt: skip
    svg = small_curves([curve, curve])
    paths = [element.attrib["d"] for element in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    assert paths[1:] == ["M8 16L125 65L242 114", "M8 114M242 16"]
    assert texts(svg) == ["share: 0 to 1.00", "20.0", "dB 40.0", "held", "broken"]


def test_small_parts_put_the_interval_on_the_side_of_its_bound_where_it_lies(folder: Path) -> None:
    held, refuted = (small_parts(each) for each in read_claims(folder))
    for svg, side in ((held, -1), (refuted, 1)):
        shapes = ElementTree.fromstring(svg)
        bound = next(e for e in shapes.iter(f"{SVG}path") if e.attrib["stroke"] == "var(--ink)").attrib["d"]
        dot = next(shapes.iter(f"{SVG}circle")).attrib["cx"]
        assert side * (float(dot) - float(bound[1:].split()[0])) > 20


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


def test_ratios_that_lie_more_than_tenfold_apart_stand_on_a_logarithmic_axis(folder: Path) -> None:
    document = claim("a-denoises")
    document["claim"]["parts"][0]["scale"] = "log"
    for seed, ratio in zip(document["seeds"].values(), (0.011, 0.01, 0.009), strict=True):
        seed["values"]["ratio"] = ratio
    document["parts"][0]["interval"] = {"mean": 0.01, "low": 0.008, "high": 0.012}
    write(folder, document)
    shown = texts(parts_figure(read_claims(folder)[0]))
    assert {"0.01", "0.1", "1"} <= set(shown)


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


def test_no_page_of_the_evidence_is_above_300_kilobytes_with_its_pictures_nor_all_of_it_above_12_megabytes() -> None:
    files = [path for path in EVIDENCE.rglob("*") if path.is_file() and path.name != "report.html"]
    assert sum(path.stat().st_size for path in files if "models" not in path.parts) < 12_000_000
    for page in EVIDENCE.glob("*.md"):
        shown = set(re.findall(r"(?:\]\(|src=\")([^\")]+\.(?:svg|webp|png))", page.read_text("utf-8")))
        size = page.stat().st_size + sum((EVIDENCE / file).stat().st_size for file in shown)
        assert size < 300_000, f"{page.name} is {size} bytes with its pictures"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            lambda d: d.update(verdict="refuted"),
            r"has a verdict that does not follow from its seeds; run the claim again",
        ),
        (lambda d: d["parts"][0].update(verdict="refuted"), r"has a verdict that does not follow from its seeds"),
        (lambda d: d["seeds"].clear(), r"must hold the run of a seed, and holds none"),
        (lambda d: d["parts"].pop(), r"must judge the parts that it declares"),
        (lambda d: d["pictures"][0].update(file="none.webp"), r"none\.webp is named by .* and is not there"),
        (lambda d: d["pictures"][0].update(file="../../x.webp"), r"may name only files inside its folder"),
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
    picture = folder / "b-denoises-copies.webp"
    picture.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(DataError, match="must be a whole WebP picture; run the claim again, with --force"):
        write_claims(folder)
    assert not (folder / "README.md").exists()


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match=r"results.*and there is none; run copyist claims run first"):
            write_claims(place)
