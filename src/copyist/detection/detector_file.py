"""A detector in one file: that of its model, with the measure, its statistics and the calibration beside the weights.

Every verb takes the file as that of the model, and refuses it where the detector has none.
"""

__all__ = ["holds_detector", "load_detector", "read_encoding", "save_detector"]

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch

from copyist import settings
from copyist.checkpoint import (
    DETECTOR_FILE,
    DETECTOR_PREFIX,
    DETECTOR_REFUSAL,
    NO_MODEL,
    Header,
    load,
    read_document,
    read_header,
    trained_on,
)
from copyist.checkpoint.tensor_file import read_tensors, write_tensors
from copyist.data.table_encoding import TableEncoding
from copyist.detection.detector import Detector
from copyist.detection.detector_recipe import CATALOGUES, DetectorPurpose
from copyist.detection.measures.contract import AnomalyMeasure
from copyist.detection.no_model import NoModel
from copyist.devices import find_device
from copyist.errors import ArgumentError, CheckpointError
from copyist.models.contracts import Reconstructor, needs
from copyist.outputs import user_path

_VERSION = 2
"""Of what a detector adds to a model file, the highest that is read; 2 has groups in the calibration, which those who
read only 1 would misread."""


def save_detector(path: str | Path, detector: Detector) -> None:
    """Write a detector, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    own = {"calibration": detector.calibration} | {
        f"statistics.{name}": tensor for name, tensor in detector.statistics.items()
    }
    own |= {} if detector.groups is None else {"groups": detector.groups}
    document = {
        "version": 1 if detector.groups is None else 2,
        "measure": settings.dump(detector.measure, CATALOGUES),
        "false_alarms": detector.false_alarms,
    }
    if detector.encoding is not None:
        document |= {"encoding": detector.encoding.document(), "departure": detector.departure}
    weights = {} if isinstance(detector.model, NoModel) else detector.model.state_dict()
    tensors = weights | {f"{DETECTOR_PREFIX}{name}": tensor for name, tensor in own.items()}
    write_tensors(user_path(path), tensors, asdict(detector.header) | {"detector": document})


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
    header = read_header(file)
    model = _model(file, header, class_of, device)
    try:
        return Detector(
            model=model,
            measure=settings.load(AnomalyMeasure, recorded["measure"], CATALOGUES, name="measure"),
            statistics={
                name.removeprefix("statistics."): each for name, each in own.items() if name.startswith("statistics.")
            },
            calibration=own["calibration"],
            groups=own.get("groups"),
            false_alarms=recorded["false_alarms"],
            header=header,
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


def read_encoding(path: str | Path) -> TableEncoding | None:
    """The encoding of tables in the file of a detector; None of any other file or folder.

    Raises:
        CheckpointError: the file is damaged, or from a newer version.
    """
    file = user_path(path)
    file = file / DETECTOR_FILE if file.is_dir() else file
    if not file.is_file():
        return None
    found = read_document(file).get("detector")
    if not isinstance(found, dict) or "encoding" not in found:
        return None
    try:
        return TableEncoding.from_document(cast("dict[str, Any]", found)["encoding"])
    except (TypeError, ArgumentError) as error:
        raise CheckpointError(f"{file} holds an encoding that cannot be read: {error}; fit it again") from error


def _model(
    file: Path, header: Header, class_of: str | None, device: str | torch.device | None
) -> Reconstructor | NoModel:
    if header.model.get("kind") == NO_MODEL:
        return NoModel(trained_on(file, header)).to(find_device(device)).eval()
    return needs(load(file, class_of=class_of, device=device), Reconstructor, verb="detect")


def _file(path: str | Path) -> Path:
    file = user_path(path)
    file = file / DETECTOR_FILE if file.is_dir() else file
    refusal = file.with_name(DETECTOR_REFUSAL)
    if not file.exists() and refusal.exists():
        sentence = refusal.read_text(encoding="utf-8").strip()
        raise CheckpointError(f"there is no detector in {file.parent}, it failed a check: {sentence}")
    if not file.exists() and (file.parent / "state").is_dir():
        if DetectorPurpose.of_run(file.parent) is None:
            raise CheckpointError(
                f"there is no detector in {path}, which holds the run of a model; copyist detect fit makes one of "
                "normal examples, in a folder of its own"
            )
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
