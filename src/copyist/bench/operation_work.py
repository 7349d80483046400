"""What one operation must compute, read and write at least."""

__all__ = ["Work", "dtype_name", "operation_name", "work_of"]

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any, final

import torch
from torch import Tensor
from torch.utils.flop_counter import flop_registry

_UNREAD = {
    **dict.fromkeys(("ones_like", "zeros_like", "full_like", "rand_like", "randn_like"), ("self",)),
    **dict.fromkeys(("new_zeros", "new_ones", "new_full"), ("self",)),
    **dict.fromkeys(("zero_", "fill_", "copy_", "uniform_", "normal_", "random_", "bernoulli_"), ("self",)),
    # The indices say it all.
    "max_pool2d_with_indices_backward": ("self",),
}
"""Arguments whose values an operation does not need."""

_NO_TRAFFIC = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "_unsafe_view", "resize_"}
"""What only allocates, or only renames, though its schema does not say so."""

_SCATTERS = {"index_put_", "_index_put_impl_"}
"""What writes into its first argument no more than is put there."""

_GATHERS = {"index", "index_select", "gather", "embedding"}
"""What reads of its first argument no more than it puts out."""


@final
@dataclass(frozen=True, kw_only=True)
class Work:
    """What an operation has to do, wherever it is done."""

    flops: float
    """Multiplications and additions of products and convolutions, one by one, but for those with the padding around an
    image. Others are not counted: what passes over each value once is limited by memory."""

    bytes: float
    """Read and written: each tensor that it takes, and each that it gives, once. Two views that overlap count in full
    each, as do all places of a view that shows a value at several (`unfold`): operations on these may move less."""

    dtype: str | None
    """Such as `bfloat16`, of the first tensor that it takes; None where it takes none."""


def work_of(
    operation: Any, arguments: Sequence[Any], options: Mapping[str, Any], result: Any, *, read: Collection[str] = ()
) -> Work:
    """The work of one call of an operation below autograd, as a `TorchDispatchMode` sees it.

    Args:
        operation: an overload of `torch.ops.aten`.
        arguments: those by position.
        options: those by name.
        result: what it gave.
        read: names of arguments that count elsewhere, such as what two calls share that one would do.
    """
    given = _given(operation, arguments, options)
    first = next((dtype_name(tensor.dtype) for value in given.values() for tensor in _tensors(value)), None)
    formula: Any = flop_registry.get(operation.overloadpacket)
    flops = 0.0 if formula is None else formula(*arguments, **options, out_val=result) * _share_inside(given, result)
    return Work(flops=flops, bytes=_traffic(operation, given, result, read), dtype=first)


def operation_name(operation: Any) -> str:
    """Its name without namespace and overload: `convolution`, as the profiler has it behind `aten::`."""
    return operation.overloadpacket.__name__


def dtype_name(dtype: torch.dtype) -> str:
    """`float32` of `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def _traffic(operation: Any, given: Mapping[str, Any], result: Any, read: Collection[str]) -> float:
    name, schema = operation_name(operation), operation._schema
    if name in _NO_TRAFFIC or any(_is_view(each) for each in schema.returns):
        return 0.0
    if name in _SCATTERS:
        return _scattered(given)
    results = result if len(schema.returns) > 1 else [result]
    new = [value for value, each in zip(results, schema.returns, strict=False) if each.alias_info is None]
    changed = [given.get(each.name) for each in schema.arguments if _is_written(name, each, given)]
    written = _bytes(new) + _bytes(changed)
    outputs = (each.name for each in schema.arguments if each.is_out)
    unread = {*read, *outputs, *_UNREAD.get(name, ()), *_unread_by_mask(name, given)}
    needed = [value for argument, value in given.items() if argument not in unread]
    if name in _GATHERS:
        return min(_bytes(needed[0]), written) + _bytes(needed[1:]) + written
    return _bytes(needed) + written


def _scattered(given: Mapping[str, Any]) -> float:
    """Of values that are put at some places of a tensor, or are added to what is there, which is read first."""
    into, indices = given["self"], given["indices"]
    num_places = torch.ops.aten.index.Tensor(into.new_empty(()).expand(into.shape), indices).numel()
    touched = min(_bytes(into), num_places * into.element_size())
    return _bytes([given["values"], indices]) + touched * (2 if given.get("accumulate", False) else 1)


def _given(operation: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that hold something, by their names in the schema."""
    names = [each.name for each in operation._schema.arguments]
    return {**dict(zip(names, arguments, strict=False)), **options}


def _share_inside(given: Mapping[str, Any], result: Any) -> float:
    """Of a convolution's multiplications, those with values and not with the padding around them."""
    if "padding" not in given or "weight" not in given:
        return 1.0
    inputs, outputs = given["input"], given.get("grad_output", result)
    if given["transposed"]:
        inputs, outputs = outputs, inputs
    axes = (inputs.shape[2:], outputs.shape[2:], given["weight"].shape[2:])
    # One number stands for all axes.
    settings = (
        [*given[name]] * (len(axes[0]) if len(given[name]) == 1 else 1) for name in ("stride", "padding", "dilation")
    )
    return prod(_share_along(*axis) for axis in zip(*axes, *settings, strict=True))


@cache
def _share_along(inputs: int, outputs: int, kernel: int, stride: int, padding: int, dilation: int) -> float:
    places = (stride * output - padding + dilation * tap for output in range(outputs) for tap in range(kernel))
    return sum(0 <= place < inputs for place in places) / (outputs * kernel)


def _unread_by_mask(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    """Of a convolution's way back: the weights, or its input, where no gradient is asked that needs them."""
    if name == "convolution_backward":
        to_inputs, to_weights, _ = given["output_mask"]
        if not to_inputs:
            yield "weight"
        if not to_weights:
            yield "input"


def _is_view(value: Any) -> bool:
    return value.alias_info is not None and not value.alias_info.is_write


def _is_written(name: str, argument: Any, given: Mapping[str, Any]) -> bool:
    if argument.alias_info is None or not argument.alias_info.is_write:
        return False
    # Gradients are written to only where they are scaled back.
    return not (name.startswith("_fused_adam") and argument.name == "grads" and given.get("grad_scale") is None)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def _bytes(value: Any) -> int:
    """Of the values that lie in memory: of a tensor that is there twice, and of values that are expanded, once."""
    distinct = {(each.data_ptr(), each.shape, each.stride(), each.dtype): each for each in _tensors(value)}
    return sum(
        each.element_size() * prod(side for side, stride in zip(each.shape, each.stride(), strict=True) if stride)
        for each in distinct.values()
    )
