"""Pictures that an exported page denoises a second, in a headless Chromium."""

__all__ = ["PageRate", "bench_page_rate"]

import base64
import contextlib
import io
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from PIL import Image

from copyist.bench.chromium import BrowserPage, chromium
from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine, Quartiles
from copyist.data.opening import open_split
from copyist.drawing.wording import counted
from copyist.errors import ArgumentError, DataError
from copyist.export import export_model
from copyist.export.serving import PageServer
from copyist.models.unet import UNetConfig

PICTURES = 20
"""Of a round: the page's own rate is over its last so many."""

_PHOTO = "photos?size=256&limit=1"
"""What is dropped."""

_PATIENCE = 120.0
"""Seconds that a page may take to start, and 20 pictures."""

_DROP = """(() => {
  const bytes = Uint8Array.from(atob("CONTENT"), letter => letter.charCodeAt(0)), dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "photo.png", { type: "image/png" }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
})()"""

_CHOOSE = """(() => {
  const size = document.getElementById("size"), wanted = WANTED;
  const number = config.sizes.findIndex(sides => sides[0] === wanted && sides[1] === wanted);
  if (number < 0) return config.sizes.map(sides => sides.join("x")).join(", ");
  size.selectedIndex = number;
  size.dispatchEvent(new Event("change"));
  return "";
})()"""

_READ_THREADS = "void copyist.ready.then(found => { window.threads = found; }, () => {})"
"""A page that fails to start says so itself."""

_SOURCE = "document.getElementById('source').toDataURL()"
_ERROR = "document.getElementById('error').hidden ? '' : document.getElementById('error').textContent"


@final
@dataclass(frozen=True, kw_only=True)
class PageRate(JsonResult):
    """What was measured."""

    width: int | None
    """Base width of the U-Net that was exported; None of a page that was given."""

    size: int
    rounds: int
    served: bool
    """Whether it came from a server, as `copyist explore` gives it, and not from a file."""

    threads: int
    """That the page computes in, of one worker or of several."""

    browser: str
    machine: Machine

    pictures_per_second: Quartiles
    """As the page draws it, over rounds of 20 pictures."""

    def __str__(self) -> str:
        rate = self.pictures_per_second
        place = "served to this machine" if self.served else "opened as a file"
        page = "a page that was given" if self.width is None else f"the page of a U-Net of base width {self.width}"
        return (
            f"{page}, {place}, in {self.browser}, {counted(self.threads, 'thread')}: {self.machine}\n"
            f"{rate.median:.1f} pictures of {self.size}x{self.size} a second, quartiles {rate.low:.1f} to "
            f"{rate.high:.1f}; {counted(self.rounds, 'round')} of {PICTURES} pictures"
        )


def bench_page_rate(
    *,
    page: Path | None = None,
    width: int = 32,
    size: int = 64,
    rounds: int = 10,
    served: bool = False,
    levels: int = 4,
    say: Callable[[str], None] = lambda sentence: None,
) -> PageRate:
    """Drop a photograph into a page in a headless Chromium, and read the rate that the page draws as it denoises it.

    Args:
        page: that `copyist export --to web` wrote; None exports that of a U-Net whose weights do not matter.
        width: base width of that U-Net.
        size: side of the pictures that the page works on, one of those that it offers.
        rounds: of 20 pictures each, after 20 that do not count.
        served: whether the page comes from a server that isolates it, so that a worker may have several threads.
        levels: of the U-Net.
        say: takes one sentence a round.

    Raises:
        MissingExtraError: there is no Chromium.
        ExportError: the page cannot be exported.
        ShapeError: the U-Net takes no pictures of this size.
        DataError: `page` is no such page, or does not run, or the browser ends.
        ArgumentError: `page` does not offer this size.
    """
    if page is not None and not page.is_file():
        raise DataError(f"--page must be a file that 'copyist export --to web' wrote, got {page}; export one")
    where = machine()
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder) / "profile") as browser:
        is_given = page is not None
        if page is None:
            say("exporting")
            page = Path(folder) / "page.html"
            export_model(UNetConfig(channels=3, width=width, levels=levels).build(), page, to="web", size=(size, size))
        with _address(page, served=served) as address:
            browser.open(address)
            threads = _ready(browser, page)
            _choose_size(browser, size)
            _drop_photo(browser)
            found: list[float] = []
            for number in range(-1, rounds):
                rate = _rate(browser)
                if number >= 0:
                    found.append(rate)
                    say(f"round {number + 1} of {rounds}: {rate:.1f} pictures a second")
        version = browser.version
    return PageRate(
        width=None if is_given else width,
        size=size,
        rounds=rounds,
        served=served,
        threads=threads,
        browser=version,
        machine=where,
        pictures_per_second=Quartiles.of(found),
    )


@contextlib.contextmanager
def _address(page: Path, *, served: bool) -> Generator[str, None, None]:
    if not served:
        yield page.resolve().as_uri()
        return
    server = PageServer()
    serving = threading.Thread(target=server.serve, args=(page.read_bytes(),))
    serving.start()
    try:
        yield server.address
    finally:
        server.stop()
        serving.join()
        server.close()


def _ready(browser: BrowserPage, page: Path) -> int:
    """The threads of a page, once its model runs."""
    if browser.value_of("typeof copyist !== 'object' || typeof copyist.pictures !== 'function'"):
        raise DataError(f"{page} must be a page that 'copyist export --to web' of this version wrote; export it again")
    browser.value_of(_READ_THREADS)
    _wait(browser, lambda: browser.value_of("window.threads !== undefined"), must=f"run in {browser.version}")
    return int(browser.value_of("threads"))


def _choose_size(browser: BrowserPage, size: int) -> None:
    others = browser.value_of(_CHOOSE.replace("WANTED", str(size)))
    if others:
        raise ArgumentError(f"the page works on pictures of {others}, got size {size}; choose one of these (--size)")


def _drop_photo(browser: BrowserPage) -> None:
    before, file = browser.value_of(_SOURCE), io.BytesIO()
    pixels = np.asarray(open_split(_PHOTO, default="test").array[0])
    Image.fromarray(np.moveaxis(pixels, 0, 2)).save(file, "PNG")
    browser.value_of(_DROP.replace("CONTENT", base64.b64encode(file.getvalue()).decode()))
    _wait(browser, lambda: browser.value_of(_SOURCE) != before)


def _rate(browser: BrowserPage) -> float:
    """Of the next pictures, as the page draws it."""
    since = browser.value_of("copyist.pictures()")
    _wait(browser, lambda: browser.value_of("copyist.pictures()") >= since + PICTURES)
    return float(browser.value_of("copyist.rate()"))


def _wait(browser: BrowserPage, done: Callable[[], bool], *, must: str = "denoise what is dropped") -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        complaint = browser.value_of(_ERROR)
        if complaint or time.monotonic() > until:
            raise DataError(f"the page must {must}, and does not ({complaint or 'it takes too long'}); export it again")
        time.sleep(0.1)
