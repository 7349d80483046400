"""A part of a model as a program of tensors, by torch.export, with the layer named where that fails."""

__all__ = ["TracedPart", "first_sentence", "quiet", "trace", "watch_layers"]

import contextlib
import logging
import warnings
from collections.abc import Callable, Generator
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from copyist.errors import CopyistError, ExportError
from copyist.export.part import Part

NUM_TRACED = 3
"""Examples that are traced: neither 0 nor 1, which have programs of their own."""


class TracedPart(nn.Module):
    """A part as the module that PyTorch traces."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.model = part.model
        self._function = part.function

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return self._function(*inputs)


def trace(part: Part) -> ExportedProgram:
    """The program of a part, for any number of examples and, where it takes them, images of other sizes.

    Raises:
        ExportError: it cannot be traced, with the layer that is the reason.
    """
    # Views would be told from their base, by guards that PyTorch 2.13 cannot run.
    inputs = tuple(x.clone() for x in part.draw(NUM_TRACED, part.other_shape or part.shape))
    module = TracedPart(part)
    trail: list[str] = []
    entering, leaving = (lambda name, given: trail.append(name)), (lambda made: trail.pop())
    with quiet(), watch_layers(part.model, entering, leaving), torch.no_grad():
        try:
            return torch.export.export(module, inputs, dynamic_shapes=(_axes(part, inputs),), strict=False)
        except CopyistError:
            raise
        except Exception as error:
            layer = trail[-1].removeprefix("model.") if trail else ""
            where = f" at the layer {layer}" if layer else ""
            raise ExportError(
                f"a model must be traced to be exported, and PyTorch cannot trace {type(part.model).__name__}"
                f"{where}: {first_sentence(error)}; change what is done there, or export another part (--part)"
            ) from error


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Context manager: what PyTorch says of its own tracing is not for users."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch.fx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def watch_layers(
    model: nn.Module, entering: Callable[[str, Any], object], leaving: Callable[[Any], object]
) -> Generator[None, None, None]:
    """Context manager: layers say their name and what they are given as they begin, and what they made as they end."""

    def begins(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, given: Any) -> None:
            entering(name, given)

        return hook

    def ends(layer: nn.Module, given: Any, made: Any) -> None:
        leaving(made)

    handles: list[Any] = []
    for name, part in model.named_modules():
        if name:
            handles += [part.register_forward_pre_hook(begins(name)), part.register_forward_hook(ends)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def first_sentence(error: BaseException) -> str:
    """What an error says first, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".:")[:300]


def _axes(part: Part, inputs: tuple[Tensor, ...]) -> tuple[dict[int, Any], ...]:
    """Which axes of each input have no fixed length: those in which other examples differ."""
    others = part.draw(NUM_TRACED + 1, part.shape)
    return tuple(
        {axis: Dim.DYNAMIC for axis, (one, two) in enumerate(zip(x.shape, other.shape, strict=True)) if one != two}
        for x, other in zip(inputs, others, strict=True)
    )
