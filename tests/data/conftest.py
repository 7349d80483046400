"""Files that the data tests read, and a cache of their own for each test."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COPYIST_CACHE", str(folder))
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


def png(pixels: np.ndarray) -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, format="PNG")
        return file.getvalue()


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """A folder of `count` color images of (H, W), each with its own values."""

    def make(count: int, size: tuple[int, int] = (6, 5), *, place: str = "images", first: int = 0) -> Path:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(first, first + count):
            pixels = np.random.default_rng(index).integers(0, 256, (*size, 3), dtype=np.uint8)
            (folder / f"{index:04d}.png").write_bytes(png(pixels))
        return folder

    return make
