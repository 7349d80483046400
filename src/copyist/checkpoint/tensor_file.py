"""Tensors and a JSON document in one safetensors file, with sums that tell one wrong bit.

The header's metadata has three entries. "copyist" is the JSON document; "tensors" and "document" are SHA-256 sums, so
that a file with one wrong bit is refused and never half believed.
"""

__all__ = ["FORMAT_VERSION", "read_document", "read_tensors", "sum_of_tensors", "write_tensors"]

import contextlib
import hashlib
import json
import stat
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from copyist.errors import CheckpointError
from copyist.outputs import whole_file

FORMAT_VERSION = 2
"""Of all files of tensors; raised when older readers would misread newer files."""


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
        temporary.touch()
        usual = stat.S_IMODE(temporary.stat().st_mode)
        try:
            save_file(kept, temporary, metadata=metadata)
        except SafetensorError as error:
            raise OSError(None, str(error)) from error
        # The library lets nobody but the owner read what it writes; others may read it as they may all files here.
        temporary.chmod(usual)


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The JSON document and the tensors of a file, once both agree with their sums.

    Raises:
        CheckpointError: as `read_document`.
    """
    document = read_document(path)
    with _open_file(path) as file:
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


def read_document(path: Path) -> dict[str, Any]:
    """The JSON document of a file, once it agrees with its sum.

    Raises:
        CheckpointError: the file is damaged, a pickle, no model file, or from a newer version.
    """
    with _open_file(path) as file:
        metadata = file.metadata() or {}
    if "copyist" not in metadata:
        raise CheckpointError(
            f"{path} was not written by copyist: its header does not describe a model; give a file that copyist trained"
        )
    text = metadata["copyist"]
    if _sum(text.encode()) != metadata.get("document"):
        raise CheckpointError(f"{path} is damaged: its header is not the one that was written; use another copy")
    document = _parse(path, text)
    written = document.get("format_version")
    if not isinstance(written, int) or written > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {written}, written by copyist {document.get('package_version')}, and this "
            f"copyist reads up to {FORMAT_VERSION}; upgrade copyist"
        )
    return document


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CheckpointError(f"{path} is no model file: its header is no table of settings; use another copy")
    return cast("dict[str, Any]", document)


@contextlib.contextmanager
def _open_file(path: Path) -> Generator[Any, None, None]:
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
    if path.suffix in (".npz", ".zip"):
        raise CheckpointError(f"{path} is an archive, and no model file; give the file or folder that copyist has made")
    # torch.save writes a zip of a pickle; older versions and pickle itself begin with the protocol's opcode.
    # A safetensors file begins with the length of its header, which may be any eight bytes; the header is JSON.
    if start[8:] != b"{" and start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise CheckpointError(
            f"{path} is a pickle, and reading one can run any code; save the weights as safetensors instead"
        )


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
