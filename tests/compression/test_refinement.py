"""A refined code makes a file that costs less for what it shows, and any decoder reads it."""

import math

import numpy as np
import pytest
import torch

from codecs_to_test import codec, coder
from codecs_to_test import raster as small_picture
from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.compression.refinement import Refine, refinement
from copyist.errors import ArgumentError
from copyist.models import ImageCodecConfig


@pytest.mark.slow
def test_refined_files_are_smaller_for_the_same_error() -> None:
    """With a linear codec of cosines, beside its own curve of rate against error."""
    model = ImageCodecConfig(channels=1, code_channels=60, width=4, synthesis_width=4, side_channels=2).build().eval()
    with torch.no_grad():
        for name in ("correct.8.weight", "synthesis.output.weight", "from_side.2.weight"):
            model.get_parameter(name).zero_()
        model.get_parameter("from_side.2.bias")[60:] = torch.linspace(6, -14, 60)
    height, width = np.mgrid[:96, :96]
    picture = 128 + 60 * np.sin(height / 9 + width / 23) + np.random.default_rng(0).normal(0, 12, (96, 96))
    raster = Raster(pixels=picture.clip(0, 255).astype(np.uint8)[:, :, None])
    model.measured_on(torch.from_numpy(raster.pixels).permute(2, 0, 1)[None] / 255)
    coder = ImageCoder(model)

    def measured(quality: int, refine: Refine | None = None) -> tuple[float, float]:
        data = coder.compress(raster, quality=quality, refine=refine).data
        error = np.square(coder.decompress(data).pixels.astype(float) - raster.pixels).mean()
        return len(data), -math.log(error)

    sizes, fidelities = zip(*(measured(quality) for quality in range(3, 8)), strict=True)
    size, fidelity = measured(5, refinement(model, steps=6))
    assert size < 0.96 * np.interp(fidelity, fidelities, sizes)
    assert measured(5, refinement(model, steps=6)) == (size, fidelity)


def test_refinement_leaves_no_gradient_and_takes_whole_steps() -> None:
    coder().compress(small_picture(16, 16), quality=1, refine=refinement(codec(), steps=1))
    assert all(weight.grad is None for weight in codec().parameters())
    with pytest.raises(ArgumentError, match="effort must be a whole number of at least 1"):
        refinement(codec(), steps=0)
