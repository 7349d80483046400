"""A detector in one file: that of its model, with the measure, its statistics and the calibration beside the weights.

Every verb takes the file as that of the model.
"""

__all__ = ["DETECTOR_FILE", "holds_detector", "load_detector", "save_detector"]

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from copyist import settings
from copyist.checkpoint import DETECTOR_PREFIX, load, read_header
from copyist.checkpoint.tensor_file import read_document, read_tensors, write_tensors
from copyist.data.table_encoding import TableEncoding
from copyist.detection.detector import Detector
from copyist.detection.detector_recipe import CATALOGUES
from copyist.detection.measures.contract import AnomalyMeasure
from copyist.errors import ArgumentError, CheckpointError
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import user_path

DETECTOR_FILE = "detector.safetensors"
"""Its name in the folder of a run."""

_VERSION = 1
"""Of what a detector adds to a model file; raised when older readers would misread newer files."""


def save_detector(path: Path, detector: Detector) -> None:
    """Write a detector, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    own = {"calibration": detector.calibration} | {
        f"statistics.{name}": tensor for name, tensor in detector.statistics.items()
    }
    document = {
        "version": _VERSION,
        "measure": settings.dump(detector.measure, CATALOGUES),
        "false_alarms": detector.false_alarms,
    }
    if detector.encoding is not None:
        document |= {"encoding": detector.encoding.document(), "departure": detector.departure}
    tensors = detector.model.state_dict() | {f"{DETECTOR_PREFIX}{name}": tensor for name, tensor in own.items()}
    write_tensors(path, tensors, asdict(detector.header) | {"detector": document})


def load_detector(
    path: str | Path, *, class_of: str | None = None, device: str | torch.device | None = None
) -> Detector:
    """Read a detector, on the best device at hand unless one is named.

    Args:
        path: its file, or the folder that holds it.
        class_of: `package.module:Class` of a model of one's own. Its package's code is run; the file's never is.
        device: where to put it.

    Raises:
        CheckpointError: the file is missing, damaged, from a newer version, or holds no detector.
        ContractError: its model does not copy.
        UnknownNameError, ArgumentError: there is no such device, or not on this machine.
    """
    file = _file(path)
    document, tensors = read_tensors(file)
    recorded = _detector_document(file, document)
    own = {
        name.removeprefix(DETECTOR_PREFIX): each for name, each in tensors.items() if name.startswith(DETECTOR_PREFIX)
    }
    model = needs(load(file, class_of=class_of, device=device), Reconstructor, verb="detect")
    try:
        return Detector(
            model=model,
            measure=settings.load(AnomalyMeasure, recorded["measure"], CATALOGUES, name="measure"),
            statistics={
                name.removeprefix("statistics."): tensor for name, tensor in own.items() if name != "calibration"
            },
            calibration=own["calibration"],
            false_alarms=recorded["false_alarms"],
            header=read_header(file),
            encoding=TableEncoding.from_document(recorded["encoding"]) if "encoding" in recorded else None,
            departure=recorded.get("departure", 0.0),
        )
    except (KeyError, TypeError, ArgumentError) as error:
        raise CheckpointError(
            f"{file} holds a detector that cannot be rebuilt: {error}; upgrade copyist, or fit it again"
        ) from error


def holds_detector(path: str | Path) -> bool:
    """Whether a path is that of a detector's file, or of a folder that holds one; of a model it is none.

    Raises:
        CheckpointError: it is a file that no copyist wrote.
    """
    file = user_path(path)
    if file.is_dir():
        return (file / DETECTOR_FILE).exists()
    return file.exists() and "detector" in read_document(file)


def _file(path: str | Path) -> Path:
    file = user_path(path)
    file = file / DETECTOR_FILE if file.is_dir() else file
    if not file.exists() and (file.parent / "state").is_dir():
        raise CheckpointError(
            f"the detector in {path} is not finished; copyist detect fit --resume --out {path} goes on with it"
        )
    if not file.exists():
        raise CheckpointError(f"there is no detector at {path}; give the folder that copyist detect fit made")
    return file


def _detector_document(file: Path, document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("detector")
    if not isinstance(found, dict):
        raise CheckpointError(f"{file} holds a model and no detector; make one by copyist detect fit")
    version = found.get("version")
    if not isinstance(version, int) or version > _VERSION:
        raise CheckpointError(
            f"{file} holds a detector of version {version}, and this copyist reads up to {_VERSION}; upgrade copyist"
        )
    return found
