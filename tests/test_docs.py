"""Documentation: examples under `<!-- test -->` run, each in a new folder; names and relative links in it exist."""

import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
from PIL import Image

from copyist.cli.app import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- test -->\n```(console|python)\n(.*?)```", re.DOTALL)

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def examples() -> list[tuple[str, str, str]]:
    return [(page.name, *found) for page in PAGES for found in BLOCK.findall(page.read_text())]


@pytest.mark.slow
@pytest.mark.usefixtures("few_filter_settings")
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


def test_the_mask_of_the_page_on_diffusion_is_made_on_the_page_as_its_next_command_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (ROOT / "docs" / "diffusion.md").read_text().splitlines()
    (place,) = (index for index, line in enumerate(lines) if line.startswith("python -c "))
    monkeypatch.chdir(tmp_path)
    exec(shlex.split(lines[place])[2], {})
    (made,) = tmp_path.iterdir()
    following = shlex.split(lines[place + 1].partition("#")[0])
    options = dict(pairwise(following))
    assert options["--inpaint"] == made.name
    with Image.open(made) as mask:
        values = np.asarray(mask)
    white = np.zeros((32, 32), bool)
    white[8:24, 8:24] = True
    assert "size=32&" in options["--like"]
    np.testing.assert_array_equal(values, np.where(white, 255, 0))


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_what_a_page_links_to_exists(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_function_and_test_that_the_table_of_instruments_names_exists() -> None:
    named = re.findall(r"`([\w./]+)`", (ROOT / "docs" / "instruments.md").read_text())
    tests = [name for name in named if name.endswith(".py")]
    functions = [name for name in named if not name.endswith(".py")]
    assert len(tests) > 10
    assert len(functions) > 20
    assert [name for name in tests if not (ROOT / name).is_file()] == []
    for name in functions:
        # Raises where there is no such module or attribute.
        resolve_name(name if name.startswith("copyist") else f"copyist.metrics.{name}")
