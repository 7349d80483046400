"""A browser is ended with all that it holds, and what it does not do is said in one sentence."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from copyist.bench import chromium as module
from copyist.bench.chromium import chromium
from copyist.errors import DataError, MissingExtraError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes are handed over on Unix alone")

FAKE = """#!PYTHON
import json, os, signal, sys
from pathlib import Path
if STUBBORN:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(__file__).with_name("seen.json").write_text(json.dumps([os.getpid(), *sys.argv]))
told, answers, number = open(3, "rb", buffering=0), open(4, "wb", buffering=0), 0
unread = b""
while number < ANSWERS and (part := told.read(4096)):
    unread += part
    *messages, unread = unread.split(b"\\0")
    for message in map(json.loads, messages):
        number += 1
        result = {"product": "Fake/1", "targetId": "t", "sessionId": "s", "result": {"value": LOADED}}
        if message.get("params", {}).get("expression") == "throw 1":
            result["exceptionDetails"] = {"text": "Uncaught", "exception": {"description": "1"}}
        answer = {"result": result} if message["method"] != "No.such" else {"error": {"message": "not found"}}
        answers.write(json.dumps({"id": message["id"], **answer}).encode() + b"\\0")
while STUBBORN:
    signal.pause()
"""


def fake(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    answers: int = 1000,
    stubborn: bool = False,
    loaded: bool = True,
) -> Path:
    """A browser that answers so many messages; gives the file with its number and its options."""
    program = folder / "chromium"
    words = {"PYTHON": sys.executable, "STUBBORN": stubborn, "ANSWERS": answers, "LOADED": loaded}
    text = FAKE
    for name, value in words.items():
        text = text.replace(name, str(value))
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setattr(module, "find_chromium", lambda: str(program))
    return folder / "seen.json"


def num_files() -> int:
    return len([*Path("/dev/fd").iterdir()])


def runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_browser_that_ignores_the_signal_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, before = fake(tmp_path, monkeypatch, stubborn=True), num_files()
    monkeypatch.setattr(module, "_GRACE", 0.2)
    with chromium(tmp_path / "profile") as browser:
        assert browser.version == "Fake/1"
        number = json.loads(seen.read_text())[0]
        assert runs(number)
    assert not runs(number)
    assert num_files() == before


def test_a_browser_that_ends_is_one_sentence_and_leaves_no_pipe_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = num_files()
    fake(tmp_path, monkeypatch, answers=2)
    with pytest.raises(DataError, match="has ended"), chromium(tmp_path / "profile"):
        raise AssertionError("it ended before the page was there")
    assert num_files() == before
    fake(tmp_path, monkeypatch, answers=6)
    with chromium(tmp_path / "profile") as browser:
        # It reads a last message, or none: either the answer is missing, or its pipe is closed.
        for _ in range(2):
            with pytest.raises(DataError, match="has ended"):
                browser.send("Browser.getVersion")
            time.sleep(0.1)
    assert num_files() == before


def test_without_a_shell_no_pipe_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    before = num_files()
    with pytest.raises(FileNotFoundError), chromium(tmp_path / "profile"):
        raise AssertionError("there is no sh")
    assert num_files() == before


def test_what_a_page_or_the_browser_refuses_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch)
    with chromium(tmp_path / "profile") as browser:
        with pytest.raises(DataError, match=r"^the browser must take No.such, and refuses it \(not found\); "):
            browser.send("No.such")
        with pytest.raises(DataError, match=r"^the page must run 'throw 1', and throws 1; "):
            browser.value_of("throw 1")


def test_waiting_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, loaded=False)
    with chromium(tmp_path / "profile") as browser:
        monkeypatch.setattr(module, "_PATIENCE", 0.3)
        with pytest.raises(DataError, match=r"^a page must be loaded within 0.3 seconds, and file:///page is not"):
            browser.open("file:///page")
    fake(tmp_path, monkeypatch, answers=6, stubborn=True)
    monkeypatch.setattr(module, "_PATIENCE", 120.0)
    monkeypatch.setattr(module, "_GRACE", 0.2)
    with chromium(tmp_path / "profile") as browser:
        monkeypatch.setattr(module, "_PATIENCE", 0.3)
        with pytest.raises(DataError, match=r"^the browser must answer within 0.3 seconds, and does not"):
            browser.send("Browser.getVersion")


@pytest.mark.parametrize("user", [0, 1000])
def test_the_sandbox_is_off_for_root_alone(user: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = fake(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with chromium(tmp_path / "profile"):
        assert ("--no-sandbox" in json.loads(seen.read_text())) == (user == 0)


def test_windows_is_told_of_other_systems_and_not_to_install_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, monkeypatch)
    monkeypatch.setattr(module.os, "name", "nt")
    with pytest.raises(MissingExtraError) as refused, chromium(tmp_path / "profile"):
        raise AssertionError("it is refused")
    monkeypatch.undo()
    assert str(refused.value) == "a page is measured on Linux or macOS, and this is Windows; run it on one of those"
