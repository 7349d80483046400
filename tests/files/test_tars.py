"""Tars of WebDataset as sources: pictures, and classes beside them."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from copyist.data import open_source, open_split
from copyist.errors import DataError


def picture(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), number, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Three tars of ten pictures each, the first of which have class 0, and a place that names them all."""
    for tar in range(3):
        members: dict[str, bytes] = {}
        for number in range(10 * tar, 10 * tar + 10):
            members |= {f"{number:04d}.png": picture(number), f"{number:04d}.cls": str(tar).encode()}
            members |= {f"{number:04d}.json": b"{}"}
        write_tar(tmp_path / f"all-{tar:02d}.tar", members)
    return tmp_path / "all-{00..02}.tar"


def test_tars_are_read_in_the_order_of_their_numbers_with_their_classes(numbered: Path) -> None:
    said: list[str] = []
    found = open_split(str(numbered), default="all", say=said.append)
    assert [round(255 * float(value)) for value in found.images()[:, 0, 0, 0]] == list(range(30))
    assert found.labels is not None
    assert found.labels.tolist() == [number // 10 for number in range(30)]
    assert found.names[:2] == ("all-00/0000.png", "all-00/0001.png")
    assert said == []
    splits = open_source(f"{numbered}?size=2&test=0.2")
    assert (len(splits.train), len(splits.test), splits.train.image_shape) == (24, 6, (3, 2, 2))


def test_one_tar_of_pictures_alone_is_a_source(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "one.tar", {f"{number}.png": picture(number) for number in range(4)})
    found = open_split(str(tar), default="all")
    assert (found.names, found.labels) == (("0.png", "1.png", "2.png", "3.png"), None)


def test_tars_that_are_missing_or_not_whole_are_refused(numbered: Path) -> None:
    first = numbered.with_name("all-00.tar")
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2 + 700])
    with pytest.raises(DataError, match=r"all-00\.tar must be a (whole tar, and ends|tar that is not compressed)"):
        open_source(str(numbered))
    first.write_bytes(b"nothing like it" * 100)
    with pytest.raises(
        DataError, match=r"all-00\.tar must be a tar that is not compressed, and is not, or is damaged$"
    ):
        open_source(str(numbered))
    first.unlink()
    with pytest.raises(DataError, match=r"^there is no file or folder .*all-\{00\.\.02\}\.tar; "):
        open_source(str(numbered))
    with pytest.raises(DataError, match=r"^tars must be numbered by one range from low to high, "):
        open_source(str(numbered).replace("00..02", "02..00"))
