import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from torch import Tensor

from copyist.drawing.grids import grid, rows
from copyist.drawing.video import write_video
from copyist.errors import ArgumentError, MissingExtraError, OutputError, ShapeError

NUM_FRAMES = 7
COLORS = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.8, 0.2], [0.2, 0.2, 0.9]])


@pytest.fixture
def frames() -> Tensor:
    """Three flat images (red, green, blue) that darken over seven frames, 5 x 9 pixels each."""
    dimmed = COLORS * torch.linspace(1, 0.4, NUM_FRAMES).reshape(-1, 1, 1)
    return dimmed.reshape(NUM_FRAMES, 3, 3, 1, 1).expand(-1, -1, -1, 5, 9)


def test_a_film_has_every_frame_in_even_size_and_true_color(frames: Tensor, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    write_video(frames, tmp_path / "walk.mp4", fps=12, columns=3)
    with av.open(str(tmp_path / "walk.mp4")) as film:
        stream = film.streams.video[0]
        shown = [picture.to_ndarray(format="rgb24") for picture in film.decode(stream)]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 12
    assert len(shown) == NUM_FRAMES
    side, tall = 9 * 11, 5 * 11
    assert shown[0].shape == (tall + 1, 3 * side + 4 + 1, 3), "odd sides are made even"
    for t in (0, NUM_FRAMES - 1):
        for i in range(3):
            middle = shown[t][tall // 2, i * (side + 2) + side // 2]
            np.testing.assert_allclose(middle, frames[t, i, :, 0, 0] * 255, atol=4)


def test_a_film_plays_while_it_loads_because_its_index_comes_first(frames: Tensor, tmp_path: Path) -> None:
    pytest.importorskip("av")
    write_video(frames, tmp_path / "walk.mp4")
    film = (tmp_path / "walk.mp4").read_bytes()
    assert 0 < film.index(b"moov") < film.index(b"mdat")


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_a_moving_picture_has_every_frame(ending: str, frames: Tensor, tmp_path: Path) -> None:
    path = tmp_path / f"walk{ending.upper()}"
    write_video(frames, path, fps=10)
    with Image.open(path) as picture:
        assert (len(ImageSequence.all_frames(picture)), picture.size, picture.info["loop"]) == (
            NUM_FRAMES,
            (2 * 99 + 2, 2 * 55 + 2),
            0,
        )
        for t in range(NUM_FRAMES):
            picture.seek(t)
            np.testing.assert_allclose(np.asarray(picture.convert("RGB")), grid(frames[t]), atol=3)
            assert picture.info["duration"] == 100


def test_a_contact_sheet_has_a_row_per_image_and_time_from_left_to_right(frames: Tensor, tmp_path: Path) -> None:
    write_video(frames, tmp_path / "walk.png", columns=3)
    chosen = torch.stack([frames[t] for t in (0, 3, 6)], dim=1)
    pictures = grid(chosen.flatten(0, 1), columns=3)
    with Image.open(tmp_path / "walk.png") as sheet:
        pixels = np.asarray(sheet)
    np.testing.assert_array_equal(pixels[-pictures.shape[0] :, -pictures.shape[1] :], pictures)


def test_a_contact_sheet_names_its_images_and_its_steps(frames: Tensor, tmp_path: Path) -> None:
    write_video(frames, tmp_path / "walk.png", columns=3)
    named = {str(image): torch.stack([frames[t, image] for t in (0, 3, 6)]) for image in range(frames.shape[1])}
    with Image.open(tmp_path / "walk.png") as sheet:
        np.testing.assert_array_equal(np.asarray(sheet), rows(named, columns=["0", "3", "6"]))


def test_a_name_without_an_ending_is_a_folder_of_frames(frames: Tensor, tmp_path: Path) -> None:
    write_video(frames, tmp_path / "walk")
    assert [file.name for file in sorted((tmp_path / "walk").iterdir())] == [f"frame-{t:04d}.png" for t in range(7)]
    with Image.open(tmp_path / "walk" / "frame-0002.png") as frame:
        np.testing.assert_array_equal(np.asarray(frame), grid(frames[2]))


def test_a_shorter_walk_leaves_no_frames_of_the_longer_one_behind(frames: Tensor, tmp_path: Path) -> None:
    write_video(frames, tmp_path / "walk")
    write_video(frames[:2], tmp_path / "walk")
    assert len(list((tmp_path / "walk").iterdir())) == 2


def test_a_folder_with_other_files_is_left_alone(frames: Tensor, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(OutputError, match="holds only frames"):
        write_video(frames, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["walk.mp4", "walk.gif", "walk.webp", "walk.png"])
def test_equal_frames_give_equal_bytes_also_one_after_the_other(name: str, frames: Tensor, tmp_path: Path) -> None:
    write_video(frames, tmp_path / name)
    write_video(iter(frames), tmp_path / f"again-{name}")
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


@pytest.mark.parametrize("name", ["walk.mp4", "walk.gif", "walk.webp", "walk.png", "walk"])
def test_nothing_is_left_when_the_frames_fail_midway(name: str, frames: Tensor, tmp_path: Path) -> None:
    def failing() -> Iterator[Tensor]:
        yield from frames[:2]
        yield frames[2, :1]

    with pytest.raises(ShapeError, match="one shape"):
        write_video(failing(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused_with_the_choices(frames: Tensor, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"\.mp4, \.gif, \.webp or \.png, or in nothing .* got walk\.avi"):
        write_video(frames, tmp_path / "walk.avi")


def test_no_frames_and_no_speed_are_refused(frames: Tensor, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="at least one frame"):
        write_video([], tmp_path / "walk.gif")
    with pytest.raises(ArgumentError, match="fps must be greater than 0"):
        write_video(frames, tmp_path / "walk.gif", fps=0)


def test_a_film_without_pyav_names_the_extra_that_brings_it(
    frames: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"copyist\[video\]"):
        write_video(frames, tmp_path / "walk.mp4")


def test_a_place_that_cannot_be_written_is_refused(frames: Tensor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_video(frames, tmp_path / "file" / "walk")
