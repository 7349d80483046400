"""Verbs over folders: one batch at a time, whole or not at all, with names as long as they come."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import copyist as library
from copyist.data import read_pictures
from copyist.files.picture_files import PictureFile
from copyist.models.contracts import Autoencoder, needs
from copyist.procedures import encode, interpolate, reconstruct

from .conftest import BATCH, Trained, copyist, inside, shown

Pictures = Callable[..., Path]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is asked of Linux")
def test_memory_does_not_grow_with_the_number_of_pictures(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    side = 96
    peaks: list[int] = []
    run = (
        "import atexit, resource, sys; from copyist.cli.app import main; sys.argv = sys.argv[1:]; "
        "taken = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024; "
        "atexit.register(lambda: print(taken(), file=sys.stderr)); main()"
    )
    for count in (100, 800):
        folder = pictures(count, (side, side, 3), place=f"in{count}", ending="bmp")
        line = ["copyist", "denoise", trained("color"), folder, "--out", tmp_path / f"out{count}"]
        done = subprocess.run(
            [sys.executable, "-c", run, *map(str, line)],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ),
        )
        assert len(inside(tmp_path / f"out{count}")) == count
        peaks.append(int(done.stderr.splitlines()[-1]))
    # Held as floats, the others alone would take 77 MB.
    assert peaks[1] - peaks[0] < 0.2 * 700 * 3 * side * side * 4


def test_an_array_of_many_images_comes_back_image_by_image(trained: Trained, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (2 * BATCH + 3, 16, 16), dtype=np.uint8)
    np.save(tmp_path / "x.npy", array)
    assert copyist("denoise", trained("gray"), tmp_path / "x.npy", "--out", tmp_path / "out").code == 0
    assert list(inside(tmp_path / "out")) == ["x.npy"]
    x = torch.from_numpy(array[:, None] / np.float32(255))
    x_hat = reconstruct(library.load(trained("gray")), x)[:, 0].double().clamp(0, 1) * 255
    np.testing.assert_array_equal(np.load(tmp_path / "out/x.npy"), x_hat.round().numpy())


def test_an_error_in_the_middle_leaves_nothing(
    trained: Trained, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = pictures(4 * BATCH)
    before = inside(tmp_path)
    written: list[str] = []
    encode_image = sys.modules["copyist.files.picture"].encode_image  # pyright: ignore[reportAttributeAccessIssue]

    def fail(image: object) -> bytes:
        written.append("one")
        if len(written) == 2 * BATCH:
            raise OSError(28, "No space left on device")
        return encode_image(image)

    monkeypatch.setattr("copyist.files.picture.encode_image", fail)
    for verb in (["denoise", trained("gray")], ["corrupt", "--alpha", 0.3]):
        written.clear()
        answer = copyist(*verb, folder, "--out", tmp_path / "out")
        assert "no space left on device" in answer.sentence.lower()
        assert inside(tmp_path) == before


def test_names_as_long_as_they_may_be_are_written(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    folder = pictures(2)
    names = ["x" * 251 + ".png", "字" * 83 + ".png"]
    for path, name in zip(sorted(folder.iterdir()), names, strict=True):
        path.rename(folder / name)
    for verb in (["denoise", trained("gray")], ["corrupt", "--alpha", 0.3]):
        out = tmp_path / str(verb[0])
        assert copyist(*verb, folder, "--out", out).code == 0
        assert set(names) <= set(inside(out))


def test_a_name_too_long_for_what_is_written_beside_is_refused_before_the_work(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = pictures(1)
    pictures(1, ending="bmp")
    for path in sorted(folder.iterdir()):
        path.rename(folder / ("x" * 250 + path.suffix))
    before = inside(tmp_path)
    decoded: list[PictureFile] = []
    monkeypatch.setattr("copyist.files.picture_files._decode", lambda file, shape: decoded.append(file))
    answer = copyist("corrupt", folder, "--alpha", 0.3, "--out", tmp_path / "out")
    assert answer.sentence.startswith("a file's name must have at most 255 bytes, got 258 for xxx")
    assert (inside(tmp_path), decoded) == (before, [])


def test_codes_are_those_of_the_library_in_the_order_of_the_names(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(BATCH + 3)
    assert copyist("encode", trained("gray"), folder, "--out", tmp_path / "z.npz").code == 0
    found = np.load(tmp_path / "z.npz")
    read = read_pictures([str(folder)])
    wanted = encode(library.load(trained("gray")), torch.stack([picture.pixels for picture in read]))
    np.testing.assert_array_equal(found["z"], wanted.numpy())
    assert found["names"].tolist() == [picture.name for picture in read]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "z.npz"]


def test_a_walk_pads_sides_and_cuts_back_as_denoise_does_and_encode_says_how_to(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(2, (15, 17))
    line = ["walk", trained("gray"), folder, "--noise", 0, "--steps", 1, "--out", tmp_path / "walk"]
    assert copyist(*line).code == 0
    x = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    reflected = torch.cat([x, x[:, :, -2:-1]], dim=2)
    reflected = torch.cat([reflected, reflected[..., -2:-1]], dim=3)
    model = needs(library.load(trained("gray")), Autoencoder, verb="test")
    ends = interpolate(model, reflected, reflected, steps=1)[0, :, 0, :15, :17]
    assert copyist("denoise", trained("gray"), folder, "--out", tmp_path / "out").code == 0
    for name, end in zip(("000.png", "001.png"), ends, strict=True):
        np.testing.assert_allclose(shown(tmp_path / "out" / name), (end.clamp(0, 1) * 255).numpy(), atol=0.501)
    course = (tmp_path / "walk.csv").read_text().splitlines()[3].split(",")
    moved = (ends[0] - x[0, 0]).square().mean().sqrt()
    assert float(course[2]) == pytest.approx(float(moved), rel=1e-4)
    refused = copyist("encode", trained("gray"), folder, "--out", tmp_path / "z.npz").sentence
    assert refused.startswith("000.png cannot be taken: ")
    assert "?size=16x18&fit=pad" in refused
    assert copyist("encode", trained("gray"), f"{folder}?size=16x18&fit=pad", "--out", tmp_path / "z.npz").code == 0
