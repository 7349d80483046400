"""The code of an image by bands: every window is there when its turn comes, and no more is kept than windows reach."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from copyist.compression.code_band import CodeRow, code_bands, rows_of_tiles
from copyist.compression.tiling import Tile, code_size, tiles

PATCH, OVERLAP, SIDE = 2, 3, 10


def parts_of(height: int, width: int) -> list[Tile]:
    return list(tiles(height, width, patch=PATCH, overlap=OVERLAP, side=SIDE))


def filled(parts: list[Tile], code: Tensor) -> Iterator[CodeRow]:
    for tiles_of_row in rows_of_tiles(parts):
        row = CodeRow(tiles_of_row, num_maps=code.shape[1])
        for tile in tiles_of_row:
            row.put(tile, code[:, :, tile.top : tile.bottom, tile.left : tile.right])
        yield row


@given(
    st.integers(1, 65),
    st.integers(1, 65),
    st.sampled_from([1.0, 1 / 16, 1 / 1024, 1e5]),
    st.integers(0, 2**32 - 1),
)
def test_windows_of_bands_are_those_of_the_whole_code(height: int, width: int, unit: float, seed: int) -> None:
    """Of whole numbers, of such as the format has, of finer ones, and of too large ones, which are kept as float32."""
    generator = torch.Generator().manual_seed(seed)
    code = torch.randint(-500, 500, (1, 2, *code_size(height, width, patch=PATCH)), generator=generator) * unit
    parts, seen = parts_of(height, width), 0
    for band in code_bands(filled(parts, code.double()), overlap=OVERLAP):
        for tile in band.tiles:
            window = code[:, :, tile.above : tile.below, tile.beside : tile.beyond]
            assert torch.equal(band.window(tile), window.float())
            seen += 1
    assert seen == len(parts)


def test_a_band_keeps_two_rows_of_tiles_and_the_rim_of_a_third() -> None:
    code = torch.zeros(1, 1, *code_size(100, 30, patch=PATCH))
    for number, band in enumerate(code_bands(filled(parts_of(100, 30), code), overlap=OVERLAP)):
        heights = [row.columns(0, 1).shape[2] for row in band.rows]
        assert heights == ([] if number == 0 else [OVERLAP]) + [SIDE // PATCH] * (1 if number == 9 else 2)


_MEASURED = """
import re
import numpy as np, torch
import copyist

def peak(data):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # The peak begins anew.
    copyist.decompress(data)
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", file.read()).group(1))

torch.set_num_threads(1)
files = [copyist.compress(np.full((side, 1024), 127, np.uint8), quality=8) for side in (3072, 6144)]
copyist.decompress(files[0])
print(*(peak(data) for data in files))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="peaks are read from /proc")
def test_a_gray_picture_is_decompressed_within_twice_its_memory() -> None:
    """A picture of twice the size takes at most twice the bytes that it has more.

    What was freed goes back to the system at once here, so that the peak is of what was needed.
    """
    result = subprocess.run(
        [sys.executable, "-c", _MEASURED],
        capture_output=True,
        text=True,
        check=True,
        env={"MALLOC_MMAP_THRESHOLD_": "131072", "OMP_NUM_THREADS": "1"},
    )
    smaller, larger = map(int, result.stdout.split())
    assert larger - smaller < 2 * 3072 * 1024
