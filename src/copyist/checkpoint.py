"""One safetensors file: the weights, and in its header the JSON that rebuilds the model.

The header's metadata has three entries. "copyist" is the JSON document: format version, package version, the kind and
config of the model, batch size, statistics and fingerprint of the data, recipe, and a summary of the training.
"tensors" and "document" are SHA-256 sums, so that a file with one wrong bit is refused and never half believed.
"""

__all__ = ["FORMAT_VERSION", "Header", "load", "read_header", "read_tensors", "save", "sum_of_tensors", "write_tensors"]

import contextlib
import hashlib
import importlib
import json
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from copyist import settings
from copyist.devices import find_device
from copyist.errors import ArgumentError, CheckpointError, UnknownNameError
from copyist.models.base import Model
from copyist.models.catalogue import MODELS
from copyist.models.config import ModelConfig
from copyist.outputs import whole_file

FORMAT_VERSION = 1
"""Raised when older readers would misread newer files."""

MODEL_CATALOGUES: settings.Catalogues = {ModelConfig: MODELS}


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a model file says of itself, but for the weights."""

    model: dict[str, Any]
    """The kind of model, and its config; for one's own the kind is `package.module:Class`, which names
    a `ModelConfig`, or a `Model` that takes the config's fields."""

    batch_size: int
    """Images per batch in training, and in use unless told otherwise."""

    data: dict[str, Any] = field(default_factory=dict[str, Any])
    """The training data: source, shape, number, mean and standard deviation per channel or column, the names of
    columns, fingerprint."""

    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    """The recipe that was trained, with every setting."""

    training: dict[str, Any] = field(default_factory=dict[str, Any])
    """How the training went: steps, seconds, losses, device."""

    format_version: int = FORMAT_VERSION
    package_version: str = field(default_factory=lambda: version("copyist"))


def save(path: Path, model: Model, header: Header) -> None:
    """Write a model file, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    write_tensors(path, model.state_dict(), asdict(header))


def load(path: str | Path, *, class_of: str | None = None, device: str | torch.device | None = None) -> Model:
    """Read a model, in evaluation mode, on the best device at hand unless one is named.

    Args:
        path: a model file, or a run directory that holds one.
        class_of: `package.module:Class` of a model of one's own. Its package's code is run; the file's never is.
        device: where to put it.

    Raises:
        CheckpointError: the file is missing, damaged, a pickle, from a newer version, or names an unknown model.
        UnknownNameError, ArgumentError: there is no such device, or not on this machine.
    """
    place = find_device(device)
    file = model_file(path)
    header = read_header(file)
    model = _build(file, header, class_of)
    _, tensors = read_tensors(file)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{file} holds weights of another model than its header describes") from error
    model.batch_size = header.batch_size
    model.image_shape = _image_shape(file, header.data)
    model.columns = _columns(file, header.data)
    return model.to(place).eval()


def model_file(path: str | Path) -> Path:
    """The model file that `path` means: itself, or `model.safetensors` in it.

    Raises:
        CheckpointError: there is none.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "model.safetensors"
    if (file.parent / "state").is_dir() and not file.exists():
        raise CheckpointError(f"the run in {file.parent} is not finished; go on with it by copyist train … --resume")
    if not file.exists():
        raise CheckpointError(f"there is no model at {path}; give a .safetensors file, or the folder of a finished run")
    return file


def read_header(path: Path) -> Header:
    """What a model file says of itself.

    Raises:
        CheckpointError: as `load`.
    """
    document = _document(path)
    fields = {"model": dict, "batch_size": int, "data": dict, "recipe": dict, "training": dict, "package_version": str}
    for name, kind in fields.items():
        if not isinstance(document.get(name), kind):
            raise CheckpointError(f"{path} is no model file: its header has no valid {name!r}; train the model again")
    if document["batch_size"] < 1:
        raise CheckpointError(f"{path} must have a batch size of at least 1, got {document['batch_size']}")
    _image_shape(path, document["data"])
    _columns(path, document["data"])
    return Header(format_version=FORMAT_VERSION, **{name: document[name] for name in fields})


def write_tensors(path: Path, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
    """Write tensors and a JSON document into one file, whole or not at all, with the sums of both.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    # A clone parts tensors that share memory, which the format refuses.
    kept = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(document, ensure_ascii=True)
    metadata = {"copyist": text, "document": _sum(text.encode()), "tensors": sum_of_tensors(kept)}
    with whole_file(path) as temporary:
        try:
            save_file(kept, temporary, metadata=metadata)
        except SafetensorError as error:
            raise OSError(None, str(error)) from error


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The JSON document and the tensors of a file, once both agree with their sums.

    Raises:
        CheckpointError: as `load`.
    """
    document = _document(path)
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        if sum_of_tensors(tensors) != (file.metadata() or {}).get("tensors"):
            raise CheckpointError(f"{path} is damaged: its weights are not those that were written; use another copy")
    return document, tensors


def sum_of_tensors(tensors: Mapping[str, Tensor]) -> str:
    """A SHA-256 sum of names, types, shapes and values: equal weights, equal sum."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _build(path: Path, header: Header, class_of: str | None) -> Model:
    kind = str(header.model.get("kind"))
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


def _image_shape(path: Path, data: Mapping[str, Any]) -> tuple[int, ...] | None:
    shape = data.get("image_shape")
    if shape is None:
        return None
    if not isinstance(shape, list) or [type(side) for side in cast("list[Any]", shape)] not in ([int] * 3, [int]):
        raise CheckpointError(
            f"{path} must have an image shape of three whole numbers, or of one for a table, got {shape!r}"
        )
    return tuple(cast("list[int]", shape))


def _columns(path: Path, data: Mapping[str, Any]) -> tuple[str, ...]:
    columns = data.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in cast("list[Any]", columns)):
        raise CheckpointError(f"{path} must name its columns in a list of texts, got {columns!r}")
    return tuple(cast("list[str]", columns))


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


def _document(path: Path) -> dict[str, Any]:
    with _opened(path) as file:
        metadata = file.metadata() or {}
    if "copyist" not in metadata:
        raise CheckpointError(
            f"{path} was not written by copyist: its header does not describe a model; give a file that copyist trained"
        )
    text = metadata["copyist"]
    if _sum(text.encode()) != metadata.get("document"):
        raise CheckpointError(f"{path} is damaged: its header is not the one that was written; use another copy")
    document = _parsed(path, text)
    written = document.get("format_version")
    if not isinstance(written, int) or written > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {written}, written by copyist {document.get('package_version')}, and this "
            f"copyist reads up to {FORMAT_VERSION}; upgrade copyist"
        )
    return document


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CheckpointError(f"{path} is no model file: its header is no table of settings; use another copy")
    return cast("dict[str, Any]", document)


@contextlib.contextmanager
def _opened(path: Path) -> Generator[Any, None, None]:
    _refuse_pickles(path)
    try:
        opened = safe_open(path, framework="pt")
    except (SafetensorError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is truncated or damaged, or no safetensors file; use another copy") from error
    with opened as file:
        yield file


def _refuse_pickles(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({(error.strerror or str(error)).lower()})") from error
    # torch.save writes a zip of a pickle; older versions and pickle itself begin with the protocol's opcode.
    # A safetensors file begins with the length of its header, which may be any eight bytes; the header is JSON.
    if start[8:] != b"{" and start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise CheckpointError(
            f"{path} is a pickle, and reading one can run any code; save the weights as safetensors instead"
        )


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
