"""The rate of an exported page is the one that it draws while it denoises what is dropped into it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copyist.bench import chromium, page_rate
from copyist.bench.page import performance_page
from copyist.bench.page_rate import PageRate, bench_page_rate
from copyist.bench.timings import Machine, Quartiles
from copyist.cli.bench import app
from copyist.errors import ArgumentError, DataError, ExportError, MissingExtraError
from copyist.export import export_model
from copyist.export.runtime import web_runtime
from copyist.models import UNetConfig

FOUND = PageRate(
    width=32,
    size=64,
    rounds=3,
    served=False,
    threads=2,
    browser="Chrome/1",
    machine=Machine(processor="P", cores=2, threads=2, python="3", torch="2", float32_peak=100.0, bf16_peak=400.0),
    pictures_per_second=Quartiles.of([9.0, 12.0, 10.0]),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        web_runtime()
    except ExportError as error:
        pytest.skip(str(error))
    model = UNetConfig(channels=3, width=2, levels=1, convolutions=1).build()
    return export_model(model, tmp_path_factory.mktemp("web") / "page.html", to="web", size=(16, 16)).out


def test_the_page_of_speeds_says_the_rate_and_what_was_asked(tmp_path: Path) -> None:
    assert PageRate.from_json(FOUND.to_json()) == FOUND
    (tmp_path / "web.json").write_text(FOUND.to_json())
    text = performance_page([tmp_path / "web.json"])
    assert "`copyist bench web --width 32 --size 64 --rounds 3`, `web.json`" in text
    assert "10.0 pictures of 64x64 a second, quartiles 9.5 to 11.0; 3 rounds of 20 pictures" in text
    assert "at least 5 asked: reached; 15 aimed at: not reached" in text
    (tmp_path / "web.json").write_text(replace(FOUND, size=32).to_json())
    assert "asked" not in performance_page([tmp_path / "web.json"])


def test_without_a_browser_it_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    with pytest.raises(MissingExtraError, match=r"^a page is measured in Chromium .*; install Chromium \(apt install"):
        bench_page_rate()


needs_chromium = pytest.mark.skipif(chromium.find_chromium() is None, reason="needs a headless Chromium")


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("served", [False, True])
def test_a_dropped_picture_is_denoised_at_a_rate(page: Path, served: bool, tmp_path: Path) -> None:
    said: list[str] = []
    found = bench_page_rate(page=page, size=16, rounds=2, served=served, say=said.append)
    assert found.width is None
    assert found.served == served
    assert 0 < found.pictures_per_second.low <= found.pictures_per_second.median < 1000
    assert [sentence.partition(":")[0] for sentence in said] == ["round 1 of 2", "round 2 of 2"]


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_the_command_exports_a_page_of_its_own(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_rate, "export_model", lambda model, out, **_: out.write_bytes(page.read_bytes()))
    out = tmp_path / "web.json"
    answer = CliRunner().invoke(app, ["web", "--size", "16", "--rounds", "1", "--json", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == json.loads(out.read_text())
    assert PageRate.from_json(out.read_text()).width == 32


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_what_is_no_such_page_is_refused(page: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"works on pictures of .*16x16.*, got size 17"):
        bench_page_rate(page=page, size=17)
    (tmp_path / "other.html").write_text("<title>another</title>")
    with pytest.raises(DataError, match="must be a page that 'copyist export --to web' of this version wrote"):
        bench_page_rate(page=tmp_path / "other.html")


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_a_page_whose_worker_fails_is_refused_at_once(page: Path, tmp_path: Path) -> None:
    text, broken = page.read_text(), tmp_path / "page.html"
    assert text.count("onmessage = async") == 1
    broken.write_text(text.replace("onmessage = async", "throw new Error('broken');\nonmessage = async"))
    with pytest.raises(
        DataError, match=r"^the page must run in .*, and does not \(The model cannot run here: .*broken"
    ):
        bench_page_rate(page=broken, size=16)
    with chromium.chromium(tmp_path / "profile") as browser:
        browser.open(broken.as_uri())
        assert "broken" in browser.value_of("copyist.ready.catch(error => String(error))")


def test_what_cannot_be_measured_is_refused_before_any_work() -> None:
    for words, sentence in (
        ("--size 20", "--size must be a multiple of 8, got 20; take 24"),
        ("--size 8", "--size must be at least 16, got 8; take 16"),
        (
            "--size 28 --page page.html --width 32",
            "--width is of the U-Net that is exported, got 32 beside --page; leave one out",
        ),
    ):
        answer = CliRunner().invoke(app, ["web", *words.split()])
        assert isinstance(answer.exception, ArgumentError)
        assert str(answer.exception) == sentence
        assert not answer.output


def test_a_page_that_is_not_there_starts_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_rate, "chromium", None)
    with pytest.raises(DataError, match="must be a file that"):
        bench_page_rate(page=tmp_path)
