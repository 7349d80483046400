"""Small codecs: one for gray and one for colors, measured, and pictures to compress."""

from functools import cache

import numpy as np
import torch

from copyist.compression.code_coding import CodeCoder
from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.models import ImageCodec, ImageCodecConfig


@cache
def codec(*, channels: int = 3, seed: int = 0) -> ImageCodec:
    """An untrained codec whose tables are of some images; its entropy model is as exact as any."""
    config = ImageCodecConfig(
        channels=channels, code_channels=20, width=4, synthesis_width=4, side_channels=3, qualities=3
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = config.build().eval()
        assert isinstance(model, ImageCodec)
        with torch.no_grad():  # Means and scales that differ, as those of a trained model do.
            model.get_parameter("from_side.2.weight").mul_(30)
    height, width = np.mgrid[:48, :64]
    waves = [np.sin(height / (3 + each) + width / (5 + each)) for each in range(4)]
    x = torch.tensor(np.stack(waves), dtype=torch.float32)[:, None].expand(-1, channels, -1, -1) / 2 + 0.5
    model.measured_on(x)
    return model


@cache
def coder(*, channels: int = 3, seed: int = 0) -> ImageCoder:
    return ImageCoder(codec(channels=channels, seed=seed))


@cache
def code_coder() -> CodeCoder:
    return CodeCoder(codec())


def raster(
    height: int, width: int, channels: int = 3, *, deep: bool = False, alpha: bool = False, seed: int = 0
) -> Raster:
    """Slopes and noise, with values at both ends of their range."""
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if deep else np.uint8
    largest = np.iinfo(dtype).max
    down, across = np.mgrid[:height, :width]
    slope = np.sin(down / 9)[:, :, None] + np.cos(across / 7)[:, :, None] * np.arange(1, channels + 1)
    values = (slope / 4 + 0.5 + rng.normal(0, 0.1, (height, width, channels))) * largest
    pixels = np.clip(np.rint(values), 0, largest).astype(dtype)
    opacity = np.clip(down * largest // max(1, height - 1), 0, largest).astype(dtype)
    return Raster(pixels=pixels, alpha=opacity if alpha else None)
