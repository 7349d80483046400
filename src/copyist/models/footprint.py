"""How much memory a model's answer takes, known before it does."""

__all__ = ["memory_of_answer"]

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from copyist.models.contracts import Model
from copyist.models.in_batches import evaluation_mode


@torch.no_grad()
def memory_of_answer(model: Model, shape: tuple[int, ...]) -> int:
    """Bytes that the maps of one pass take at most at once, input included; weights are not counted.

    The pass is made without numbers, on tensors that have only a shape.

    Args:
        model: any; one that cannot be followed without numbers is given 0.
        shape: (B, C, H, W) of the batch.
    """
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    shadows = {name: tensor.detach().to("meta") for name, tensor in tensors.items()}
    live = _LiveBytes()
    try:
        with evaluation_mode(model), live:
            torch.func.functional_call(model, shadows, (torch.empty(shape, device="meta"),))
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return 0
    return live.most


class _LiveBytes(TorchDispatchMode):
    """Counts the bytes of the storages that operations make, while they live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and leaf.device.type == "meta":
                self._see(leaf.untyped_storage())
        return result

    def _see(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size
