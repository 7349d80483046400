"""Pictures of a claim: as sharp as their bytes allow, and small ones that show a row from first to last."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.claims.pictures import SHEETS, SMALL, draw_pictures
from copyist.claims.trial import Pictures


def pictures(x: torch.Tensor, count: int = 1) -> dict[str, Pictures]:
    return {f"p{i}": Pictures(caption="Rows.", rows={"clean": x, "copies": x.flip(0)}) for i in range(count)}


def test_a_sheet_that_fits_is_kept_without_loss(tmp_path: Path) -> None:
    x = torch.rand(3, 3, 8, 8)
    (drawn,) = draw_pictures(tmp_path, "claim", pictures(x))
    assert (drawn.file, drawn.small) == ("claim-p0.webp", "claim-p0-small.webp")
    sheet = np.asarray(Image.open(tmp_path / drawn.file))
    # Images are enlarged to 96 pixels; the first stands at the lower right too, the rows being each other's reverse.
    assert sheet[-96::12, -96::12].tolist() == x[0].mul(255).round().byte().permute(1, 2, 0).tolist()


@pytest.mark.parametrize("count", [1, 3])
def test_sheets_of_noise_stay_within_the_bytes_of_one_claim(count: int, tmp_path: Path) -> None:
    drawn = draw_pictures(tmp_path, "claim", pictures(torch.rand(10, 3, 32, 32), count))
    assert sum((tmp_path / each.file).stat().st_size for each in drawn) <= SHEETS
    assert all((tmp_path / each.small).stat().st_size <= SMALL for each in drawn)


def test_a_small_picture_shows_the_first_and_the_last_image_and_those_evenly_between(tmp_path: Path) -> None:
    x = (torch.arange(21) / 20).reshape(21, 1, 1, 1).expand(21, 1, 16, 16)
    (drawn,) = draw_pictures(tmp_path, "claim", {"walk": Pictures(caption="A walk.", rows={"walk": x})})
    sheet = np.asarray(Image.open(tmp_path / drawn.small).convert("L"))
    # Five images of 48 pixels, one pixel apart: those of 0, 5, 10, 15 and 20.
    middle = sheet[24, [-25 - 49 * i for i in reversed(range(5))]]
    assert np.abs(middle / 255 - np.linspace(0, 1, 5)).max() < 0.03
