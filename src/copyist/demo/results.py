"""A folder of the demo's results, read whole for its report."""

__all__ = ["DemoResults", "read_results"]

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, final

from copyist.demo.document import DemoReport, SampleNeighbors, TrainedModel
from copyist.errors import DataError
from copyist.evaluation.denoising_table import DenoisingTable
from copyist.evaluation.documents import Document
from copyist.evaluation.evaluation import Evaluation

D = TypeVar("D", bound=Document)


@final
@dataclass(frozen=True, kw_only=True)
class DemoResults:
    """Everything on disk, read."""

    folder: Path
    report: DemoReport
    table: DenoisingTable | None
    real: DenoisingTable | None
    samples: SampleNeighbors | None

    @property
    def subject(self) -> TrainedModel:
        """The model that the report is about."""
        return next((model for model in self.report.models if model.role == "copier"), self.report.models[0])

    def read(self, name: str) -> bytes:
        """The bytes of a file that the report names."""
        return _read(self.folder, name)


def read_results(folder: Path) -> DemoResults:
    """Read a folder of results.

    Raises:
        DataError: a file is missing, half-written or not as `copyist.demo.document` describes it; the sentence names
            file and field.
    """
    report = _parse(DemoReport, folder, "report.json")
    if not report.models:
        raise DataError(f"{folder / 'report.json'} must name at least one trained model, got none; write it again")
    table, real = (
        _parse(Evaluation, folder, name).denoising if (folder / name).exists() else None
        for name in ("evaluation.json", "real.json")
    )
    return DemoResults(
        folder=folder,
        report=report,
        table=table,
        real=real,
        samples=_parse(SampleNeighbors, folder, "samples.json") if (folder / "samples.json").exists() else None,
    )


def _parse(kind: type[D], folder: Path, name: str) -> D:
    return kind.from_json(_read(folder, name), name=str(folder / name))


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
