"""A traced part as the bytes of a `.pt2` file, and such bytes as a function."""

__all__ = ["torch_bytes", "torch_runner"]

import io
import json
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.export import ExportedProgram

from copyist.export.parity import Run
from copyist.export.tracing import quiet

METADATA = "copyist.json"
"""The file in the archive that holds the metadata."""


def torch_bytes(program: ExportedProgram, metadata: Mapping[str, str]) -> bytes:
    """The `.pt2` file of a program, which `torch.export.load` reads."""
    file = io.BytesIO()
    with quiet():
        torch.export.save(program, file, extra_files={METADATA: json.dumps(dict(metadata))})
    return file.getvalue()


def torch_runner(content: bytes) -> Run:
    """A `.pt2` file as a function of tensors."""
    with quiet():
        module = torch.export.load(io.BytesIO(content)).module()

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        with torch.no_grad(), quiet():
            return module(*inputs)

    return run
