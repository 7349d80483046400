"""The command line as a user has it: arguments in, exit code and two streams out; and models that it trained."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from copyist.cli.app import main


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        assert self.code == 0, self.stderr
        document = json.loads(self.stdout)
        assert isinstance(document, dict)
        return document

    @property
    def sentence(self) -> str:
        """Why it was refused: the last line of stderr, beside notes; nothing is on stdout."""
        assert self.code == 1, (self.code, self.stdout, self.stderr)
        assert self.stdout == ""
        *notes, last = self.stderr.splitlines()
        assert all(note.startswith("note: ") for note in notes), self.stderr
        assert last.startswith("copyist: ")
        return last.removeprefix("copyist: ")


def copyist(*arguments: object) -> Answer:
    """Run a command in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["copyist", *map(str, arguments)]
    code: object = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = stop.code or 0
    finally:
        sys.argv = before
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPYIST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def evaluates_quickly(few_filter_settings: None) -> None:
    """What is tested are commands, not how their filters are set."""


Trained = Callable[[str], Path]
"""The folder of a run, trained when it is first asked for."""

_RUNS = {
    "gray": ("unet", "digits?size=16&limit=200", "width=4", "levels=2", "flip=false"),
    "color": ("unet", "scenes?size=16&limit=64", "width=4", "levels=2"),
    "skips": ("unet-skips", "digits?size=16&limit=200", "width=4", "levels=2", "flip=false"),
    "names": ("conv-classifier", "digits?limit=200", "width=4", "levels=2"),
    "mlp": ("linear", "digits?limit=200", "widths=8"),
    "diffusion": ("diffusion", "digits?limit=200", "width=8", "levels=2", "embedding=8", "conditional=true"),
    "vae": ("vae", "digits?binarize=sample&limit=200", "widths=20", "code_size=4"),
}
BATCH = 8
"""Images per batch of the models that the tests train."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    made: dict[str, Path] = {}

    def train(name: str) -> Path:
        if name not in made:
            recipe, data, *settings = _RUNS[name]
            folder = tmp_path_factory.mktemp("runs") / name
            chosen = [part for each in (*settings, f"batch_size={BATCH}") for part in ("--set", each)]
            answer = copyist("train", recipe, "--data", data, "--out", folder, "--steps", 20, *chosen)
            assert answer.code == 0, answer.stderr
            made[name] = folder
        return made[name]

    return train


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """A folder of `count` pictures of (H, W), or (H, W, C), each with its own values."""

    def make(count: int, size: tuple[int, ...] = (16, 16), *, place: str = "in", ending: str = "png") -> Path:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            Image.fromarray(noise(size, seed=index)).save(folder / f"{index:03d}.{ending}")
        return folder

    return make


def noise(size: tuple[int, ...], *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def inside(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, hidden files included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def shown(file: Path) -> np.ndarray:
    """The pixels of a picture."""
    with Image.open(file) as image:
        return np.asarray(image)
