"""Files of pictures, compressed into a folder, one or several at a time."""

__all__ = ["compress_files"]

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from copyist.checks import check_whole
from copyist.compression.codec import ImageCoder, check_quality, usual_quality
from copyist.compression.models import coder_of
from copyist.compression.raster import Raster
from copyist.data.inputs import find_inputs, result_names
from copyist.errors import DataError
from copyist.evaluation.compressed.one_picture import Job, Outcome, do_job, do_named_job, of_8_bits
from copyist.evaluation.compressed.page import check_extras, compression_page, shown
from copyist.evaluation.compressed.report import CompressionReport
from copyist.files.bulk import Progress
from copyist.files.picture import Picture, name_of_several
from copyist.files.picture_files import PicturesOfFiles
from copyist.outputs import check_output, whole_folder, write_bytes, write_text

ENDING = ".cpz"
"""Of the names of compressed files."""

MANY = 8
"""Pictures from which on several processes are worth their start."""


def compress_files(
    inputs: Sequence[str],
    *,
    out: Path,
    model: str | None = None,
    quality: int | None = None,
    lossless: bool = False,
    effort: int = 0,
    compare: bool = False,
    workers: int | None = None,
    class_of: str | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> CompressionReport:
    """Compress pictures into a folder, and decompress each again to measure what is lost.

    Args:
        inputs: files, folders and sources, as `read_pictures` takes them.
        out: the folder; each file has its picture's name with the ending .cpz.
        model: a file, a run or the name of a shipped model; None takes the usual one.
        quality: as `copyist.compress`, like `lossless` and `effort`.
        compare: whether other codecs are set beside it, in the report and as compare.html in the folder.
        workers: processes; None takes one for few pictures, and else as many as there are cores.
        class_of: as `load`.
        device: as `load`.
        overwrite: whether files that are there are replaced.
        progress: called after each picture.
        say: takes notices, each one sentence.

    Raises:
        CopyistError: as `copyist.compress`; or an input or the output cannot be used.
    """
    check_output(out, overwrite=overwrite)
    check_whole("effort", effort, 0)
    if workers is not None:
        check_whole("workers", workers, 1)
    if compare:
        check_extras()
    coder = coder_of(model, verb="compress", class_of=class_of, device=device)
    chosen = usual_quality(coder.model.num_qualities, lossless=lossless) if quality is None else quality
    check_quality(chosen, coder.model.num_qualities)
    pictures = PicturesOfFiles(find_inputs(inputs, without=out, say=say), as_floats=False, say=say)
    names = result_names(pictures.names, ENDING, say=say)
    how: dict[str, Any] = {"quality": chosen, "lossless": lossless, "effort": effort, "compare": compare}

    def jobs() -> Iterator[Job]:
        for row, picture in pictures.read():
            yield Job(name=picture.name, file=names[row], picture=_raster_of(picture, lossless=lossless), **how)

    count = workers or (1 if len(pictures) < MANY or class_of else os.cpu_count() or 1)
    outcomes = _alone(jobs(), coder) if count == 1 else _together(jobs(), model, class_of, device, count)
    found, shelf, reduced = [], [], []
    with whole_folder(out) as folder:
        for outcome, picture in outcomes:
            write_bytes(folder / outcome.summary.file, outcome.data)
            found.append(replace(outcome.summary, file=str(out / outcome.summary.file)))
            if compare:
                shelf.append(shown(outcome, of_8_bits(picture.pixels)))
                if picture.alpha is not None or picture.pixels.dtype != np.uint8:
                    reduced.append(outcome.summary.name)
            if progress is not None:
                progress(len(found), len(pictures))
        pictures.report()
        if reduced and say is not None:
            say(f"{name_of_several(reduced)}: the other codecs are given the colors alone, in 8 bits; ours holds more")
        report = CompressionReport(
            model=coder.fingerprint.hex(), quality=chosen, lossless=lossless, effort=effort, pictures=tuple(found)
        )
        if compare:
            write_text(folder / "compare.html", compression_page(report, shelf))
    return report


def _alone(jobs: Iterator[Job], coder: ImageCoder) -> Iterator[tuple[Outcome, Raster]]:
    for job in jobs:
        yield do_job(job, coder), job.picture


def _together(
    jobs: Iterator[Job], model: str | None, class_of: str | None, device: str | None, count: int
) -> Iterator[tuple[Outcome, Raster]]:
    """In processes, each with its share of the cores; in the order of the jobs."""
    from joblib import Parallel, delayed

    threads = max(1, (os.cpu_count() or 1) // count)
    waiting: list[Raster] = []

    def remembered() -> Iterator[Any]:
        for job in jobs:
            waiting.append(job.picture)
            yield delayed(do_named_job)(job, model, class_of, device, threads)

    pool: Any = Parallel(n_jobs=count, return_as="generator", pre_dispatch=str(2 * count))
    for outcome in pool(remembered()):
        yield outcome, waiting.pop(0)


def _raster_of(picture: Picture, *, lossless: bool) -> Raster:
    """The values of a picture that was read.

    Raises:
        DataError: they cannot be kept.
    """
    try:
        if picture.row is not None:
            array, index = picture.row
            return Raster(pixels=np.ascontiguousarray(np.moveaxis(array.rows[index], 0, 2)))
        assert picture.stored is not None
        stored = picture.stored if picture.page is None else replace(picture.stored, pages=1)
        return Raster.of_image(stored, lossless=lossless)
    except DataError as error:
        raise DataError(f"{picture.name} cannot be compressed: {error}") from error
