"""Pictures of files, folders, archives, arrays and sources: read, and written again as what they were."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.data import open_split, pixels_for, read_pictures, write_picture
from copyist.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from copyist.files.decoding import decode_image

from .conftest import png


def test_folders_keep_their_shape_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    (tmp_path / "in/a.png").write_bytes(png(pixels))
    (tmp_path / "in/deep/b.png").write_bytes(png(255 - pixels))
    (tmp_path / "in/notes.txt").write_text("not a picture")
    pictures = read_pictures([str(tmp_path / "in")])
    assert [picture.name for picture in pictures] == ["a.png", "deep/b.png"]
    torch.testing.assert_close(pictures[0].pixels, torch.from_numpy(pixels).permute(2, 0, 1) / 255)
    for picture in pictures:
        path = write_picture(picture, 1 - picture.pixels, tmp_path / "out")
        assert path == tmp_path / "out" / picture.name
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/a.png")), 255 - pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/deep/b.png")), pixels)


def test_values_are_clipped_and_rounded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.zeros((1, 5), np.uint8)))
    (picture,) = read_pictures([str(tmp_path / "a.png")])
    levels = torch.tensor([[[-3.0, 0.4 / 255, 0.6 / 255, 1.0, 7.0]]])
    path = write_picture(picture, levels, tmp_path / "out")
    assert np.asarray(Image.open(path)).tolist() == [[0, 0, 1, 255, 255]]


def test_gray_goes_through_a_color_model_and_back(tmp_path: Path, said: list[str]) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (4, 5), dtype=np.uint8)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png(gray))
    pictures = read_pictures([str(tmp_path)])
    colors = pixels_for(pictures, 3, say=said.append)
    assert [tuple(each.shape) for each in colors] == [(3, 4, 5)] * 2
    assert said == [
        "a.png and 1 more: gray is given to the model as color, and written back as the mean of its channels"
    ]
    path = write_picture(pictures[0], colors[0], tmp_path / "out")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), gray)


def test_color_is_refused_by_a_gray_model_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(np.full((4, 5, 3), (255, 0, 0), np.uint8)))
    with pytest.raises(ShapeError, match=r"a.png must have 1 channel for this model, got 3; add \?channels=1"):
        pixels_for(read_pictures([str(path)]), 1)
    for text in (f"{path}?channels=1", f"{tmp_path}?channels=1"):
        (picture,) = read_pictures([text])
        torch.testing.assert_close(picture.pixels, torch.full((1, 4, 5), 76 / 255))
    with Image.open(write_picture(picture, picture.pixels, tmp_path / "out")) as written:
        assert written.mode == "L"


def test_pixels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.zeros((4, 5, 3), np.uint8)))
    (picture,) = read_pictures([str(tmp_path)])
    for pixels in (torch.zeros(3, 5, 4), torch.zeros(1, 4, 5), torch.zeros(4, 5)):
        with pytest.raises(ShapeError, match=r"a.png"):
            write_picture(picture, pixels, tmp_path / "out")
    with pytest.raises(ArgumentError, match=r"a.png must be finite"):
        write_picture(picture, torch.full((3, 4, 5), float("nan")), tmp_path / "out")
    with pytest.raises(ShapeError, match="must have 5 channels"):
        picture.with_channels(5)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("shape", "images"), [((4, 5), 1), ((4, 5, 3), 1), ((2, 9, 8), 2), ((2, 9, 8, 3), 2), ((2, 3, 9, 8), 2)]
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "float16"])
def test_arrays_come_back_as_arrays(tmp_path: Path, shape: tuple[int, ...], images: int, dtype: str) -> None:
    values = np.random.default_rng(0).random(shape) * 3 - 1
    array = values.astype(dtype) if dtype.startswith("f") else (np.abs(values) * 80).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    pictures = read_pictures([str(tmp_path / "x.npy")])
    assert len(pictures) == images
    path = tmp_path / "out/x.npy"
    for picture in pictures:
        assert not path.exists()
        assert write_picture(picture, picture.pixels, tmp_path / "out") == path
    out = np.load(path)
    assert out.dtype == array.dtype
    np.testing.assert_array_equal(out, array.astype(np.float32) if dtype == "float64" else array)


def test_one_array_of_channels_first_needs_its_layout(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 9), np.float32))
    assert len(read_pictures([str(tmp_path)])) == 3
    (picture,) = read_pictures([f"{tmp_path / 'x.npy'}?layout=nchw"])
    assert picture.pixels.shape == (3, 8, 9)


def test_arrays_no_picture_can_be_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[0.5, np.nan]]))
    with pytest.raises(DataError, match=r"x.npy cannot be read \(NaN or infinity in image 0\)"):
        read_pictures([str(tmp_path / "x.npy")])
    np.save(tmp_path / "x.npy", np.zeros((3, 4), np.int64))
    with pytest.raises(DataError, match="int64, which must be uint8, uint16, bool or float"):
        read_pictures([str(tmp_path / "x.npy")])


def test_sources_are_given_as_png(tmp_path: Path) -> None:
    pictures = read_pictures(["digits?limit=4"])
    assert len(pictures) == 4
    test = open_split("digits?limit=4", default="test")
    assert [picture.name for picture in pictures] == [f"{name}.png" for name in test.names]
    # Seventeen levels in sixteen bits.
    torch.testing.assert_close(pictures[1].pixels, test.images()[1], atol=1 / 65535, rtol=0)
    path = write_picture(pictures[1], pictures[1].pixels, tmp_path)
    assert decode_image(path.read_bytes()).depth == 16
    (tmp_path / "in").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "in/a.jpg")
    (sized,) = read_pictures([f"{tmp_path / 'in'}?size=4&split=all"])
    assert (sized.name, tuple(sized.pixels.shape)) == ("a.png", (3, 4, 4))


def test_an_archive_is_read_like_a_folder_and_names_never_escape(tmp_path: Path) -> None:
    data = png(np.zeros((3, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("b/a.png", data)
        file.writestr("__MACOSX/._a.png", data)
    assert [picture.name for picture in read_pictures([str(tmp_path / "x.zip")])] == ["b/a.png"]
    for name in ("../a.png", "/a.png", "b\\..\\a.png"):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
            file.writestr(zipfile.ZipInfo(name), data)
        with pytest.raises(DataError, match="leads out of its folder"):
            read_pictures([str(tmp_path / "bad.zip")])
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("notes.txt", "no image")
    with pytest.raises(DataError, match=r"empty.zip must hold images"):
        read_pictures([str(tmp_path / "empty.zip")])


def test_an_archive_member_that_inflates_hugely_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", bytes(100_000))
    monkeypatch.setattr("copyist.files.folders.LARGEST_FILE", 1000)
    with pytest.raises(DataError, match=r"a.png \(inflates to 100000 bytes\)"):
        read_pictures([str(tmp_path / "x.zip")])


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(png(np.zeros((3, 4), np.uint8)))
    with pytest.raises(ArgumentError, match=r"two inputs would be written to x.png"):
        read_pictures([str(tmp_path / "a"), str(tmp_path / "b" / "x.png")])


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "z.png").write_text("no picture")
    with pytest.raises(DataError, match=r"z.png cannot be read \(not an image\)"):
        read_pictures([str(tmp_path / "z.png")])
    with pytest.raises(DataError, match=r"at most 1 % .* got 1 of 1: z.png \(not an image\)"):
        read_pictures([str(tmp_path)])
    for index in range(100):
        (tmp_path / f"{index}.png").write_bytes(png(np.zeros((1, 1), np.uint8)))
    assert len(read_pictures([str(tmp_path)], say=said.append)) == 100
    assert said == ["left out 1 of 101 pictures that cannot be read: z.png (not an image)"]


@pytest.mark.parametrize("name", ["nothing.png", "x.txt", "empty"])
def test_inputs_that_are_no_pictures_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=name):
        read_pictures([str(tmp_path / name)])
    with pytest.raises(UnknownNameError):
        read_pictures(["digitz"])


def test_palettes_are_mentioned_once(tmp_path: Path, said: list[str]) -> None:
    palette = Image.fromarray(np.zeros((2, 2, 3), np.uint8)).quantize(2)
    for name in ("a.png", "b.png", "c.png"):
        palette.save(tmp_path / name)
    read_pictures([str(tmp_path)], say=said.append)
    assert said == ["a.png and 2 more: its palette becomes full colors"]
