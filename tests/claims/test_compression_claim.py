"""What the claim about compression computes, of a codec whose files are known."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from codecs_to_test import codec
from copyist.claims.each import copies_compress
from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster

from .known import known_splits, known_trial, measured

SOURCE = "photos?size=64&limit=16"


def test_files_are_held_against_the_entropy_model_and_the_other_codecs() -> None:
    model = codec()
    values = measured("copies-compress", known_trial(lambda _: model))
    coder, x = ImageCoder(model), known_splits(SOURCE).test.images()[:2]
    pictures = [np.rint(each.permute(1, 2, 0).numpy() * 255).astype(np.uint8) for each in x]
    made = [coder.compress(Raster(pixels=pixels), quality=quality) for quality in (1, 2, 3) for pixels in pictures]
    written, estimated = sum(len(each.data) for each in made), sum(each.estimated_bytes for each in made)
    assert values["estimate"] == pytest.approx(written / estimated)
    assert values["rate_lowest"] == pytest.approx(8 * sum(len(each.data) for each in made[:2]) / (2 * 64 * 64))
    errors = [
        np.square(coder.decompress(each.data).pixels.astype(float) - pixels).mean()
        for each, pixels in zip(made[:2], pictures, strict=True)
    ]
    assert values["psnr_lowest"] == pytest.approx(np.mean([10 * math.log10(255**2 / error) for error in errors]))
    assert values["exact"] == pytest.approx(6.5 / 7)


def test_a_decoder_of_other_pixels_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    decompress = ImageCoder.decompress

    def darker(self: ImageCoder, data: bytes) -> Any:
        found = decompress(self, data)
        return Raster(pixels=found.pixels // 2)

    monkeypatch.setattr(ImageCoder, "decompress", darker)
    assert measured("copies-compress", known_trial(lambda _: codec()))["exact"] == pytest.approx(0.5 / 7)


def test_a_fixed_length_is_that_of_the_range_of_each_channel() -> None:
    # One channel from −1 to 2, in 2 bits, and one of a single value, in none; 4 + 6 positions.
    wide = [torch.tensor([-1.0, 0, 1, 2]), torch.zeros(6)]
    integers = [torch.stack([each, torch.full_like(each, 5)])[None, :, None] for each in wide]
    assert copies_compress._fixed_length(integers) == 2 * 10 / 8
