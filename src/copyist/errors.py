"""Every way copyist refuses.

    CopyistError
    ├── ArgumentError (ValueError)      an argument breaks a rule
    │   ├── ShapeError                  a tensor has the wrong shape for the model
    │   └── UnknownNameError            no recipe, source, option or setting has that name
    ├── ContractError (TypeError)       the model lacks what a procedure needs
    ├── DataError                       a file, folder or array cannot be taken as data
    ├── CheckpointError                 a model file or training state cannot be read
    ├── TrainingError                   training cannot go on
    │   └── InterruptionError           a signal has ended it
    ├── JobError                        a process that shared the work has died
    ├── ConvergenceError                a search ended before it found what it searched for
    ├── RegimeError                     a net does not copy as well as those that a claim is about
    ├── OutputError                     a result cannot be written at the given path
    ├── ExportError                     a model cannot leave PyTorch, or would compute something else there
    └── MissingExtraError (ImportError) an optional part is not installed

Each message is one sentence: what must hold, what was got, and what to do. The command line prints it and exits with 1,
or with 128 and the number of the signal that has ended it, as shells do.
"""

__all__ = [
    "ArgumentError",
    "CheckpointError",
    "ContractError",
    "ConvergenceError",
    "CopyistError",
    "DataError",
    "ExportError",
    "InterruptionError",
    "JobError",
    "MissingExtraError",
    "OutputError",
    "RegimeError",
    "ShapeError",
    "TrainingError",
    "UnknownNameError",
]

from collections.abc import Callable
from typing import Any


class CopyistError(Exception):
    """Anything copyist refuses or fails at; its text is one sentence for the user."""

    @property
    def problem(self) -> str:
        """The sentence up to its semicolon, without the remedy."""
        return str(self).partition("; ")[0]


class ArgumentError(CopyistError, ValueError):
    """An argument breaks a rule."""


class ShapeError(ArgumentError):
    """A tensor has the wrong shape."""


class UnknownNameError(ArgumentError):
    """A name is not among the known ones; the nearest is offered."""


class ContractError(CopyistError, TypeError):
    """The model does not keep the contract that a verb asks for."""


class DataError(CopyistError):
    """A file, folder or array cannot be taken as data."""


class CheckpointError(CopyistError):
    """A model file or training state cannot be read."""


class TrainingError(CopyistError):
    """Training cannot go on."""


class InterruptionError(TrainingError):
    """Training was ended by a signal."""

    def __init__(self, sentence: str, *, signal: int) -> None:
        super().__init__(sentence)
        self.signal = signal
        """Its number, such as `signal.SIGTERM`."""

    def __reduce__(self) -> "tuple[Callable[..., InterruptionError], tuple[str, int], dict[str, Any]]":
        """Pickle with the signal, which is a keyword argument, and notes."""
        return _interruption, (str(self), self.signal), self.__dict__


class JobError(CopyistError):
    """A process that shared the work has died."""


class ConvergenceError(CopyistError):
    """A search ended before it found what it searched for."""


class RegimeError(CopyistError):
    """A net does not copy as well as those that a claim is about."""


class OutputError(CopyistError):
    """A result cannot be written at the given path."""


class ExportError(CopyistError):
    """A model cannot leave PyTorch, or would compute something else there."""


class MissingExtraError(CopyistError, ImportError):
    """An optional part is not installed."""


def _interruption(sentence: str, signal: int) -> InterruptionError:
    return InterruptionError(sentence, signal=signal)
