"""One safetensors file: the weights, what was measured on data, and the JSON that rebuilds the model.

The JSON document holds format version, package version, the kind and config of the model, batch size, statistics and
fingerprint of the data, recipe, and a summary of the training. Files of format 1 are read as well.
"""

__all__ = [
    "DETECTOR_FILE",
    "DETECTOR_PREFIX",
    "DETECTOR_REFUSAL",
    "MODEL_CATALOGUES",
    "check_model",
    "load",
    "model_file",
    "read_header",
    "read_model",
    "save",
    "unfinished",
]

import importlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from copyist import settings
from copyist.checkpoint.header import NO_MODEL, Header, header_of, is_state, trained_on
from copyist.checkpoint.migration import migrate_tensors
from copyist.checkpoint.tensor_file import FORMAT_VERSION, read_document, read_tensors, write_tensors
from copyist.devices import find_device
from copyist.errors import ArgumentError, CheckpointError, UnknownNameError
from copyist.models.catalogue import MODELS
from copyist.models.contracts import Model, ModelConfig
from copyist.outputs import user_path

MODEL_CATALOGUES: settings.Catalogues = {ModelConfig: MODELS}
"""The kinds of model that a file may hold."""


DETECTOR_FILE = "detector.safetensors"
"""What the file of a detector is called in its folder."""

DETECTOR_REFUSAL = "refused.txt"
"""What stands in its place, a sentence, where the detector failed a check."""

DETECTOR_PREFIX = "detector."
"""Begins the names of tensors that belong to a detector around the model, and are none of its weights."""


def save(path: Path, model: Model, header: Header) -> None:
    """Write a model file, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    write_tensors(path, model.state_dict(), asdict(header))


def load(
    path: str | Path,
    *,
    class_of: str | None = None,
    device: str | torch.device | None = None,
    say: Callable[[str], None] | None = None,
) -> Model:
    """Read a model, in evaluation mode, on the best device at hand unless one is named.

    Of a run that is not finished it is the model of the last saved state, as the run would keep it.

    Args:
        path: a model file, or a run directory that holds one.
        class_of: `package.module:Class` of a model of one's own. Its package's code is run; the file's never is.
        device: where to put it.
        say: takes a sentence where the run is not finished; None makes it a Python warning.

    Raises:
        CheckpointError: the file is missing, damaged, a pickle, from a newer version, or names an unknown model.
        UnknownNameError, ArgumentError: there is no such device, or not on this machine.
    """
    place = find_device(device)
    file = model_file(path)
    header, tensors = read_model(file)
    notice = unfinished(file, header)
    if notice is not None:
        (say or _warn)(notice)
    model = _build(file, header, class_of)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{file} holds weights of another model than its header describes") from error
    model.trained_on = trained_on(file, header)
    return model.to(place).eval()


def model_file(path: str | Path) -> Path:
    """The file that holds the model of `path`: itself, or `model.safetensors` in it, or a run's last saved state, or a
    detector.

    Raises:
        CheckpointError: there is none.
    """
    file = user_path(path)
    if file.is_dir():
        file = file / "model.safetensors"
    state = file.parent / "state" / "state.safetensors"
    if file.name == "model.safetensors" and not file.exists() and state.exists():
        return state
    if file.name == "model.safetensors" and not file.exists() and (file.parent / DETECTOR_FILE).exists():
        return file.parent / DETECTOR_FILE
    if not file.exists():
        raise CheckpointError(f"there is no model at {path}; give a .safetensors file, or the folder of a finished run")
    return file


def read_header(path: Path) -> Header:
    """The header of a model file.

    Raises:
        CheckpointError: as `load`.
    """
    return header_of(path, read_document(path))


def check_model(path: Path, header: Header) -> None:
    """Refuse a file that holds a detector without a model.

    Raises:
        CheckpointError: it does.
    """
    if header.model.get("kind") == NO_MODEL:
        raise CheckpointError(
            f"{path} holds a detector that measures examples without a model, and so none that copies or samples; give "
            "the file of a model, or judge examples by copyist detect run"
        )


def read_model(path: Path) -> tuple[Header, dict[str, Tensor]]:
    """The header of a model file, and its tensors by the names that its model gives them.

    Raises:
        CheckpointError: as `load`.
    """
    document, tensors = read_tensors(path)
    header = header_of(path, document)
    if is_state(document):
        return header, _kept_tensors(header, tensors)
    if document["format_version"] < FORMAT_VERSION:
        tensors = migrate_tensors(tensors, document["model"])
    return header, {name: tensor for name, tensor in tensors.items() if not name.startswith(DETECTOR_PREFIX)}


def unfinished(path: Path, header: Header) -> str | None:
    """A sentence about a model that was taken from a run before its end; None of any other.

    Args:
        path: of its file, which is the state of its run.
        header: of that file.
    """
    planned, training = header.training.get("planned_steps"), header.training
    if planned is None:
        return None
    run, steps = path.parent.parent, training.get("steps")
    best = "" if training.get("kept_step") == steps else f", the best of which are those after {training['kept_step']}"
    return (
        f"the run in {run} is not finished: this is its model after {steps} of {planned} steps{best}; "
        f"copyist train --resume --out {run} goes on with it"
    )


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)


def _kept_tensors(header: Header, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of the tensors of a run's state those of the model that it would keep: the best, their average, or the last."""
    looked = header.training.get("validation_loss") is not None
    for prefix in ("best.", "average.", "model."):
        found = {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
        if found and (looked or prefix != "best."):
            return found
    return {}


def _build(path: Path, header: Header, class_of: str | None) -> Model:
    kind = str(header.model.get("kind"))
    check_model(path, header)
    if ":" in kind:
        return _build_own(path, header, kind, class_of)
    if class_of is not None:
        raise CheckpointError(f"{path} holds a {kind}, which needs no --class-of; leave it out")
    try:
        config = settings.load(ModelConfig, header.model, MODEL_CATALOGUES, name="model")
        # The weights that are drawn here are replaced at once; the global seed is left as it was found.
        with torch.random.fork_rng(devices=[]):
            return config.build()
    except UnknownNameError as error:
        raise CheckpointError(f"{path} cannot be rebuilt: {error}") from error
    except ArgumentError as error:
        raise CheckpointError(f"{path} has a config that cannot be built: {error}") from error


def _build_own(path: Path, header: Header, kind: str, class_of: str | None) -> Model:
    if class_of != kind:
        raise CheckpointError(
            f"{path} holds a model of the class {kind}; add --class-of {kind}, which runs that package's code"
        )
    module, _, name = kind.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{kind} cannot be imported ({error}); install the package that has it") from error
    config = {key: value for key, value in header.model.items() if key != "kind"}
    try:
        if isinstance(made, type) and issubclass(made, ModelConfig):
            return settings.load(made, config, MODEL_CATALOGUES, name="model").build()
        model = made(**config)
    except (ArgumentError, TypeError) as error:
        raise CheckpointError(f"{path} has a config that {kind} does not take: {error}") from error
    if not isinstance(model, Model):
        raise CheckpointError(f"{kind} must be a Model or the ModelConfig of one, got a {type(model).__name__}")
    return model
