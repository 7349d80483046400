"""Pictures before a detector in several processes.

What is found is what one process with as many threads of torch as each job has finds, bit for bit.
"""

__all__ = ["DetectorFile", "judge_in_jobs"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, final

from copyist.detection import Detector, load_detector
from copyist.evaluation.anomalies.judging import Aims, JudgedBatch, judge_batch, prepared_batches
from copyist.evaluation.anomalies.pictures import MOST_KEPT, Pictures
from copyist.evaluation.anomalies.preparation import Preparation
from copyist.evaluation.part_of_pictures import PartOfPictures
from copyist.evaluation.shared_pictures import share_pictures
from copyist.files.bulk import Progress
from copyist.outputs import temporary_name
from copyist.procedures.sizes import Batch


@final
@dataclass(frozen=True, kw_only=True)
class DetectorFile:
    """A detector as each process reads it from its file."""

    path: str
    """Of the file, or of the folder that holds it."""

    class_of: str | None = None
    """`package.module:Class` of a model of one's own."""

    device: str | None = None
    """Where to compute; None is the best at hand."""

    def open(self) -> Detector:
        """Read the detector.

        Raises:
            CopyistError: as `load_detector`.
        """
        return load_detector(self.path, class_of=self.class_of, device=self.device)


def judge_in_jobs(
    file: DetectorFile,
    detector: Detector,
    pictures: Pictures,
    aims: Aims,
    *,
    inputs: Sequence[str],
    out: Path,
    folder: Path,
    jobs: int,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> list[JudgedBatch]:
    """See every picture once, in several processes that share whole batches, as `Pictures.judge` takes it.

    They run on this machine, or where `joblib.parallel_config` says; they must see the inputs, the detector and the
    folder under the same paths.

    Args:
        file: of the detector.
        detector: what is in it.
        pictures: as it takes them.
        aims: what is asked of them beside the anomaly.
        inputs: that name the pictures.
        out: where results go, which is no data.
        folder: the one that becomes `out`; nothing is left in it.
        jobs: how many processes at once.
        batch_size: pictures at once; None takes the model's own.
        progress: called with the number of pictures seen, and of all.

    Raises:
        CopyistError: as `Pictures.judge`.
        JobError: a process has died.
    """
    from joblib import dump

    size = batch_size or detector.model.batch_size
    task = _Judging(
        detector=file,
        inputs=tuple(inputs),
        without=out,
        folder=folder,
        aims=folder / temporary_name("aims"),
        channels=pictures.channels,
        preparation=pictures.preparation,
        batch_size=batch_size,
    )
    # Simple detectors hold their training examples: they go to each process once, and not with each job.
    dump(aims, task.aims)

    def plan(rows: Sequence[int]) -> list[Batch]:
        starts = range(0, len(rows), size)
        return [Batch(tuple(rows[start : start + size]), number=number) for number, start in enumerate(starts)]

    found = share_pictures(task, pictures.files, plan, jobs=jobs, progress=progress)
    task.aims.unlink()
    return [judged for _, judged in found]


@final
@dataclass(frozen=True, kw_only=True)
class _Judging:
    """The task of each process: the anomalies of pictures, and what is asked beside them."""

    detector: DetectorFile
    inputs: tuple[str, ...]
    without: Path
    folder: Path
    aims: Path
    """The file that holds them."""
    channels: int | None
    preparation: Preparation
    batch_size: int | None

    def open(self) -> tuple[Detector, Aims]:
        from joblib import load

        return self.detector.open(), cast("Aims", cast("Any", load)(self.aims))

    def work(
        self, opened: tuple[Detector, Aims], pictures: PartOfPictures, batches: Sequence[Batch]
    ) -> Mapping[Batch, JudgedBatch]:
        detector, aims = opened
        size = self.batch_size or detector.model.batch_size
        stream = pictures.read([row for batch in batches for row in batch.rows])
        prepared = prepared_batches(detector, self.preparation, stream, batch_size=self.batch_size)
        found: dict[Batch, JudgedBatch] = {}
        # Where a picture cannot be read there are other batches, and perhaps fewer, whose answers are not taken.
        for (members, x), batch in zip(prepared, batches, strict=False):
            rows = [row for row, _ in members]
            judged = judge_batch(
                detector,
                self.preparation,
                aims,
                rows,
                x,
                sizes=[pictures.shape(row)[1:] for row in rows],
                batch_size=self.batch_size,
            )
            found[batch] = judged if _is_kept(judged, batch.number, size) else replace(judged, heat=None)
        return found


def _is_kept(judged: JudgedBatch, number: int, size: int) -> bool:
    """Whether the heat of a batch is kept for drawing, as it is where all batches are judged one after the other."""
    if judged.heat is None:
        return False
    values = judged.heat[0].numel()
    before = min(number, MOST_KEPT // (size * values)) * size
    return (before + len(judged.heat)) * values <= MOST_KEPT
