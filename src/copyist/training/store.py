"""Where a run keeps what it makes: in a folder, or in memory alone."""

__all__ = ["Store"]

import contextlib
import copy
import shutil
from collections.abc import Callable, Mapping, Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any, final

from torch import Tensor

from copyist import checkpoint
from copyist.drawing.grids import rows, write_png
from copyist.errors import CheckpointError, OutputError
from copyist.models.contracts import Model
from copyist.outputs import check_output, clear_unfinished
from copyist.tensors import Images
from copyist.training.history import Events, HistoryRow, read_history, write_history
from copyist.training.lock import LOCK, check_unlocked, hold_lock

_FILES = ("model.safetensors", "history.csv", checkpoint.DETECTOR_FILE, checkpoint.DETECTOR_REFUSAL)
"""What a run leaves in its folder, or what was made of its model there."""

_FOLDERS = ("state", "tensorboard", "samples", "snapshots")
"""What a run makes in its folder, beside files."""


@final
class Store:
    """What a run writes while it goes on, what it reads again to go on, and what is left when it is over.

    Without a folder nothing is written to disk: state, history and model are kept in memory, pictures and events are
    not. A file in a folder is whole, whenever the run is killed; what cannot be written raises `OutputError`.
    """

    def __init__(self, folder: Path | None, *, writes: bool = True) -> None:
        """Write nothing yet.

        Args:
            folder: which need not exist; None keeps what the run makes in memory.
            writes: whether this process writes in the folder, of several that share a run.
        """
        self._folder, self._writes = folder, writes
        self._state: tuple[Mapping[str, Any], Mapping[str, Tensor]] | None = None
        self._rows: list[HistoryRow] = []
        self._model: Model | None = None
        self._header: checkpoint.Header | None = None
        self._layers: list[Store] = []
        self._first_stage: Store | None = None
        self._snapshots: dict[float, tuple[Model, checkpoint.Header]] = {}

    def __str__(self) -> str:
        return "memory" if self._folder is None else str(self._folder)

    @property
    def in_memory(self) -> bool:
        """Whether there is no folder."""
        return self._folder is None

    @property
    def folder(self) -> Path:
        """The folder.

        Raises:
            OutputError: there is none.
        """
        if self._folder is None:
            raise OutputError("a run must have been trained into a folder to have files, got one in memory; give out=")
        return self._folder

    @property
    def has_state(self) -> bool:
        """Whether there is a state to go on from."""
        return self._state is not None if self._folder is None else self._state_file.exists()

    def check(self, *, resume: bool, overwrite: bool) -> None:
        """Refuse, before any work, a place where a run cannot begin, or go on.

        Raises:
            OutputError: the folder holds a run already, another run is at work in it, or it cannot be written.
            CheckpointError: there is no run to resume.
        """
        if self._folder is None:
            return
        if resume and not self.has_state:
            raise CheckpointError(f"there is no run to resume in {self._folder}; leave out --resume to start one")
        if not self._writes:
            return  # What the writing process has begun is no older run.
        check_unlocked(self._folder)
        if not resume:
            self._check_free(self._folder, overwrite=overwrite)

    def hold_lock(self, notify: Callable[[str], None]) -> contextlib.AbstractContextManager[None]:
        """Context manager: no other run may write here; `notify` is called where the file system cannot lock files.

        Raises:
            OutputError: another run is at work here.
        """
        if self._folder is None or not self._writes:
            return contextlib.nullcontext()
        return hold_lock(self._folder, notify=notify)

    def begin(self, *, overwrite: bool) -> None:
        """Take away what a run before wrote, where it is to be replaced, and nothing else that may lie there.

        Raises:
            OutputError: another run has been here since `check`.
        """
        if self._folder is None or not self._writes:
            return
        self._check_free(self._folder, overwrite=overwrite)
        if not overwrite:
            return
        for name in _FILES:
            (self._folder / name).unlink(missing_ok=True)
        below = (self.first_stage, *self.layers())
        for part in (*(self._folder / name for name in _FOLDERS), *(store.folder for store in below)):
            shutil.rmtree(part, ignore_errors=True)
        self.clear_unfinished()

    def clear_unfinished(self) -> None:
        """Take away what a run that was killed had half written."""
        if self._folder is not None and self._writes:
            for part in (self._folder, *(self._folder / name for name in _FOLDERS)):
                clear_unfinished(part)

    def save_state(self, document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Keep a state to go on from in place of the one before, whole or not at all."""
        if self._folder is None:
            self._state = document, {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        elif self._writes:
            checkpoint.write_tensors(self._state_file, tensors, document)

    def read_state(self) -> tuple[Mapping[str, Any], Mapping[str, Tensor]]:
        """The document and the tensors of the last saved state.

        Raises:
            CheckpointError: the file is damaged, or from a newer version.
        """
        if self._folder is not None:
            return checkpoint.read_tensors(self._state_file)
        assert self._state is not None
        document, tensors = self._state
        return document, {name: tensor.clone() for name, tensor in tensors.items()}

    def open_events(self, *, after: int) -> Events:
        """TensorBoard events from the step after `after` on."""
        return Events(None if self._folder is None or not self._writes else self._folder / "tensorboard", after=after)

    @property
    def keeps_states(self) -> bool:
        """Whether states are kept by this process: in the folder by the one that writes there, in memory by each."""
        return self._folder is None or self._writes

    @property
    def takes_pictures(self) -> bool:
        """Whether pictures are kept here, by this process."""
        return self._folder is not None and self._writes

    def write_pictures(self, step: int, shown: Mapping[str, Images]) -> None:
        """Write rows of pictures by their names, as they are after `step` steps."""
        if self.takes_pictures:
            write_png(self.folder / "samples" / f"step-{step:07d}.png", rows(shown))

    def write_history(self, history: Sequence[HistoryRow]) -> None:
        """Keep all rows of the history."""
        if self._folder is None:
            self._rows = list(history)
        elif self._writes:
            write_history(self._folder / "history.csv", history)

    def read_history(self) -> list[HistoryRow]:
        """The rows kept last.

        Raises:
            DataError: the file is missing or no history.
        """
        return list(self._rows) if self._folder is None else read_history(self._folder / "history.csv")

    def write_model(self, model: Model, header: checkpoint.Header) -> None:
        """Keep the model that the run has made."""
        if self._folder is None:
            self._model, self._header = model, header
        elif self._writes:
            checkpoint.save(self.model_file, model, header)

    def read_model(self) -> Model:
        """The model that the run has made, in evaluation mode; another one at each call.

        Raises:
            CheckpointError: its file is missing or damaged.
        """
        if self._folder is not None:
            return checkpoint.load(self.model_file)
        assert self._model is not None
        return copy.deepcopy(self._model)

    def snapshot_file(self, level: float) -> Path:
        """Where what is kept under a PSNR lies, if anything is."""
        return self.folder / "snapshots" / f"psnr-{level:g}.safetensors"

    def write_snapshot(self, level: float, model: Model, header: checkpoint.Header) -> None:
        """Keep a model of the run on its way, under the PSNR that its copies have reached."""
        if self._folder is None:
            self._snapshots[level] = model, header
        elif self._writes:
            checkpoint.save(self.snapshot_file(level), model, header)

    def read_snapshot(self, level: float) -> Model | None:
        """What was kept under a PSNR, or None where the copies did not reach it.

        Raises:
            CheckpointError: its file is damaged.
        """
        if self._folder is None:
            return copy.deepcopy(self._snapshots[level][0]) if level in self._snapshots else None
        path = self.snapshot_file(level)
        return checkpoint.load(path) if path.exists() else None

    def read_snapshot_header(self, level: float) -> checkpoint.Header:
        """What the file of a snapshot says of it.

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        if self._folder is None:
            return self._snapshots[level][1]
        return checkpoint.read_header(self.snapshot_file(level))

    def drop_model(self) -> None:
        """Take the model away that the run had made before it was to go on."""
        self._model = self._header = None
        if self._folder is not None and self._writes:
            self.model_file.unlink(missing_ok=True)

    def read_header(self) -> checkpoint.Header:
        """What the model's file says of it.

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        if self._folder is not None:
            return checkpoint.read_header(checkpoint.model_file(self.model_file))
        assert self._header is not None
        return self._header

    def read_document(self) -> Mapping[str, Any]:
        """The document of the last saved state, without its tensors.

        Raises:
            CheckpointError: the file is damaged, or from a newer version.
        """
        return checkpoint.read_document(self._state_file)

    @property
    def model_file(self) -> Path:
        """The trained model.

        Raises:
            OutputError: there is no folder.
        """
        return self.folder / "model.safetensors"

    def layer(self, index: int) -> "Store":
        """Where the run of a layer keeps what it makes, of a run that pretrains layers; the outermost layer is 0."""
        if self._folder is not None:
            return Store(self._folder / f"layer-{index}", writes=self._writes)
        if index == len(self._layers):
            self._layers.append(Store(None))
        return self._layers[index]

    def layers(self) -> tuple["Store", ...]:
        """Those of the layers whose runs were begun, the outermost first."""
        if self._folder is None:
            return tuple(self._layers)
        begun = takewhile(lambda store: store._state_file.parent.is_dir(), map(self.layer, count()))
        return tuple(begun)

    @property
    def first_stage(self) -> "Store":
        """Where the run of the first stage keeps what it makes, of a run that trains one."""
        if self._folder is not None:
            return Store(self._folder / "first-stage", writes=self._writes)
        self._first_stage = self._first_stage or Store(None)
        return self._first_stage

    @property
    def _state_file(self) -> Path:
        return self.folder / "state" / "state.safetensors"

    def _check_free(self, folder: Path, *, overwrite: bool) -> None:
        if not overwrite and self.has_state:
            raise OutputError(f"{folder} holds a run already; add --resume to go on with it, or --force to replace it")
        # A run that was killed as it began may have left its lock and nothing else.
        bare = folder.is_dir() and {path.name for path in folder.iterdir()} <= {LOCK}
        check_output(folder, overwrite=overwrite or bare)
        if folder.is_file():
            raise OutputError(f"{folder} must be a folder to train into, and is a file; choose another place")
