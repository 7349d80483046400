"""The windows of tiles: each is there when its turn comes, and no more is kept than windows reach."""

import os
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from copyist.compression.code_windows import code_windows
from copyist.compression.tiling import Tile, code_size, tiles

PATCH, OVERLAP, SIDE = 2, 3, 10


def parts_of(height: int, width: int) -> list[Tile]:
    return list(tiles(height, width, patch=PATCH, overlap=OVERLAP, side=SIDE))


@given(
    st.integers(1, 65),
    st.integers(1, 65),
    st.sampled_from([1.0, 1 / 16, 1 / 1024, 1e5]),
    st.integers(0, 2**32 - 1),
)
def test_windows_are_those_of_the_whole_code(height: int, width: int, unit: float, seed: int) -> None:
    """Of whole numbers, of such as the format has, of finer ones, and of too large ones, which are kept as float32."""
    generator = torch.Generator().manual_seed(seed)
    code = torch.randint(-500, 500, (1, 2, *code_size(height, width, patch=PATCH)), generator=generator) * unit
    parts = parts_of(height, width)
    coded = ((tile, code[:, :, tile.top : tile.bottom, tile.left : tile.right].double()) for tile in parts)
    seen: list[Tile] = []
    for tile, window in code_windows(coded, overlap=OVERLAP):
        assert torch.equal(window, code[:, :, tile.above : tile.below, tile.beside : tile.beyond].float())
        seen.append(tile)
    assert seen == parts


@pytest.mark.parametrize(("height", "width", "most"), [(100, 30, 3 + 3), (100, 10, 1 + 3), (10, 100, 3)])
def test_a_row_of_tiles_and_three_tiles_more_are_kept(height: int, width: int, most: int) -> None:
    alive: weakref.WeakSet[Tensor] = weakref.WeakSet()

    def coded() -> Iterator[tuple[Tile, Tensor]]:
        for tile in parts_of(height, width):
            code = torch.full((1, 1, *tile.size), 1 / 1024)  # Kept as it is, since it is not whole in sixteenths.
            alive.add(code)
            yield tile, code

    assert max(len(alive) for _ in code_windows(coded(), overlap=OVERLAP)) <= most


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
sizes = (3072, 1024), (6144, 1024), (1024, 3072), (1024, 6144)
files = [copyist.compress(np.full(size, 127, np.uint8), quality=8) for size in sizes]
copyist.decompress(files[0])
print(*(peak(data) for data in files))
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="peaks are read from /proc")
def test_a_gray_picture_is_decompressed_within_twice_its_memory() -> None:
    """A picture of twice the height, or of twice the width, takes at most twice the bytes that it has more.

    What was freed goes back to the system at once here, so that the peak is of what was needed.
    """
    result = subprocess.run(
        [sys.executable, "-c", _MEASURED],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "OMP_NUM_THREADS": "1"},
    )
    low, tall, narrow, wide = map(int, result.stdout.split())
    assert tall - low < 2 * 3072 * 1024
    assert wide - narrow < 2 * 3072 * 1024
