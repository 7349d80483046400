"""Batches of images over time: as a film, a moving picture, a contact sheet, or a folder of frames."""

__all__ = ["check_video_format", "write_video"]

import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from copyist.checks import check_at_least, check_images, check_positive, check_same_shape, require
from copyist.drawing.grids import Sheet, grid, rows, write_png
from copyist.errors import ArgumentError, OutputError
from copyist.outputs import temporary_name, whole_file
from copyist.tensors import Images

CONTACT_SHEET = ".png"
COLUMNS_OF_A_CONTACT_SHEET = 12

BT709 = 1
"""The number of high-definition color in H.264; without it players guess, and guess differently."""

LIMITED_RANGE = 1
"""Luma from 16 to 235, as players expect."""


def write_video(
    frames: "Images | Iterable[Images]",
    path: Path,
    *,
    fps: float = 15,
    scale: int | None = None,
    columns: int | None = None,
) -> None:
    """Write batches of images over time; the name's ending decides how.

    `.mp4` is a film that browsers play, `.gif` and `.webp` are moving pictures, `.png` is a contact sheet (a row per
    image, time from left to right, both counted from 0), and a name without an ending is a folder of frames. A GIF
    joins equal neighbors into one longer frame.

    Args:
        frames: (T, B, C, H, W), or (B, C, H, W) one after the other; each becomes one grid.
        path: the file or folder; it is written whole or not at all.
        fps: frames per second.
        scale: as for `grid`.
        columns: images per row of a frame, or times on a contact sheet.

    Raises:
        ShapeError: a frame is not (B, C, H, W), or differs in shape from the one before.
        ArgumentError: there are no frames, `fps` is not positive, or the ending is unknown.
        MissingExtraError: an `.mp4` is asked for, and PyAV is not installed.
        OutputError: the place cannot be written.
    """
    check_positive("fps", fps)
    check_video_format(path)
    ending = path.suffix.lower()
    alike = _check_alike(frames)
    if ending == CONTACT_SHEET:
        write_png(path, _contact_sheet(alike, columns=columns, scale=scale))
    else:
        _WRITERS[ending]((grid(frame, columns=columns, scale=scale) for frame in alike), path, fps)


def check_video_format(path: Path) -> None:
    """Refuse, before any frame is made, a name that `write_video` cannot write.

    Raises:
        ArgumentError: the ending is unknown.
        MissingExtraError: an `.mp4` is asked for, and PyAV is not installed.
    """
    ending = path.suffix.lower()
    if ending != CONTACT_SHEET and ending not in _WRITERS:
        raise ArgumentError(
            f"a video's name must end in {', '.join(filter(None, _WRITERS))} or {CONTACT_SHEET}, "
            f"or in nothing for a folder of frames, got {path.name}"
        )
    if ending == ".mp4":
        _av()


def _check_alike(frames: "Images | Iterable[Images]") -> Iterator[Images]:
    """The frames, each refused unless it has the first one's shape."""
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ArgumentError("a video needs at least one frame, got none")
    check_images(first, name="a video's frames")
    return itertools.chain([first], (_check_same(frame, first) for frame in iterator))


def _check_same(frame: Images, first: Images) -> Images:
    check_same_shape(frame, first)
    return frame


def _av() -> Any:
    return require("av", extra="video", purpose="writing an .mp4")


def _write_film(sheets: Iterator[Sheet], path: Path, fps: float) -> None:
    """H.264 with 4:2:0 color and even sides, its index first: what every browser plays while it loads."""
    av, first = _av(), next(sheets)
    with (
        whole_file(path) as temporary,
        av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream: Any = container.add_stream("h264", rate=Fraction(fps).limit_denominator(1001))
        first = _even(first)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1  # The bytes depend on the number of threads.
        # The encoder's assembly reads beyond a picture's edge, and the bytes would depend on what lies there.
        stream.options = {"crf": "18", "preset": "medium", "x264-params": "asm=0"}
        stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
        stream.codec_context.color_range = LIMITED_RANGE
        for sheet in itertools.chain([first], map(_even, sheets)):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(sheet), format="rgb24")
            container.mux(stream.encode(picture.reformat(format="yuv420p", dst_colorspace="ITU709")))
        container.mux(stream.encode())


def _even(sheet: Sheet) -> Sheet:
    """White below and on the right where a side is odd."""
    height, width = sheet.shape[:2]
    return np.pad(sheet, ((0, height % 2), (0, width % 2), (0, 0)), constant_values=255)


def _write_gif(sheets: Iterator[Sheet], path: Path, fps: float) -> None:
    first, *others = map(Image.fromarray, sheets)
    with whole_file(path) as temporary:
        milliseconds = 10 * max(2, round(100 / fps))  # GIF counts hundredths, and browsers slow down below two.
        first.save(temporary, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0)


def _write_webp(sheets: Iterator[Sheet], path: Path, fps: float) -> None:
    first, *others = map(Image.fromarray, sheets)
    with whole_file(path) as temporary:
        first.save(
            temporary, "WEBP", save_all=True, append_images=others, duration=round(1000 / fps), loop=0, lossless=True
        )


def _write_folder(sheets: Iterator[Sheet], path: Path, fps: float) -> None:
    """Frames are written beside the folder, which takes its name when all are there."""
    if path.exists() and not (path.is_dir() and all(file.match("frame-*.png") for file in path.iterdir())):
        raise OutputError(f"{path} must be a new folder, or one that holds only frames; choose another place")
    new = path.with_name(temporary_name(path.name))
    try:
        for i, sheet in enumerate(sheets):
            write_png(new / f"frame-{i:04d}.png", sheet)
        if path.exists():
            shutil.rmtree(path)
        new.replace(path)
    except OSError as error:
        raise OutputError(f"{path} could not be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _contact_sheet(frames: Iterator[Images], *, columns: int | None, scale: int | None) -> Sheet:
    """Images (B rows) at evenly spaced times (columns), the first and the last among them; each with its number."""
    kept = [frame.detach().cpu() for frame in frames]
    columns = min(len(kept), COLUMNS_OF_A_CONTACT_SHEET) if columns is None else columns
    check_at_least("columns", columns, 1)
    times = torch.linspace(0, len(kept) - 1, min(columns, len(kept))).round().long().tolist()
    named = {f"{image}": torch.stack([kept[t][image] for t in times]) for image in range(len(kept[0]))}
    return rows(named, columns=[str(t) for t in times], scale=scale)


_WRITERS: dict[str, Callable[[Iterator[Sheet], Path, float], None]] = {
    ".mp4": _write_film,
    ".gif": _write_gif,
    ".webp": _write_webp,
    "": _write_folder,
}
