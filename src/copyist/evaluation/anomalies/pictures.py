"""Pictures before a detector: decoded one batch at a time, brought to the size it was trained on, and judged."""

__all__ = ["MOST_KEPT", "HeatedPicture", "JudgedPictures", "Pictures"]

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from copyist.data.inputs import find_inputs
from copyist.detection import Detector
from copyist.evaluation.anomalies.judging import Aims, JudgedBatch, judge_batch, prepared_batches
from copyist.evaluation.anomalies.preparation import Preparation
from copyist.files.bulk import Progress
from copyist.files.picture import say_repeated
from copyist.files.picture_files import PicturesOfFiles
from copyist.metrics.ranking import PixelCounts
from copyist.tensors import Images, PerImage

MOST_KEPT = 2**25
"""Values of heat that are kept from judging to drawing; what is beyond is computed again."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedPictures:
    """What is known of all pictures once each was seen."""

    rows: list[int]
    """Numbers of those that could be read, of B."""

    anomaly: PerImage
    """(B,)"""

    usual_heat: PerImage
    """(B,): what 95 % of a picture's pixels stay below; 0 where the measure cannot tell pixels."""

    greatest_heat: PerImage
    """(B,)"""

    others: dict[str, PerImage] = field(default_factory=dict[str, PerImage])
    """(B,) of each simple detector beside it."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class HeatedPicture:
    """One picture, and where its anomaly lies, at its own size."""

    row: int

    pixels: Tensor
    """(C, H, W), in [0, 1]."""

    heat: Tensor | None
    """(H, W), not negative; None where the measure cannot tell."""


@final
class Pictures:
    """Pictures as a detector takes them: known by their headers, each decoded when it is judged."""

    def __init__(
        self,
        detector: Detector,
        inputs: Sequence[str],
        *,
        resize: bool = False,
        batch_size: int | None = None,
        without: Path | None = None,
        say: Callable[[str], None],
    ) -> None:
        """Find the pictures, and check their sizes and channels.

        Args:
            detector: of images.
            inputs: files, folders or sources.
            resize: whether those of another size are brought to that of the training; they are in any case where the
                training brought its own images to it.
            batch_size: pictures at once; None takes the model's own.
            without: a file or folder that is no data, such as where results go.
            say: takes notices, each one sentence.

        Raises:
            DataError, UnknownNameError, ArgumentError: as `find_inputs` and `PicturesOfFiles`.
            ShapeError: a picture has other channels than the model takes, or another size that nobody asked to change.
        """
        found, model = find_inputs(inputs, without=without, say=say), detector.model
        self.channels = Preparation.of(model, shape=(1, 1, 1), resize=resize).channels
        """To which files are converted that do not say so themselves."""
        files = [replace(file, channels=self.channels if file.channels is None else file.channels) for file in found]
        self._files = PicturesOfFiles(files, say=say)
        self._detector, self._batch = detector, batch_size
        shapes, names = self._files.shapes, self._files.names
        self._preparation = Preparation.of(model, shape=shapes[0], resize=resize)
        for name, shape in zip(names, shapes, strict=True):
            self._preparation.check(name, shape)
        wanted = self._preparation.shape[0]
        gray = [name for name, shape in zip(names, shapes, strict=True) if shape[0] == 1 and wanted == 3]
        say_repeated(gray, say, written_back=False)
        self._heat: dict[int, Tensor] = {}

    @property
    def names(self) -> list[str]:
        """Of all pictures, by number."""
        return self._files.names

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(H, W) of all pictures, by number."""
        return [shape[1:] for shape in self._files.shapes]

    @property
    def unseen(self) -> float:
        """The share of all pixels that are cut away before the detector sees a picture."""
        seen = sum(map(self._preparation.seen, self.sizes))
        return max(0.0, 1 - seen / sum(height * width for height, width in self.sizes))

    @property
    def files(self) -> PicturesOfFiles:
        """As they are read."""
        return self._files

    @property
    def preparation(self) -> Preparation:
        """How they are brought to what the model takes."""
        return self._preparation

    def judge(
        self,
        aims: Aims,
        *,
        pixels: PixelCounts | None = None,
        batches: Iterable[JudgedBatch] | None = None,
        progress: Progress | None = None,
    ) -> JudgedPictures:
        """See every picture once.

        Args:
            aims: what is asked of them beside the anomaly.
            pixels: where pixels are counted.
            batches: all, in their order, where other processes judge them; None judges them here.
            progress: called with the number of pictures seen, and of all, where they are judged here.

        Raises:
            DataError: more than 1 % of the pictures, or a mask, cannot be read.
        """
        rows, found = list[int](), list[Tensor]()
        beside: dict[str, list[Tensor]] = {name: [] for name in aims.others}
        for batch in self._judged(aims) if batches is None else batches:
            rows += batch.rows
            found.append(batch.found)
            for name, each in batch.others.items():
                beside[name].append(each)
            if batch.heat is not None:
                self._keep(batch.rows, batch.heat)
            if pixels is not None:
                for counted in batch.counted:
                    pixels.add_counted(counted)
            if progress is not None and batches is None:
                progress(len(rows), len(self.names))
        self._files.report()
        anomaly, usual, greatest = torch.cat(found, 1)
        kept = [place for place, row in enumerate(rows) if self._files.is_whole(row)]
        return JudgedPictures(
            rows=[rows[place] for place in kept],
            anomaly=anomaly[kept],
            usual_heat=usual[kept],
            greatest_heat=greatest[kept],
            others={name: torch.cat(parts)[kept] for name, parts in beside.items()},
        )

    def read_with_heat(self, rows: Sequence[int]) -> Iterator[HeatedPicture]:
        """Pictures with their heat at their own size, in the order of `rows`."""
        for members, x in self._batches(rows):
            kept = [self._heat.get(row) for row, _ in members]
            fresh = None if None not in kept else self._detector(x, parts=True, batch_size=self._batch).parts
            for place, (row, pixels) in enumerate(members):
                heat = kept[place] if fresh is None else fresh[place]
                own = None if heat is None else self._preparation.heat_at_size(heat, self.sizes[row])
                yield HeatedPicture(row=row, pixels=pixels, heat=own)

    def _keep(self, rows: Sequence[int], heat: Tensor) -> None:
        if (len(self._heat) + len(rows)) * heat[0].numel() <= MOST_KEPT:
            self._heat |= dict(zip(rows, heat, strict=True))

    def _judged(self, aims: Aims) -> Iterator[JudgedBatch]:
        sizes = self.sizes
        for members, x in self._batches(range(len(sizes))):
            rows = [row for row, _ in members]
            yield judge_batch(
                self._detector,
                self._preparation,
                aims,
                rows,
                x,
                sizes=[sizes[row] for row in rows],
                batch_size=self._batch,
            )

    def _batches(self, rows: Sequence[int]) -> Iterator[tuple[list[tuple[int, Tensor]], Images]]:
        """Numbers and pixels (C, H, W) of some pictures, and all of them as the model takes them."""
        return prepared_batches(self._detector, self._preparation, self._files.read(rows), batch_size=self._batch)
