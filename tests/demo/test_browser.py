import re
import shutil
import subprocess
from pathlib import Path

import pytest

from copyist.demo.page import write_report

from .conftest import Folder

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
)  # fmt: skip
PROBE = """<title>waiting</title><iframe id=page src=report.html width=1200 height=900></iframe><script>
document.getElementById("page").onload = event => {
  const page = event.target.contentDocument, film = page.querySelector("video");
  const done = () => {
    document.title = "loaded";
    document.body.dataset.film = [film.videoWidth, film.videoHeight, film.duration.toFixed(1)].join(" ");
    document.body.dataset.broken = [...page.images].filter(image => !image.naturalWidth).length;
    document.body.dataset.wider = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  };
  film.readyState >= 1 ? done() : film.addEventListener("loadedmetadata", done);
};
</script>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a headless Chromium"),
]


def browse(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.parametrize("width", [1200, 400])
def test_film_and_pictures_load_nothing_is_complained_of_and_nothing_sticks_out(
    width: int, results: Folder, tmp_path: Path
) -> None:
    write_report(results.path, tmp_path / "report.html")
    (tmp_path / "probe.html").write_text(PROBE.replace("1200", str(width)))
    seen = browse(
        tmp_path, "--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom",
        (tmp_path / "probe.html").as_uri(),
    )  # fmt: skip
    assert "<title>loaded</title>" in seen.stdout
    assert 'data-film="390 194 4.0"' in seen.stdout, "four by two images of 96 pixels, 60 frames at 15 per second"
    assert 'data-broken="0"' in seen.stdout
    assert 'data-wider="0"' in seen.stdout
    assert not [line for line in seen.stderr.splitlines() if "CONSOLE" in line]


def test_the_page_prints_with_its_folds_open(results: Folder, tmp_path: Path) -> None:
    write_report(results.path, tmp_path / "report.html")
    printed = tmp_path / "report.pdf"
    browse(tmp_path, f"--print-to-pdf={printed}", "--no-pdf-header-footer", (tmp_path / "report.html").as_uri())
    pages = len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))
    assert 12 <= pages <= 20, "closed, they leave four"
