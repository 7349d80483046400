"""Pictures shared among processes on the command line: what is refused, and that the files are those of one."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Trained, copyist, inside


@pytest.mark.parametrize("verb", ["denoise", "reconstruct", "detect"])
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("--jobs", "0"), "--jobs must be at least 1, got 0"),
        (("--backend", "rai"), "there is no backend 'rai'; did you mean 'ray'?"),
    ],
)
def test_what_cannot_be_shared_is_refused_in_one_sentence(
    verb: str, line: tuple[str, ...], sentence: str, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(2)
    command = ("detect", "run") if verb == "detect" else (verb,)
    assert copyist(*command, tmp_path / "none", folder, "--out", tmp_path / "out", *line).sentence == sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_that_is_not_installed_is_named(
    backend: str, package: str, trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (package, f"{package}.util", f"{package}.util.joblib"):
            patch.setitem(sys.modules, module, None)
        answer = copyist("denoise", trained("gray"), pictures(2), "--out", tmp_path / "out", "--backend", backend)
    assert answer.sentence == (
        f"--backend {backend} needs {package}, which is not installed; pip install 'copyist[{backend}]'"
    )
    assert not (tmp_path / "out").exists()


def test_one_job_is_this_process(trained: Trained, pictures: Callable[..., Path], tmp_path: Path) -> None:
    folder, model = pictures(3), trained("gray")
    plain = copyist("reconstruct", model, folder, "--out", tmp_path / "plain", "--json").result
    one = copyist("reconstruct", model, folder, "--out", tmp_path / "one", "--jobs", 1, "--json").result
    assert inside(tmp_path / "one") == inside(tmp_path / "plain")
    assert {**one, "out": "", "files": []} == {**plain, "out": "", "files": []}


def test_jobs_are_for_pictures(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("a,b\n" + "".join(f"{index},{index % 7}\n" for index in range(60)))
    run = tmp_path / "run"
    copyist("train", "table", "--data", table, "--out", run, "--steps", 2, "--set", "batch_size=8")
    for option in (("--jobs", 2), ("--backend", "loky")):
        answer = copyist("denoise", run, table, "--out", tmp_path / "out", *option)
        assert answer.sentence == f"{option[0]} is for pictures, and this model takes tables; leave it out"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("line", [(), ("--passes", 2, "--batch", 3)])
def test_two_processes_write_the_files_of_one(
    line: tuple[object, ...], trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder, model = pictures(21), trained("gray")
    pictures(5, (24, 16), place="in/more")
    one = copyist("denoise", model, folder, "--out", tmp_path / "one", *line, "--json").result
    two = copyist("denoise", model, folder, "--out", tmp_path / "two", *line, "--jobs", 2, "--json").result
    assert inside(tmp_path / "two") == inside(tmp_path / "one")
    assert len(two["files"]) == two["images"] == one["images"] == 26
    assert [Path(path).name for path in two["files"]] == [Path(path).name for path in one["files"]]


@pytest.mark.slow
def test_relative_paths_and_a_diffusion_model_are_shared_too(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(70, (8, 8))
    monkeypatch.chdir(tmp_path)
    line = ("denoise", trained("diffusion"), "in", "--sigma", "0.1")
    one = copyist(*line, "--out", "one", "--json").result
    two = copyist(*line, "--out", "two", "--jobs", 2, "--json").result
    assert two["images"] == one["images"] == 70
    assert inside(tmp_path / "two") == inside(tmp_path / "one")


def test_far_more_jobs_than_cores_are_refused(trained: Trained, pictures: Callable[..., Path], tmp_path: Path) -> None:
    answer = copyist("denoise", trained("gray"), pictures(2), "--out", tmp_path / "out", "--jobs", 100_000)
    assert "jobs must be at most" in answer.sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_command_that_is_told_to_end_leaves_nothing(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder, before = pictures(64), {path.name for path in tmp_path.iterdir()}
    command = ["denoise", trained("gray"), folder, "--out", tmp_path / "out", "--passes", 100_000, "--jobs", 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "copyist", *map(str, command)], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    while not any(path.name.startswith(".out") for path in tmp_path.iterdir()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert errors.splitlines()[-1] == "copyist: ended by SIGTERM"
    assert {path.name for path in tmp_path.iterdir()} - {folder.name} <= before
