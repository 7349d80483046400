"""The files that `copyist sample` writes: a grid, an array, a film of the steps, a folder of images, or a table."""

__all__ = ["FILMS", "check_sample_format", "write_batches", "write_samples"]

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copyist.drawing.grids import Sheet
    from copyist.tensors import Examples, Images

FILMS = (".mp4", ".gif", ".webp")
"""Endings of files that show every step."""


def check_sample_format(out: Path, *, table: bool) -> None:
    """Refuse a file name whose ending names no format of samples: of a table, or of images.

    Raises:
        OutputError: the ending is unknown.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    from copyist.errors import OutputError
    from copyist.files.row_files import check_row_format

    if table:
        check_row_format(out)
    elif out.suffix.lower() not in ("", ".png", ".npy", *FILMS):
        raise OutputError(
            f"samples are written as .png, .npy, {', '.join(FILMS)} or a folder, got {out.name}; choose one of these"
        )


def write_samples(stages: list["Examples"], out: Path, *, columns: Sequence[str]) -> None:
    """Write the last stage, or all of them where the ending is that of a film.

    Args:
        stages: the samples (B, C, H, W), or rows (B, D), after one step or more; sides may grow.
        out: its ending gives the format; without one, a folder of images.
        columns: what the columns of rows are called.
    """
    from copyist.drawing.grids import grid, write_png
    from copyist.drawing.video import write_video
    from copyist.files.row_files import write_rows

    last, ending = stages[-1], out.suffix.lower()
    if last.ndim == 2:
        write_rows(out, last, columns=columns)
    elif ending == ".png":
        write_png(out, grid(last))
    elif ending in ("", ".npy"):
        write_batches(iter([last]), out, count=len(last))
    else:
        write_video([_enlarged(stage, last.shape[2:]) for stage in stages], out, fps=10)


def write_batches(batches: "Iterator[Images]", out: Path, *, count: int) -> tuple[int, ...]:
    """Write images as they come, as one .npy array or as a folder of pictures.

    Args:
        batches: the samples, (B, C, H, W) each.
        out: a name that ends in .npy, or that of a folder.
        count: how many images there are in all.

    Returns:
        (C, H, W) of an image.

    Raises:
        OutputError: they cannot be written.
    """
    return _write_array(batches, out, count=count) if out.suffix else _write_pictures(batches, out, count=count)


def _write_array(batches: "Iterator[Images]", out: Path, *, count: int) -> tuple[int, ...]:
    import numpy as np

    from copyist.outputs import whole_file

    with whole_file(out) as temporary:
        done, array = 0, None
        for x in batches:
            if array is None:
                array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=(count, *x.shape[1:]))
            array[done : done + len(x)] = x.numpy()
            done += len(x)
        assert array is not None
        assert done == count
        array.flush()
        return tuple(array.shape[1:])


def _write_pictures(batches: "Iterator[Images]", out: Path, *, count: int) -> tuple[int, ...]:
    from copyist.drawing.grids import grid, write_png
    from copyist.files.bulk import map_stream
    from copyist.outputs import whole_folder

    digits, shape = max(4, len(str(count - 1))), tuple[int, ...]()

    def sheets() -> "Iterator[tuple[str, Sheet]]":
        nonlocal shape
        done = 0
        for x in batches:
            shape = tuple(x.shape[1:])
            for index, image in enumerate(x, start=done):
                yield f"sample-{index:0{digits}d}.png", grid(image[None], gap=0, scale=1)
            done += len(x)

    with whole_folder(out) as folder:

        def write(item: "tuple[str, Sheet]") -> None:
            name, sheet = item
            write_png(folder / name, sheet)

        # Each batch is written behind the next.
        with closing(map_stream(write, sheets(), size=lambda item: item[1].size, ahead=False)) as stream:
            for _ in stream:
                pass
    return shape


def _enlarged(x: "Images", size: Sequence[int]) -> "Images":
    """Frames of a film have one size, also when the samples grew."""
    from torch.nn.functional import interpolate

    return x if x.shape[2:] == size else interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
