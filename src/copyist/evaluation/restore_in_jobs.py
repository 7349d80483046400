"""Pictures in, pictures out, through a model in several processes.

The files are those of one process with as many threads of torch as each job has, bit for bit.
"""

__all__ = ["NetworkFile", "restore_in_jobs"]

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor

from copyist.checkpoint import load
from copyist.devices import keep_freed_memory
from copyist.evaluation.part_of_pictures import PartOfPictures
from copyist.evaluation.restore_files import restored
from copyist.evaluation.shared_pictures import share_pictures
from copyist.files.bulk import Progress, map_stream
from copyist.files.picture import Picture, safe_name, write_picture
from copyist.files.picture_files import PicturesOfFiles
from copyist.models.contracts import Reconstructor
from copyist.outputs import temporary_name, whole_folder
from copyist.procedures.denoising import denoiser, reconstruct
from copyist.procedures.sizes import Batch, batches_of, device_of


@final
@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    """A model that copies, or a diffusion model at a noise level, as each process reads it from its file."""

    path: str
    """Of a model or run."""

    class_of: str | None = None
    """`package.module:Class` of a model of one's own."""

    device: str | None = None
    """Where to compute; None is the best at hand."""

    sigma: float | None = None
    """The noise level that a diffusion model is told."""

    passes: int = 1
    """How many times the copy is copied."""

    def open(self) -> Reconstructor:
        """Read the model.

        Raises:
            CopyistError: as `load` and `denoise`.
        """
        network = denoiser(
            load(self.path, class_of=self.class_of, device=self.device), sigma=self.sigma, passes=self.passes
        )
        if device_of(network).type == "cpu":
            keep_freed_memory()
        return network


def restore_in_jobs(
    file: NetworkFile,
    model: Reconstructor,
    pictures: PicturesOfFiles,
    *,
    inputs: Sequence[str],
    out: Path,
    channels: int,
    jobs: int,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the copies of pictures into a folder, as `restore_files` does, from several processes.

    They share whole batches, so that the files are those of one process with as many threads of torch as each has, bit
    for bit; the folder gets all of them or none. They run on this machine, or where `joblib.parallel_config` says; they
    must see the inputs, the model and the folder under the same paths.

    Args:
        file: of the model.
        model: what is in it, which this process asks for sizes.
        pictures: none of them is decoded yet.
        inputs: that name the pictures.
        out: the folder.
        channels: that the model takes.
        jobs: how many processes at once.
        batch_size: images per batch; None takes the model's own.
        progress: called with the number of pictures that are written, and of all.

    Returns:
        The files, as `restore_files`.

    Raises:
        CopyistError: as `restore_files`.
        JobError: a process has died.
    """
    names, shapes = pictures.names, [(channels, *shape[1:]) for shape in pictures.shapes]

    def plan(rows: Sequence[int]) -> list[Batch]:
        batches = batches_of(
            model, shapes=[shapes[row] for row in rows], names=[names[row] for row in rows], batch_size=batch_size
        )
        return [
            Batch(tuple(rows[place] for place in batch.rows), tuple(rows[place] for place in batch.fills))
            for batch in batches
        ]

    with whole_folder(out) as folder:
        task = _Restoring(
            network=file,
            inputs=tuple(inputs),
            without=out,
            folder=folder,
            answers=folder / temporary_name("answers"),
            image_channels=channels,
            batch_size=batch_size,
        )
        task.answers.mkdir()
        share_pictures(task, pictures, plan, jobs=jobs, progress=progress)
        whole = [row for row in range(len(pictures)) if pictures.is_whole(row)]
        for row in {*range(len(pictures))} - {*whole}:
            # It was written in a round in which it could still be read.
            (folder / safe_name(pictures.file_names[row])).unlink(missing_ok=True)
        for row in whole:
            if names[row] != pictures.file_names[row]:
                answer = torch.from_numpy(np.load(task.answer(row)))
                write_picture(pictures.read_alone(row).without_pixels(), answer, folder)
                task.answer(row).unlink()
        for left in task.answers.iterdir():
            left.unlink()
        task.answers.rmdir()
        pictures.report()
    return list(dict.fromkeys(out / safe_name(pictures.file_names[row]) for row in whole))


@final
@dataclass(frozen=True, kw_only=True)
class _Restoring:
    """The task of each process: copies of pictures, written into the folder."""

    network: NetworkFile
    inputs: tuple[str, ...]
    without: Path
    folder: Path
    answers: Path
    """Where answers wait that are written into one file with those of other jobs."""
    image_channels: int
    """That the model takes, which pictures are brought to once they are read."""
    batch_size: int | None

    @property
    def channels(self) -> None:
        """Files stay as they are, since copies are written as these are stored."""
        return None

    def answer(self, row: int) -> Path:
        return self.answers / f"{row}.npy"

    def open(self) -> Reconstructor:
        return self.network.open()

    def work(self, opened: Reconstructor, pictures: PartOfPictures, batches: Sequence[Batch]) -> Mapping[Batch, None]:
        own = dict.fromkeys(row for batch in batches for row in batch.rows)
        # The batch that fills the last one of its size is the first, and where it is of another job it is worked on for
        # that alone.
        rows = list(dict.fromkeys([*(row for batch in batches for row in batch.fills), *own]))
        answers = restored(
            opened,
            lambda x: reconstruct(opened, x, batch_size=self.batch_size),
            lambda places: pictures.read([rows[place] for place in places]),
            shapes=[pictures.shape(row) for row in rows],
            names=[pictures.name(row) for row in rows],
            channels=self.image_channels,
            passes=self.network.passes,
            batch_size=self.batch_size,
        )

        def write(answer: tuple[tuple[int, Picture], Tensor]) -> None:
            (row, picture), x_hat = answer
            if row in own and pictures.is_one_of_several(row):
                np.save(self.answer(row), x_hat.numpy())
            elif row in own:
                write_picture(picture, x_hat, self.folder)

        with closing(map_stream(write, answers, size=lambda answer: answer[1].numel(), ahead=False)) as stream:
            for _ in stream:
                pass
        return dict.fromkeys(batches)
