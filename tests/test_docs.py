"""The examples of the documentation do what they show: those under `<!-- test -->` are run, each in a new folder."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from copyist.cli.app import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- test -->\n```(console|python)\n(.*?)```", re.DOTALL)


def examples() -> list[tuple[str, str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [(page.name, *found) for page in pages for found in BLOCK.findall(page.read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("example", [pytest.param(each, id=f"{each[0]}-{each[1]}") for each in examples()])
def test_an_example_runs(example: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, language, text = example
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPYIST_CACHE", str(tmp_path / ".cache"))
    if language == "python":
        exec(compile(text, page, "exec"), {})
        return
    commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ copyist ")]
    assert commands
    for command in commands:
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit) as stopped:
            main()
        assert not stopped.value.code, command
