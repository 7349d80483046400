"""Pictures through a verb: read, computed and written at once, with the files that one after the other gives."""

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.data.inputs import find_inputs
from copyist.evaluation.restore_files import restore_files
from copyist.files.picture import write_picture
from copyist.files.picture_files import PicturesOfFiles
from copyist.models.unet import UNetConfig
from copyist.procedures import reconstruct

SIZES = ((16, 24), (8, 16))


@pytest.fixture(name="folder")
def pictures_of_two_sizes(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for index in range(23):
        pixels = draw.integers(0, 256, (*SIZES[index % 2], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}.{('png', 'jpg', 'webp')[index % 3]}")
    return folder


def test_the_files_are_those_of_one_picture_after_the_other_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = UNetConfig(channels=3, width=4, levels=2, statistics="group").build().eval()
    verb = partial(reconstruct, model, batch_size=4)
    told: list[tuple[int, int]] = []
    files = restore_files(
        model,
        verb,
        PicturesOfFiles(find_inputs([str(folder)])),
        out=tmp_path / "out",
        channels=3,
        passes=2,
        batch_size=4,
        progress=lambda *counts: told.append(counts),
    )
    pictures = PicturesOfFiles(find_inputs([str(folder)]))
    for size in SIZES:
        same = [picture for _, picture in pictures.read() if tuple(picture.pixels.shape[1:]) == size]
        for start in range(0, len(same), 4):
            members = same[start : start + 4]
            x_hat = verb(verb(torch.stack([picture.pixels for picture in members])))
            for picture, answer in zip(members, x_hat, strict=True):
                write_picture(picture, answer, tmp_path / "serial")
    assert [path.name for path in files] == pictures.names
    assert told == [(count, 23) for count in range(1, 24)]
    for path in files:
        assert path.read_bytes() == (tmp_path / "serial" / path.name).read_bytes()


def test_an_interruption_between_two_pictures_leaves_no_file_and_no_thread(folder: Path, tmp_path: Path) -> None:
    model = UNetConfig(channels=3, width=4, levels=2, statistics="group").build().eval()
    threads = threading.active_count()

    def interrupt(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_files(
            model,
            partial(reconstruct, model, batch_size=4),
            PicturesOfFiles(find_inputs([str(folder)])),
            out=tmp_path / "out",
            channels=3,
            batch_size=4,
            progress=interrupt,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert threading.active_count() == threads
