"""How much memory sampling takes, by count, so that it is the same on every machine with a device of its kind."""

__all__ = ["LiveTensors", "sampling_memory"]

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from copyist.models.contracts import Model
from copyist.procedures.method import Method
from copyist.procedures.sampling import sample
from copyist.randomness import generator

_MOST = 32
"""Samples at once, which need no more memory than a model is used with."""


@final
class LiveTensors(TorchDispatchMode):
    """Counts the bytes of tensors that operations make while it is entered, for as long as these tensors live.

    Tensors that share memory, such as views, count once. What an operation takes and gives back within itself is not
    seen, nor is what a library's allocator keeps, nor what another size (`resize_`) changes.

    Tensors that were there before are not counted, nor views of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.current = 0
        """Bytes that live now."""

        self.peak = 0
        """The most bytes that lived at one time."""

        self._known: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation, and take what it returns into the count."""
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, Tensor):
                self._hold(leaf.untyped_storage(), size=0)
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._hold(leaf.untyped_storage(), size=leaf.untyped_storage().nbytes())
        return result

    def _hold(self, storage: torch.UntypedStorage, *, size: int) -> None:
        place = storage.data_ptr()
        if place in self._known:
            return
        self._known.add(place)
        self.current += size
        self.peak = max(self.peak, self.current)
        weakref.finalize(storage, self._release, place, size)

    def _release(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.current -= size


def sampling_memory(
    model: Model, method: Method, *, shape: tuple[int, ...] | None = None, batch_size: int | None = None
) -> float:
    """Megabytes that a model's parameters and buffers and the tensors of sampling take together at the most.

    Args:
        model: is sampled.
        method: by which it is.
        shape: of one sample; None takes that of what the model was trained on.
        batch_size: images per batch; None takes the model's own, and 32 are the most. So many samples are drawn, or as
            many as the method asks for.
    """
    own = (*model.parameters(), *model.buffers())
    batch_size = min(_MOST, model.batch_size if batch_size is None else batch_size)
    count, draws = max(batch_size, method.fewest), generator(0, "memory")
    with LiveTensors() as tensors:
        sample(model, count=count, method=method, shape=shape, batch_size=batch_size, generator=draws)
    return (sum(each.numel() * each.element_size() for each in own) + tensors.peak) / 1e6
