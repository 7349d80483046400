"""`make bench` runs what the command line takes, goes on after what cannot run, and says at the end what that was."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from copyist.cli.bench import app

MAKEFILE = Path(__file__).parents[2] / "Makefile"
BENCHES = re.findall(r"define BENCHES\n(.*?)\nendef", MAKEFILE.read_text(), re.DOTALL)[0].splitlines()
STUB = """#!/bin/sh
test "$2" != walk || { echo 'copyist: no walk today' >&2; exit 1; }
echo "$*" >> ran
while test $# -gt 1; do test "$1" != --out || touch "$2"; shift; done
"""


DATE = """#!/bin/sh
count=$(cat "$0.count" 2>/dev/null || echo 0)
echo $((count + 1)) > "$0.count"
echo $((10 * count))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in which everything is installed, and copyist is a script that only writes down what it is asked."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    program = tmp_path / ".venv" / "bin" / "copyist"
    program.parent.mkdir(parents=True)
    program.write_text(STUB)
    program.chmod(0o755)
    for number, name in enumerate((".ready", ".peers")):
        (tmp_path / ".venv" / name).touch()
        os.utime(tmp_path / ".venv" / name, (2**32 + number, 2**32 + number))
    return tmp_path


def make_bench(place: Path) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    command = [make, "--no-print-directory", "-C", str(place), "-f", str(MAKEFILE), "bench"]
    date = place / "bin" / "date"
    date.parent.mkdir()
    date.write_text(DATE)
    date.chmod(0o755)
    environment = os.environ | {"PATH": f"{date.parent}:{os.environ['PATH']}"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("line", BENCHES)
def test_the_command_line_takes_every_line(line: str) -> None:
    _, command, *words = shlex.split(line)
    group: Any = get_command(app)
    context = group.commands[command].make_context(command, [*words, "--out", "found.json"])
    assert context.params["out"] == Path("found.json")


def test_the_lines_have_a_result_each_and_name_every_peer() -> None:
    names, commands = zip(*(line.split()[:2] for line in BENCHES), strict=True)
    assert len(set(names)) == len(names)
    assert {"train", "vae", "diffusion", "tables", "codec", "export", "web", "denoise"} <= set(commands)
    assert {"scaling", "shards"} <= set(commands)


def test_the_docs_have_the_time_of_every_line() -> None:
    page = (MAKEFILE.parent / "docs" / "benchmarks.md").read_text()
    minutes: list[float] = []
    for line in BENCHES:
        words = re.escape(line.partition(" ")[2])
        (found,) = re.findall(rf"^\| `{words}` \|.*\| ([\d.]+) \|$", page, re.MULTILINE)
        minutes.append(float(found))
    assert sum(minutes) < 30
    assert f"about {round(sum(minutes))} in all" in page
    assert f"in all about {round(sum(minutes))} minutes" in MAKEFILE.read_text()


def test_all_are_run_and_their_results_put_on_one_page(place: Path) -> None:
    (place / ".venv" / "bin" / "copyist").write_text(STUB.replace("!= walk", "!= none"))
    done = make_bench(place)
    assert done.returncode == 0, done.stderr
    assert "not measured" not in done.stdout
    ran = (place / "ran").read_text().splitlines()
    files = [f"bench/{line.split()[0]}.json" for line in BENCHES]
    asked = [f"bench {line.partition(' ')[2]} --out {file}" for line, file in zip(BENCHES, files, strict=True)]
    assert ran == [*asked, f"bench page {' '.join(files)} --out bench/performance.md --force"]


def test_the_seconds_of_each_and_of_all_are_kept_and_told(place: Path) -> None:
    (place / "bench").mkdir()
    (place / "bench" / "seconds.txt").write_text("of an earlier run\n")
    done = make_bench(place)
    names = [line.split()[0] for line in BENCHES]
    # The clock goes on by ten seconds whenever it is read: once at the start, twice for each line, once at the end.
    whole = 10 * (2 * len(names) + 1)
    kept = (place / "bench" / "seconds.txt").read_text().splitlines()
    assert kept == [*(f"{name} 10" for name in names), f"all {whole}"]
    assert f"all of it took {whole} seconds: bench/seconds.txt" in done.stdout.splitlines()


def test_what_cannot_run_is_passed_over_and_named_at_the_end(place: Path) -> None:
    (place / "bench").mkdir()
    (place / "bench" / "walk.json").write_text("of an earlier run")
    done = make_bench(place)
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == "not measured, for the reasons above: walk"
    assert "copyist: no walk today" in done.stderr
    page = (place / "ran").read_text().splitlines()[-1]
    assert "walk.json" not in page
    assert "bench/denoise.json" in page


def test_without_the_peers_the_rest_is_measured(place: Path) -> None:
    (place / ".venv" / ".peers").unlink()
    python = place / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = make_bench(place)
    said = (
        "pythae, diffusers and pyod are not installed, and what is measured beside them is not: .venv/bin/python -m pip"
    )
    assert done.stdout.count(said) == 2
    assert "'.[dev,bench-peers]'" in done.stdout
    assert len((place / "ran").read_text().splitlines()) == len(BENCHES)
