"""A headless Chromium, driven over a pipe by its own protocol; nothing but Python is needed for it."""

__all__ = ["BrowserPage", "chromium", "find_chromium"]

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any, final

from copyist.errors import DataError, MissingExtraError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

_OPTIONS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--remote-debugging-pipe",
)  # fmt: skip

_PATIENCE = 120.0
"""Seconds that an answer of the browser may take, and a page until it is there."""

_GRACE = 30.0
"""Seconds that a browser may take to end when it is asked to; then it is killed."""


def find_chromium() -> str | None:
    """The program, where there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@final
class BrowserPage:
    """One page, and what it complained of."""

    def __init__(self, to_browser: IO[bytes], from_browser: IO[bytes]) -> None:
        """Attach to a new page of the browser that is at the other ends of these pipes, which are not buffered.

        Raises:
            DataError: it refuses, has ended, or does not answer.
        """
        self._out, self._in, self._unread = to_browser, from_browser, bytearray()
        self._number, self._session, self.complaints = 0, "", list[str]()
        self.version = str(self.send("Browser.getVersion")["product"])
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        """What the browser answers to a message of its protocol.

        Raises:
            DataError: it refuses, has ended, or does not answer.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        try:
            self._out.write(json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise _ended() from error
        until = time.monotonic() + _PATIENCE
        while True:
            answer = self._read(until)
            if answer.get("id") == self._number:
                if "error" in answer:
                    found = answer["error"].get("message", answer["error"])
                    raise DataError(f"the browser must take {method}, and refuses it ({found}); install a newer one")
                return answer["result"]
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(answer["params"]))

    def open(self, url: str, *, width: int = 1000) -> None:
        """Show a page, and wait until it is there.

        Args:
            url: its address.
            width: of the window in pixels; below 600 that of a phone.

        Raises:
            DataError: it is not there after two minutes.
        """
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.send("Page.navigate", url=url)
        self.send("Page.bringToFront")
        until = time.monotonic() + _PATIENCE
        while not self.value_of("document.readyState === 'complete' && location.href !== 'about:blank'"):
            if time.monotonic() > until:
                raise DataError(f"a page must be loaded within {_PATIENCE:g} seconds, and {url} is not; look at it")
            time.sleep(0.05)

    def value_of(self, expression: str) -> Any:
        """What JavaScript gives, once it is there.

        Raises:
            DataError: it throws, or gives nothing within two minutes.
        """
        found = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", details.get("text", details))
            raise DataError(f"the page must run {expression[:60]!r}, and throws {thrown}; export it again")
        return found["result"].get("value")

    def _read(self, until: float) -> dict[str, Any]:
        """The next message, which ends with a zero."""
        while b"\0" not in self._unread:
            if not select.select([self._in], [], [], max(0.0, until - time.monotonic()))[0]:
                raise DataError(f"the browser must answer within {_PATIENCE:g} seconds, and does not; try it again")
            part = os.read(self._in.fileno(), 2**16)
            if not part:
                raise _ended()
            self._unread += part
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)


@contextlib.contextmanager
def chromium(profile: Path) -> Generator[BrowserPage, None, None]:
    """A browser with one page.

    Args:
        profile: a folder for what it keeps.

    Raises:
        MissingExtraError: there is none on this machine, or this is no Unix.
        DataError: it does not start, or does not do what it is told.
    """
    command = [*_program(), f"--user-data-dir={profile}", "about:blank"]
    with contextlib.ExitStack() as ours:
        with contextlib.ExitStack() as theirs:
            its_in, to_browser = _pipe(theirs, ours)
            from_browser, its_out = _pipe(ours, theirs)
            process = _start(command, its_in, its_out)
        ours.callback(_end, process)
        yield BrowserPage(to_browser, from_browser)


def _program() -> list[str]:
    """The browser and its options."""
    if os.name != "posix":
        raise MissingExtraError("a page is measured on Linux or macOS, and this is Windows; run it on one of those")
    program = find_chromium()
    if program is None:
        raise MissingExtraError(
            f"a page is measured in Chromium or Chrome, and none of {', '.join(_NAMES)} is a command here; install "
            "Chromium (apt install chromium)"
        )
    # Chromium refuses to start as root with its sandbox.
    return [program, *_OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Both ends, each closed with its stack."""
    reads, writes = os.pipe()
    return (
        reader.enter_context(os.fdopen(reads, "rb", buffering=0)),
        writer.enter_context(os.fdopen(writes, "wb", buffering=0)),
    )


def _start(command: list[str], its_in: IO[bytes], its_out: IO[bytes]) -> subprocess.Popen[bytes]:
    """A browser that reads its messages from one pipe and answers on the other."""
    import fcntl

    with contextlib.ExitStack() as copies:
        # Its ends must be 3 and 4, which may be taken here: a shell hands them over.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in (its_in, its_out)]
        for end in ends:
            copies.callback(os.close, end)
        shell = ("sh", "-c", f'exec "$@" 3</dev/fd/{ends[0]} 4>/dev/fd/{ends[1]}', "sh")
        return subprocess.Popen(
            [*shell, *command],
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a browser with all of its processes, which would go on writing into its profile for a moment."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_GRACE)
    for _ in range(100):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of those that have ended.
            break
        process.poll()  # One that nobody has waited for still counts as one of the group.
        time.sleep(0.05)
    process.wait()


def _ended() -> DataError:
    return DataError(
        "the browser must go on until the page is measured, and has ended; see whether it starts by itself"
    )
