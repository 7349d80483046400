"""A headless Chromium, driven over a pipe by its own protocol; nothing but Python is needed for it."""

__all__ = ["BrowserPage", "chromium", "find_chromium"]

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, final

from copyist.errors import MissingExtraError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


def find_chromium() -> str | None:
    """The program, where there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@final
class BrowserPage:
    """One page, and what it complained of."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        """Attach to a new page of the browser that is at the other ends of these pipes."""
        self._out, self._in = os.fdopen(to_browser, "wb", buffering=0), os.fdopen(from_browser, "rb")
        self._number, self._session, self.complaints = 0, "", list[str]()
        self.version = str(self.send("Browser.getVersion")["product"])
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        """What the browser answers to a message of its protocol.

        Raises:
            RuntimeError: it refuses, or has ended.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"the browser refused {method}: {answer['error']}")
                return answer["result"]
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(answer["params"]))

    def open(self, url: str, *, width: int = 1000) -> None:
        """Show a page, and wait until it is there.

        Args:
            url: its address.
            width: of the window in pixels; below 600 that of a phone.
        """
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.send("Page.navigate", url=url)
        self.send("Page.bringToFront")
        while not self.value_of("document.readyState === 'complete' && location.href !== 'about:blank'"):
            time.sleep(0.05)

    def value_of(self, expression: str) -> Any:
        """What JavaScript gives, once it is there.

        Raises:
            RuntimeError: it throws.
        """
        found = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"the page failed at {expression[:60]!r}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def close(self) -> None:
        """Close the pipes."""
        self._out.close()
        self._in.close()

    def _read(self) -> dict[str, Any]:
        parts: list[bytes] = []
        while (byte := self._in.read(1)) not in (b"\0", b""):
            parts.append(byte)
        if not parts:
            raise RuntimeError("the browser has ended")
        return json.loads(b"".join(parts))


@contextlib.contextmanager
def chromium(profile: Path) -> Generator[BrowserPage, None, None]:
    """A browser with one page.

    Args:
        profile: a folder for what it keeps.

    Raises:
        MissingExtraError: there is none on this machine, or this is no Unix.
    """
    program = find_chromium()
    if program is None or os.name != "posix":
        raise MissingExtraError(
            f"a page is measured in Chromium or Chrome, on Linux or macOS, and none of {', '.join(_NAMES)} is a "
            "command here; install Chromium (apt install chromium)"
        )
    import fcntl

    ours, theirs = os.pipe(), os.pipe()
    # Its ends must be 3 and 4, which may be taken here: a shell hands them over.
    reads, writes = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (ours[0], theirs[1]))
    shell = ("sh", "-c", f'exec "$@" 3</dev/fd/{reads} 4>/dev/fd/{writes}', "sh")
    command = [program, *_OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
    process = subprocess.Popen(
        [*shell, *command],
        pass_fds=(reads, writes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for end in (ours[0], theirs[1], reads, writes):
        os.close(end)
    page: BrowserPage | None = None
    try:
        page = BrowserPage(ours[1], theirs[0])
        yield page
    finally:
        _end(process)
        if page is not None:
            page.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a browser with all of its processes, which would go on writing into its profile for a moment."""
    process.terminate()
    process.wait(timeout=30)
    for _ in range(100):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of those that have ended.
            return
        time.sleep(0.05)
