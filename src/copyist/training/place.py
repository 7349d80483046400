"""The folder that a run is written into: whether it may be, and what a run before left in it."""

__all__ = ["STATE", "check_place", "clear", "clear_parts"]

import shutil
from pathlib import Path

from copyist.errors import OutputError
from copyist.outputs import check_output, clear_unfinished
from copyist.training.layerwise import layer_folders

STATE = Path("state") / "state.safetensors"
"""What a run is resumed from, in its folder."""

_FOLDERS = ("state", "tensorboard", "samples")
"""What a run makes in its folder, beside files."""


def check_place(folder: Path, *, overwrite: bool) -> None:
    """Refuse, before any work, a folder that a run cannot begin in.

    Raises:
        OutputError: it holds a run already, is a file, or cannot be written.
    """
    if not overwrite and (folder / STATE).exists():
        raise OutputError(f"{folder} holds a run already; add --resume to go on with it, or --force to replace it")
    check_output(folder, overwrite=overwrite)
    if folder.is_file():
        raise OutputError(f"{folder} must be a folder to train into, and is a file; choose another place")


def clear(folder: Path) -> None:
    """Take away what a run writes, and nothing else that may lie there."""
    for name in ("model.safetensors", "history.csv"):
        (folder / name).unlink(missing_ok=True)
    for part in (*(folder / name for name in _FOLDERS), *layer_folders(folder)):
        shutil.rmtree(part, ignore_errors=True)
    clear_parts(folder)


def clear_parts(folder: Path) -> None:
    """Take away what a run that was killed had half written."""
    for part in (folder, *(folder / name for name in _FOLDERS)):
        clear_unfinished(part)
