"""A traced part as the bytes of an ONNX file, with names and metadata; and such bytes as a function."""

__all__ = ["check_runtime", "onnx_bytes", "onnx_runner"]

import re
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.export import ExportedProgram

from copyist.checks import require
from copyist.errors import ExportError
from copyist.export.parity import Run
from copyist.export.part import Part
from copyist.export.tracing import first_sentence, quiet

_Proto: TypeAlias = Any
"""Messages of protocol buffers, of which onnx has no types."""

_SIDES = {2: "height", 3: "width"}


def check_runtime() -> None:
    """Refuse, before any work, where a package is not installed.

    Raises:
        MissingExtraError: with the extra that brings it.
    """
    for module in ("onnx", "onnxscript", "onnxruntime"):
        require(module, extra="export", purpose="export to ONNX")


def onnx_bytes(part: Part, program: ExportedProgram, metadata: Mapping[str, str]) -> bytes:
    """The ONNX file of a program, in one piece.

    Raises:
        ExportError: an operation has no counterpart in ONNX, with the layer that it belongs to.
    """
    with quiet(), torch.no_grad():
        try:
            found = torch.onnx.export(
                program,
                dynamo=True,
                external_data=False,
                verbose=False,
                input_names=[value.name for value in part.inputs],
                output_names=[value.name for value in part.outputs],
            )
        except Exception as error:
            layer = _layer_of(error)
            where = f" of the layer {layer}" if layer else ""
            raise ExportError(
                f"all operations must have a counterpart in ONNX, and one{where} has none: "
                f"{_reason(error)}; export the program of PyTorch instead (--to torch)"
            ) from error
    assert found is not None
    proto: _Proto = found.model_proto
    _name_axes(proto.graph, part)
    proto.doc_string = f"{part.what}, by copyist"
    for name, text in metadata.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = name, text
    return proto.SerializeToString()


def onnx_runner(content: bytes) -> Run:
    """An ONNX file as a function of tensors, by ONNX Runtime on the CPU, with as many threads as PyTorch uses.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
    """
    runtime: Any = require("onnxruntime", extra="export", purpose="export to ONNX")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        given = {name: x.contiguous().numpy() for name, x in zip(names, inputs, strict=True)}
        return [torch.from_numpy(each) for each in session.run(None, given)]

    return run


def _name_axes(graph: _Proto, part: Part) -> None:
    """Give axes without a fixed length their names, and lengths that follow from them as formulas of these."""
    names: dict[str, str] = {}
    several = len(part.inputs) > 1
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.dim_param and axis == 0:
                names[dim.dim_param] = "batch"
            elif dim.dim_param:
                side = _SIDES.get(axis, f"axis_{axis}")
                names.setdefault(dim.dim_param, f"{value.name}_{side}" if several and value.name != "x" else side)
    pattern = re.compile("|".join(rf"\b{re.escape(symbol)}\b" for symbol in names) or r"(?!)")
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = pattern.sub(lambda found: names[found[0]], dim.dim_param)


def _layer_of(error: BaseException) -> str:
    """The innermost module that the operation belongs to which could not be translated; empty where that is not
    known."""
    for each in _chain(error):
        # PyTorch's sentence names an operation by another name than the model does; the frame has the operation itself.
        for frame, _ in traceback.walk_tb(each.__traceback__):
            node = frame.f_locals.get("node")
            if isinstance(node, torch.fx.Node) and node.op == "call_function":
                stack: dict[str, Any] = node.meta.get("nn_module_stack") or {}
                paths = [path for path, _ in stack.values()]
                return re.sub(r"^((L\['self'\]\.)?model(\.|$))+", "", paths[-1]) if paths else ""
    return ""


def _reason(error: BaseException) -> str:
    """What the innermost error says."""
    return first_sentence(list(_chain(error))[-1])


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) is not None and cause not in found:
        found.append(cause)
    return found
