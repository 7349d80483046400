"""The codec that comes with copyist: small files that say which model wrote them, and are read without naming one."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

import copyist
from copyist.compression.container import read_header
from copyist.compression.models import coder_of, shipped_models
from copyist.compression.raster import Raster
from copyist.data import open_source
from copyist.errors import DataError

FIRST = "a52252f9e1a1bb47"
"""The fingerprint of photos-1; files name it, so that it may never change."""


def photograph() -> npt.NDArray[np.uint8]:
    """A cat, (256, 256, 3), of a photograph that the codec was not trained on."""
    test = open_source("photos?size=256").test
    x = test.array[[name.startswith("0134_chelsea") for name in test.names].index(True)]
    return np.ascontiguousarray(x.transpose(1, 2, 0))


def psnr(x: npt.NDArray[np.uint8], y: npt.NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / np.square(x.astype(float) - y).mean()))


def jpeg(x: npt.NDArray[np.uint8], quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def test_the_shipped_model_is_the_one_that_files_name() -> None:
    assert list(shipped_models()) == ["photos-1"]
    assert coder_of(None, verb="compress").fingerprint.hex() == FIRST
    for name, file in shipped_models().items():
        assert file.stat().st_size < 8e6
        assert file.with_suffix(".md").read_text().startswith(f"# {name}\n")


@pytest.mark.parametrize("quality", [1, 5, 8])
def test_its_files_are_smaller_than_optimized_jpeg_of_equal_psnr(quality: int) -> None:
    x = photograph()
    data = copyist.compress(x, quality=quality)
    assert read_header(data).fingerprint.hex() == FIRST
    y = copyist.decompress(data)
    files = [jpeg(x, each) for each in range(2, 99, 4)]
    as_good = [len(file) for file in files if psnr(x, np.asarray(Image.open(io.BytesIO(file)))) >= psnr(x, y)]
    assert len(data) < 0.85 * min(as_good)


def test_its_decoder_is_shallow() -> None:
    """Multiplications per pixel, of the entropy model and the synthesis; the documentation has 4,300."""
    coder = coder_of(None, verb="compress")
    data = coder.compress(Raster(pixels=photograph()), quality=5).data
    with FlopCounterMode(display=False) as counter:
        coder.decompress(data)
    assert counter.get_total_flops() / 2 / 256**2 == pytest.approx(4300, rel=0.01)


@pytest.mark.slow
def test_a_hundred_thousand_mutations_are_refused_or_change_nothing() -> None:
    draws = np.random.default_rng(0)
    x = photograph()[96:136, 96:152]
    files = [
        copyist.compress(x, quality=1),
        copyist.compress(x, quality=5),
        copyist.compress(x, quality=1, lossless=True),
    ]
    wanted = [copyist.decompress(file) for file in files]
    refused = 0
    for _ in range(100_000):
        which = int(draws.integers(3))
        try:
            found = copyist.decompress(mutated(files[which], draws))
        except DataError:
            refused += 1
        else:
            assert np.array_equal(found, wanted[which])
    assert refused > 99_000


def mutated(file: bytes, draws: np.random.Generator) -> bytes:
    """With bytes changed, cut off, put in or taken out."""
    data, start = bytearray(file), int(draws.integers(len(file)))
    match int(draws.integers(4)):
        case 0:
            for _ in range(int(draws.integers(1, 6))):
                data[int(draws.integers(len(data)))] = int(draws.integers(256))
        case 1:
            del data[start:]
        case 2:
            data[start:start] = draws.bytes(int(draws.integers(1, 9)))
        case _:
            del data[start : start + int(draws.integers(len(file)))]
    return bytes(data)
