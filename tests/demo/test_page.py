import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from copyist.demo.document import HeldOutDistances, LossCurve, Neighbor, SampleNeighbors
from copyist.demo.page import distances, loss_curves, write_report
from copyist.drawing.wording import number
from copyist.errors import MissingExtraError, OutputError

from .conftest import Folder

SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "link", "img", "br", "hr", "path", "use", "line", "circle", "rect"}
HOSTILE = "</title></style><script>alert(1)</script> --> $\\frac{1}{0}$ \"'&"


class Page(HTMLParser):
    """A page taken apart: tags with attributes, text, and whether every tag is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(path.read_text())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u2060", "").replace("\u00a0", " ")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


def written(results: Folder, out: Path) -> Page:
    write_report(results.path, out)
    return Page(out)


def test_the_page_asks_nothing_of_the_network(results: Folder, out: Path) -> None:
    page = written(results, out)
    for tag, attrs in page.tags:
        for name, value in attrs.items():
            if name.startswith("xmlns") or value is None:
                continue
            assert not re.search(r"https?:|//\w", value) or value.startswith("data:"), (tag, name)
            if name in ("src", "href", "poster", "xlink:href", "action", "srcset", "data"):
                assert value.startswith(("data:", "#")), (tag, name)
    style = out.read_text().split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert not page.named("script")


def test_every_tag_is_closed_and_every_identifier_is_used_once(results: Folder, out: Path) -> None:
    page = written(results, out)
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    known = {f"#{name}" for name in ids}
    assert {attrs["href"] for attrs in page.named("a")} <= known
    assert {attrs["xlink:href"] for attrs in page.named("use")} <= known


def test_every_number_of_the_table_is_on_the_page(results: Folder, out: Path) -> None:
    page = written(results, out)

    def check(evaluation: dict[str, Any]) -> None:
        for row in evaluation["denoising"]["rows"]:
            low, high = number(row["ratio"]["low"]), number(row["ratio"]["high"])
            values = [number(row["ratio"]["mean"]), f"{number(row['psnr'], 1)} dB", f"[{low}, {high}]"]
            values += [number(row["distance_after"]), number(row["high_frequency_share"])]
            values += [number(row["noise_level"], 3), row["setting"]]
            assert all(words in page.text for words in values)
        for clean in evaluation["denoising"]["clean"]:
            assert f"{number(clean['psnr'], 1)} dB" in page.text
            assert number(clean["gain"]["mean"]) in page.text

    results.change("evaluation.json", check)


def test_what_was_done_is_on_record(results: Folder, out: Path) -> None:
    page = written(results, out)
    for words in (
        "copyist demo --out demo --seed 0", "2.11.0+cpu", "2 min 16 s", "5f1c09ab77e2d014", "9,216 images",
        "comes with copyist", "7.8 million", "32 × 64 × 128 × 256", "copier.safetensors", "they are not memories",
        "0.03125",
    ):  # fmt: skip
        assert words in page.text


def test_pictures_and_film_are_inside_the_page_byte_for_byte(results: Folder, out: Path) -> None:
    page = written(results, out)
    film = page.named("video")[0]["src"] or ""
    assert base64.b64decode(film.removeprefix("data:video/mp4;base64,")) == (results.path / "walk.mp4").read_bytes()
    shown = {base64.b64decode((image["src"] or "").partition(",")[2]) for image in page.named("img")}
    assert shown == {file.read_bytes() for file in (results.path / "pictures").iterdir()}
    assert all(image["alt"] for image in page.named("img"))


def test_on_paper_each_film_is_its_contact_sheet(results: Folder, out: Path) -> None:
    page = written(results, out)
    films = page.named("video")
    assert {film["class"] for film in films} == {"screen-only"}
    assert sum("print-only" in (attrs.get("class") or "") for _, attrs in page.tags) == len(films) == 5
    assert re.search(r"nav, \.screen-only \{ display: none", out.read_text().partition("@media print")[2])


def test_the_chapters_come_in_the_order_of_the_essay_and_the_measurements_are_folded(
    results: Folder, out: Path
) -> None:
    page = written(results, out)
    assert [attrs["id"] for attrs in page.named("section")] == ["noise", "samples", "walk", "real", "more"]
    assert [attrs.get("id") for attrs in page.named("details")] == ["measured", "beside", None, "record"]
    assert not any("open" in attrs for attrs in page.named("details"))
    before, _, folded = out.read_text().partition("<details")
    assert "<table" not in before
    assert before.count("What explains it away.") == 4, "each chapter has its own, outside the fold"
    assert folded.count("<table") > 3


def test_hostile_names_are_shown_as_text(results: Folder, out: Path) -> None:
    def rename(evaluation: dict[str, Any]) -> None:
        table = evaluation["denoising"]
        for row in table["rows"] + table["batches"] + table["clean"] + table["verdicts"]:
            for key in ("method", "model"):
                row.update({key: HOSTILE} if row.get(key) in ("U-Net", "median") else {})

    def retitle(report: dict[str, Any]) -> None:
        report.update(title=HOSTILE, command=HOSTILE, versions={HOSTILE: HOSTILE})
        report["models"][0].update(name=HOSTILE, recipe={HOSTILE: HOSTILE})
        report["models"][1].update(name="_hidden")
        report["pictures"]["noise"]["strips"][0].update(label=HOSTILE)

    results.change("evaluation.json", rename)
    results.change("report.json", retitle)
    page = written(results, out)
    assert page.open == []
    assert not page.named("script")
    assert HOSTILE in page.text
    assert "<script" not in out.read_text()
    assert "_hidden" in page.text


def test_parts_that_were_not_measured_are_left_out(results: Folder, out: Path) -> None:
    for name in ("evaluation.json", "real.json", "samples.json"):
        (results.path / name).unlink()

    def bare(report: dict[str, Any]) -> None:
        for key in ("pictures", "films", "walk_stages", "in_order", "stages", "versions"):
            report.pop(key)
        for model in report["models"]:
            model["curve"] = None

    results.change("report.json", bare)
    page = written(results, out)
    assert {attrs["id"] for attrs in page.named("section") if "id" in attrs} == {"more"}
    assert not page.named("img") + page.named("video") + page.named("svg")
    assert page.open == []


def test_values_that_were_not_measured_are_dashes_and_verdicts_are_left_out(results: Folder, out: Path) -> None:
    def thin(evaluation: dict[str, Any]) -> None:
        table = evaluation["denoising"]
        table["rows"] = [r for r in table["rows"] if (r["method"], r["strength"]) != ("median", 0.5)]
        table["rows"][0].update(psnr="inf", ratio={"mean": 0.5, "low": "nan", "high": "nan"})
        table.update(verdicts=[], batches=[], clean=[])

    results.change("evaluation.json", thin)
    (results.path / "real.json").unlink()
    page = written(results, out)
    assert "–" in page.text
    assert "∞ dB" in page.text
    assert "nan" not in page.text
    assert not any((attrs.get("class") or "").startswith("chip") for _, attrs in page.tags)


def test_equal_results_give_equal_bytes(results: Folder, out: Path, tmp_path: Path) -> None:
    write_report(results.path, out)
    write_report(results.path, tmp_path / "again.html")
    assert out.read_bytes() == (tmp_path / "again.html").read_bytes()


def test_a_place_that_cannot_be_written_is_refused(results: Folder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_report(results.path, tmp_path / "file" / "report.html")


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_report_without_its_parts_names_the_extra(
    module: str, results: Folder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtraError, match=r"copyist\[report\]"):
        write_report(results.path, out)


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def curves(*loss: float) -> dict[str, LossCurve]:
    return {"net": LossCurve(steps=(0, 10, 20), loss=loss, validation=((0, 2.0), (20, 0.4)))}


def test_a_loss_curve_is_a_small_picture_with_text_as_text() -> None:
    svg = loss_curves(curves(1.0, 0.1, 0.01))
    assert len(svg) < 30_000
    assert {"net", "net, held out", "step", "mean squared error", "0.01", "0.1"} <= set(texts(svg))


def test_a_loss_that_reaches_zero_is_drawn_on_a_linear_scale() -> None:
    assert "0.5" in " ".join(texts(loss_curves(curves(1.0, 0.5, 0.0))))


def test_samples_are_drawn_over_the_band_of_held_out_images() -> None:
    samples = SampleNeighbors(
        samples=(Neighbor(index=0, distance=1.5), Neighbor(index=1, distance=2.5)),
        held_out=HeldOutDistances(low=1.0, median=2.0, high=3.0),
        verdict="",
    )
    assert {"samples", "range of held-out images", "their median"} <= set(texts(distances(samples)))
