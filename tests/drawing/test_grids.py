from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.drawing.grids import grid, rows, write_png
from copyist.errors import ArgumentError, OutputError, ShapeError


def test_images_are_laid_out_in_reading_order() -> None:
    x = torch.arange(6).reshape(6, 1, 1, 1).expand(6, 1, 2, 3) / 255
    sheet = grid(x, columns=3, gap=0, scale=1)
    assert sheet.shape == (4, 9, 3)
    assert sheet[::2, ::3, 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_gap_is_white_and_lies_only_between_images() -> None:
    sheet = grid(torch.zeros(4, 1, 2, 2), columns=2, gap=3, scale=1)
    white = sheet[..., 0] == 255
    assert sheet.shape == (7, 7, 3)
    assert white[2:5].all()
    assert white[:, 2:5].all()
    assert not white[:2, :2].any()
    assert not white[5:, 5:].any()


def test_places_without_an_image_stay_white() -> None:
    sheet = grid(torch.zeros(3, 1, 2, 2), columns=2, gap=0, scale=1)
    assert (sheet[2:, 2:] == 255).all()


def test_enlarging_repeats_each_pixel() -> None:
    x = torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])
    sheet = grid(x, scale=3)
    assert (sheet[:3, :3] == 0).all()
    assert (sheet[:3, 3:] == 255).all()
    assert (sheet[3:, :3] == 255).all()


@pytest.mark.parametrize(("side", "shown"), [(8, 96), (25, 100), (32, 96), (64, 128), (200, 200)])
def test_small_images_are_enlarged_until_visible_and_large_ones_are_not(side: int, shown: int) -> None:
    assert grid(torch.zeros(1, 3, side, side)).shape == (shown, shown, 3)


def test_values_outside_the_range_are_clipped_and_not_wrapped() -> None:
    x = torch.tensor([-0.5, 0.0, 0.5, 1.0, 1.7, float("nan")]).reshape(6, 1, 1, 1)
    assert grid(x, columns=6, gap=0, scale=1)[0, :, 0].tolist() == [0, 0, 128, 255, 255, 0]


@pytest.mark.parametrize(
    ("channels", "color"), [(1, [10, 10, 10]), (2, [10, 10, 10]), (3, [10, 20, 30]), (5, [10, 20, 30])]
)
def test_any_number_of_channels_is_shown(channels: int, color: list[int]) -> None:
    x = torch.arange(10, 10 * channels + 1, 10).reshape(1, channels, 1, 1) / 255
    assert grid(x, scale=1)[0, 0].tolist() == color


def test_rows_stand_below_one_another_beside_their_names() -> None:
    black, gray = torch.zeros(3, 1, 8, 8), torch.full((2, 1, 8, 8), 0.5)
    sheet = rows({"image": black, "noisy\nα = 0.3": gray}, gap=2, scale=4)
    pictures = sheet[:, -(3 * 32 + 2 * 2) :]
    assert sheet.shape[0] == 2 * 32 + 2
    assert (pictures[:32, :32] == 0).all()
    assert (pictures[34:, 34:66] == 128).all()
    assert (pictures[34:, 68:] == 255).all(), "the shorter row ends in white"
    labels = sheet[:, : -pictures.shape[1]]
    assert all((label < 128).any() for label in (labels[:32], labels[34:])), "each row has a name in ink"
    assert (labels[:, :2] == 255).all(), "no name touches the edge"


def test_names_of_columns_stand_over_their_columns() -> None:
    x = torch.zeros(3, 1, 8, 8)
    plain, headed = rows({"a": x}, gap=2, scale=4), rows({"a": x}, columns=["0", "", "|"], gap=2, scale=4)
    head, rest = headed[: -len(plain)], headed[-len(plain) :]
    np.testing.assert_array_equal(rest, plain)
    ink: np.ndarray = np.any(head < 128, axis=(0, 2))
    first = headed.shape[1] - (3 * 32 + 2 * 2)
    columns = [ink[first + i * 34 : first + i * 34 + 32] for i in range(3)]
    assert [bool(column.any()) for column in columns] == [True, False, True]
    assert not ink[:first].any()
    # A bar is as good as symmetric: its ink lies in the middle of its column.
    assert abs(float(np.flatnonzero(columns[2]).mean()) - 15.5) <= 1
    with pytest.raises(ArgumentError, match=r"^a sheet of 3 columns needs as many names for them, got 1$"):
        rows({"a": x}, columns=["0"])


def test_greek_letters_in_names_are_spelled_out_since_the_font_lacks_them() -> None:
    x = torch.zeros(1, 1, 8, 8)
    np.testing.assert_array_equal(rows({"α × σ": x}), rows({"alpha x sigma": x}))


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        ({}, ArgumentError, "at least one row"),
        ({"a": torch.zeros(1, 1, 4, 4), "b": torch.zeros(1, 1, 4, 5)}, ShapeError, "one height and width"),
        ({"noisy": torch.zeros(1, 4, 4)}, ShapeError, "row 'noisy'"),
    ],
)
def test_rows_that_do_not_fit_are_refused(images: dict[str, torch.Tensor], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        rows(images)


@pytest.mark.parametrize("setting", [{"columns": 0}, {"scale": 0}, {"gap": -1}])
def test_settings_below_their_bound_are_refused_by_name(setting: dict[str, int]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(setting))):
        grid(torch.zeros(1, 1, 4, 4), **setting)


def test_a_png_holds_the_sheet_bit_for_bit(tmp_path: Path) -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_png(tmp_path / "new" / "sheet.png", sheet)
    with Image.open(tmp_path / "new" / "sheet.png") as image:
        np.testing.assert_array_equal(np.asarray(image), sheet)


def test_a_place_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_png(tmp_path / "file" / "sheet.png", grid(torch.zeros(1, 1, 4, 4)))
