"""The files that `copyist sample` writes: a grid, an array, a film of the steps, a folder of images, or a table."""

__all__ = ["FILMS", "check_sample_format", "write_samples"]

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    import numpy as np

    from copyist.drawing.grids import grid, write_png
    from copyist.drawing.video import write_video
    from copyist.files.row_files import write_rows
    from copyist.outputs import whole_file, whole_folder

    last, ending = stages[-1], out.suffix.lower()
    if last.ndim == 2:
        write_rows(out, last, columns=columns)
    elif ending == ".png":
        write_png(out, grid(last))
    elif ending == ".npy":
        with whole_file(out) as temporary, temporary.open("wb") as file:
            np.save(file, last.numpy())
    elif ending == "":
        with whole_folder(out) as folder:
            for index, x in enumerate(last):
                write_png(folder / f"sample-{index:04d}.png", grid(x[None], gap=0, scale=1))
    else:
        write_video([_enlarged(stage, last.shape[2:]) for stage in stages], out, fps=10)


def _enlarged(x: "Images", size: Sequence[int]) -> "Images":
    """Frames of a film have one size, also when the samples grew."""
    from torch.nn.functional import interpolate

    return x if x.shape[2:] == size else interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
