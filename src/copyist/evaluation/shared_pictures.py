"""Pictures shared among processes, here or on a cluster, cut between batches.

Answers are those of one process with as many threads of torch as each job has, bit for bit.
"""

__all__ = ["Task", "share_pictures"]

import contextlib
import functools
import itertools
import math
import os
import shutil
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast, final

import torch

from copyist.data.inputs import find_inputs
from copyist.devices import limited_threads
from copyist.evaluation.part_of_pictures import PartOfPictures, check_there
from copyist.files.bulk import Progress
from copyist.files.picture_files import PictureFile, PicturesOfFiles
from copyist.jobs import cores_at_hand, forget, once_per_process, run_jobs
from copyist.outputs import temporary_name
from copyist.procedures.sizes import Batch

_JOBS_EACH = 8
"""Jobs for each of those at once: so many that no process waits long for the last one."""

_ONE_AT_A_TIME = threading.Lock()
"""Who works on a cluster may have several threads, and a model, the folder and torch's threads belong to a process."""

_Opened = TypeVar("_Opened")
_Answer = TypeVar("_Answer")
_Answer_co = TypeVar("_Answer_co", covariant=True)


class Task(Protocol[_Opened, _Answer_co]):
    """What every process is to do with its pictures, where, and by which settings.

    It is sent to them with each job, so it holds settings and paths alone: what is large is opened there.
    """

    @property
    def inputs(self) -> Sequence[str]:
        """Files, folders and sources, as they were named."""
        ...

    @property
    def without(self) -> Path:
        """A folder that is no data: where results go."""
        ...

    @property
    def folder(self) -> Path:
        """Where each process may write: what is there becomes the result once all is done."""
        ...

    @property
    def channels(self) -> int | None:
        """Those that files are converted to which do not say so themselves; None leaves all as they are."""
        ...

    def open(self) -> _Opened:
        """What is read once in each process, such as a model."""
        ...

    def work(self, opened: _Opened, pictures: PartOfPictures, batches: Sequence[Batch]) -> Mapping[Batch, _Answer_co]:
        """Work on some batches of these pictures, and give the answer of each."""
        ...


def share_pictures(
    task: Task[_Opened, _Answer],
    pictures: PicturesOfFiles,
    plan: Callable[[Sequence[int]], list[Batch]],
    *,
    jobs: int,
    progress: Progress | None = None,
) -> list[tuple[Batch, _Answer]]:
    """Have every batch worked on by some process, each of which takes runs of whole batches.

    That a picture cannot be read is known once it was tried. The batches that form without it are others: those of them
    that are new are worked on in another round, until a round finds no other such picture.

    Args:
        task: what is to be done.
        pictures: all, which collect what the processes find.
        plan: gives the batches that pictures of these numbers form.
        jobs: how many processes at once.
        progress: called with the number of pictures that are done, and of all.

    Returns:
        Each batch of the pictures that could be read, in the order of the plan, and its answer.

    Raises:
        CopyistError: what a process refused; the others end too, and nothing is being written any more.
        JobError: a process has died.
    """
    planned = plan(range(len(pictures)))
    with _marker_of_work(task.folder) as marker:
        sharing = _Sharing(task, pictures, jobs, marker, progress)
        for rounds in itertools.count():
            sharing.do([batch for batch in planned if batch not in sharing.answers])
            order = [row for batch in planned for row in batch.rows]
            # What is read again in a later round has had its notices recorded in the first.
            readable = [
                row
                for row in order
                if pictures.record(
                    row,
                    failure=sharing.failures.get(row),
                    notices=() if rounds else sharing.notices.get(row, ()),
                )
            ]
            if len(readable) == len(order):
                break
            planned = plan(sorted(readable))
            sharing.keep(planned)
    return [(batch, sharing.answers[batch]) for batch in planned]


@final
@dataclass(frozen=True, kw_only=True)
class _Job(Generic[_Opened, _Answer]):
    """A contiguous run of whole batches."""

    task: Task[_Opened, _Answer]
    """What is done with them."""
    cwd: Path
    """From which relative paths of the task lead."""
    marker: Path
    """A file in the task's folder that is there as long as someone waits for the work."""
    threads: int
    """Of torch, in each process."""
    batches: tuple[Batch, ...]
    """The run."""
    names: Mapping[int, tuple[str, str]]
    """Of each picture of the run and of what fills it, and of the file that holds it, by number."""
    shapes: Mapping[int, tuple[int, int, int]]
    """(C, H, W) of each of these, by number."""


@final
@dataclass(frozen=True, kw_only=True)
class _Done(Generic[_Answer]):
    """What a job has found."""

    answers: Mapping[Batch, _Answer]
    """Of its batches; where a picture failed they are not those of the batches that are planned, and not taken."""
    failures: Mapping[int, str]
    """The pictures that could not be read, by number: the name of each and why."""
    notices: Mapping[int, Sequence[str]]
    """What could not be kept of those that were read, by number."""


@final
class _Sharing(Generic[_Opened, _Answer]):
    """One work among processes, and what they have found so far."""

    def __init__(
        self,
        task: Task[_Opened, _Answer],
        pictures: PicturesOfFiles,
        jobs: int,
        marker: Path,
        progress: Progress | None,
    ) -> None:
        self._task, self._jobs, self._marker, self._progress = task, jobs, marker, progress
        self._names = list(zip(pictures.names, pictures.file_names, strict=True))
        self._shapes = pictures.shapes
        self.answers: dict[Batch, _Answer] = {}
        self.failures: dict[int, str] = {}
        self.notices: dict[int, Sequence[str]] = {}

    def do(self, batches: Sequence[Batch]) -> None:
        """Have these batches worked on; those of a job that could not read a picture have no answer."""
        failed: Exception | None = None
        jobs = [(job,) for job in self._cut(batches)]
        # Who is interrupted here is to leave no process at work.
        with contextlib.closing(run_jobs(_do, jobs, jobs=self._jobs)) as results:
            for done in cast("Iterator[_Done[_Answer] | Exception]", results):
                if isinstance(done, Exception):
                    # Jobs that are not done yet miss the marker, and end; who raises here would not wait for them.
                    failed = failed or done
                    self._marker.unlink(missing_ok=True)
                    continue
                self.failures |= done.failures
                self.notices |= done.notices
                if not done.failures:
                    self.answers.update(done.answers)
                if self._progress is not None and failed is None:
                    self._progress(sum(len(batch.rows) for batch in self.answers), len(self._names))
        if failed is not None:
            raise failed

    def keep(self, batches: Sequence[Batch]) -> None:
        """Drop the answers of all other batches."""
        self.answers = {batch: self.answers[batch] for batch in batches if batch in self.answers}

    def _cut(self, batches: Sequence[Batch]) -> Iterator[_Job[_Opened, _Answer]]:
        """Runs of whole batches, of about as many pixels each."""
        cores = cores_at_hand()
        if "OMP_NUM_THREADS" in os.environ:
            cores = min(cores, self._jobs * torch.get_num_threads())
        pixels = [sum(math.prod(self._shapes[row][1:]) for row in batch.rows) for batch in batches]
        share, taken, run = sum(pixels) / (_JOBS_EACH * self._jobs), 0, list[Batch]()
        for batch, own in zip(batches, pixels, strict=True):
            run.append(batch)
            taken += own
            if taken >= share or batch is batches[-1]:
                rows = sorted({row for each in run for row in (*each.fills, *each.rows)})
                yield _Job(
                    task=self._task,
                    cwd=Path.cwd(),
                    marker=self._marker,
                    threads=max(1, cores // self._jobs),
                    batches=tuple(run),
                    names={row: self._names[row] for row in rows},
                    shapes={row: self._shapes[row] for row in rows},
                )
                taken, run = 0, []


@contextlib.contextmanager
def _marker_of_work(folder: Path) -> Generator[Path, None, None]:
    """Context manager: a file in `folder` that is there as long as someone waits for what is done there."""
    marker = folder / temporary_name("shared")
    marker.touch()
    try:
        yield marker
    finally:
        marker.unlink(missing_ok=True)
        forget(str(marker))


def _do(job: _Job[_Opened, _Answer]) -> "_Done[_Answer] | Exception":
    """One job, in a process of its own; why it failed is given back, so that who waits for the others can say it."""
    with _ONE_AT_A_TIME:
        try:
            check_there(job.cwd)
            with limited_threads(job.threads), contextlib.chdir(job.cwd):
                return _done(job)
        except Exception as error:
            error.add_note(traceback.format_exc())
            return error


def _done(job: _Job[_Opened, _Answer]) -> _Done[_Answer]:
    task = job.task
    check_there(task.folder, marker=job.marker)
    try:
        opened, files = once_per_process(str(job.marker), lambda: (task.open(), _files_of(task)))
        pictures = PartOfPictures(files, job.names, job.shapes, channels=task.channels, marker=job.marker)
        answers = task.work(opened, pictures, job.batches)
    finally:
        if not job.marker.exists():
            # Who waited has taken the folder away, and what was just written may have made it again.
            shutil.rmtree(task.folder, ignore_errors=True)
            forget(str(job.marker))
    return _Done(answers=answers, failures=pictures.failures, notices=pictures.notices)


def _files_of(task: Task[_Opened, _Answer]) -> dict[str, PictureFile]:
    """All files by name; an array is opened once, and not by every job."""
    found = find_inputs(task.inputs, without=task.without)
    return {
        file.name: replace(file, load=functools.cache(file.load)) if file.name.endswith(".npy") else file
        for file in found
    }
