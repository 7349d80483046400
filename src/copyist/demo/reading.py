"""Results read from disk, each file refused by name when it is not what `results` describes."""

__all__ = ["Results", "read_results"]

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from copyist.demo.results import Evaluation, History, Model, Report, Samples
from copyist.errors import DataError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything on disk, read."""

    folder: Path
    report: Report
    histories: list[History]
    evaluation: Evaluation | None
    samples: Samples | None

    @property
    def subject(self) -> Model:
        """The model that the report is about."""
        return next((model for model in self.report.models if model.role == "copier"), self.report.models[0])

    def read(self, name: str) -> bytes:
        """The bytes of a file that the report names."""
        return _read(self.folder, name)


def read_results(folder: Path) -> Results:
    """Read a folder of results.

    Raises:
        DataError: a file is missing, half-written or not as described above; the sentence names file and field.
    """
    report = _parse(Report, folder, "report.json")
    if not report.models:
        raise DataError(f"{folder / 'report.json'} must name at least one trained model, got none; write it again")
    return Results(
        folder=folder,
        report=report,
        histories=[_history(folder, model) for model in report.models if model.history],
        evaluation=_parse(Evaluation, folder, "evaluation.json") if (folder / "evaluation.json").exists() else None,
        samples=_parse(Samples, folder, "samples.json") if (folder / "samples.json").exists() else None,
    )


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"the results in {folder} may name only files inside that folder, got {name!r}")
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(
            f"{path} is needed for the report but cannot be read ({reason}); write the results again"
        ) from error


def _parse(kind: type[T], folder: Path, name: str) -> T:
    text = _read(folder, name)
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise DataError(
            f"{folder / name} is not a result as the report reads it ({place}: {first['msg'].lower()}); write it again"
        ) from error


def _history(folder: Path, model: Model) -> History:
    name = str(model.history)
    text = _read(folder, name).decode(errors="replace")
    steps: list[int] = []
    loss: list[float] = []
    validation: list[tuple[int, float]] = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            steps.append(int(row["step"]))
            loss.append(float(row["loss"]))
            if row.get("validation_loss"):
                validation.append((steps[-1], float(row["validation_loss"])))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder / name} must have a step and a loss on every line, and has not on line {line}; write it again"
            ) from error
    return History(model=model.name, steps=steps, loss=loss, validation=validation)
