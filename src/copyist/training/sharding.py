"""Weights that processes divide: each keeps a part of every weight, of its gradient and of its moments.

A weight is whole in every process while its layer computes, or its model where the layer is small, and in parts the
rest of the time. What is saved is whole, and so knows nothing of how many processes there were.

Source:
    Rajbhandari et al. (2020), "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", stage 3; Zhao et
    al. (2023), "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel".
"""

__all__ = [
    "Divided",
    "DividedModels",
    "is_divided",
    "lent_layers",
    "part_like",
    "take_whole_state",
    "whole",
    "whole_to_keep",
]

import contextlib
from collections.abc import Collection, Generator, Mapping
from typing import Any, final

import torch
from torch import Tensor, nn

from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.objectives import Objective

# What divides is imported where something is divided: it takes as long as much of torch.

_LEAST_SHARE = 1 / 64
"""Of all weights, of a layer that comes together by itself; each costs an exchange."""


@final
class Divided(nn.Module):
    """A module whose weights processes divide, in place, and that calls it.

    The weights of larger layers come together one layer after the other, each while it computes, all others while
    `forward` runs or between `gather` and `release`. PyTorch divides contiguous weights alone. Where they lay
    `channels_last`, the images that `forward` is given first lie so, which convolutions go by as well: the same kernels
    compute the same bits.

    Args:
        module: whole in every process, on any device.
        device: where it computes; each part goes there.
        world_size: how many processes there are.
        lent: layers whose weights something else than their own `forward` computes with.

    Raises:
        ArgumentError: a weight is a single number, which PyTorch does not divide.
    """

    def __init__(
        self, module: nn.Module, *, device: torch.device, world_size: int, lent: Collection[nn.Module] = ()
    ) -> None:
        super().__init__()
        self.module = module
        for name, weight in module.named_parameters():
            if weight.ndim == 0:
                raise ArgumentError(
                    f"weights that processes divide must have at least one axis, got the single number "
                    f"{name.removeprefix('model.')}; take --set sharding=none"
                )
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        if any(map(_is_channels_last, module.parameters())):
            self.register_forward_pre_hook(_lay_channels_last)
        module.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]
        mesh = init_device_mesh(device.type, (world_size,))
        for layer in _large_layers(module, lent=lent):
            layer.register_forward_hook(_own_memory)
            fully_shard(layer, mesh=mesh, reshard_after_forward=True)
        fully_shard(self, mesh=mesh, reshard_after_forward=True)
        # What is called first is what PyTorch takes all other parts for parts of.
        self()

    def forward(self, *inputs: Any, **others: Any) -> Any:
        """What the module gives; without inputs nothing."""
        return self.module(*inputs, **others) if inputs else None

    def gather(self) -> None:
        """Let the weights come together that are not those of large layers; all processes must."""
        divided: Any = self
        divided.unshard()

    def release(self) -> None:
        """Divide them again."""
        divided: Any = self
        divided.reshard()


@final
class DividedModels:
    """Which models of a run processes divide, and by what; none at first."""

    def __init__(self) -> None:
        self._divided: dict[nn.Module, Divided] = {}

    def add(self, model: nn.Module, divided: Divided) -> None:
        """Note that a model was divided with the module that holds it."""
        self._divided[model] = divided

    def __contains__(self, model: nn.Module) -> bool:
        return model in self._divided

    @contextlib.contextmanager
    def gathered(self, model: nn.Module) -> Generator[None, None, None]:
        """Context manager: a model may be called, also where processes divide it; then all must call it as often."""
        divided = self._divided.get(model)
        if divided is not None:
            divided.gather()
        try:
            yield
        finally:
            if divided is not None:
                divided.release()


def lent_layers(model: Model, objective: Objective) -> tuple[nn.Module, ...]:
    """The layers of a model that must be whole for as long as an objective is computed."""
    # PyTorch divides a layer again as soon as it was differentiated, and the loss needs it once more.
    return tuple(model.modules()) if objective.differentiates else model.lent_layers


def is_divided(tensor: Tensor) -> bool:
    """Whether a process has a part of a tensor alone."""
    return hasattr(tensor, "full_tensor")


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor that may be divided; every process must ask for it."""
    if not is_divided(tensor):
        return tensor
    divided: Any = tensor
    return divided.full_tensor()


def whole_to_keep(tensors: Mapping[str, Tensor], *, kept: bool) -> dict[str, Tensor]:
    """All of tensors that may be divided where they are `kept`, else none; every process must ask for them.

    What was divided comes to the CPU, one tensor at a time: the device may have no room for all of them.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        value = whole(tensor)
        if kept:
            found[name] = value.cpu() if is_divided(tensor) else value
    return found


def part_like(value: Tensor, like: Tensor) -> Tensor:
    """A whole tensor, divided where another one is."""
    if not is_divided(like):
        return value
    from torch.distributed.tensor import distribute_tensor

    divided: Any = like
    return distribute_tensor(value.to(like.device), divided.device_mesh, divided.placements)


def take_whole_state(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """`load_state_dict` of a module whose weights may be divided, from whole ones."""
    own: Mapping[str, Any] = module.state_dict()
    module.load_state_dict({name: part_like(value, own.get(name, value)) for name, value in tensors.items()})


def _large_layers(module: nn.Module, *, lent: Collection[nn.Module]) -> list[nn.Module]:
    """Layers without layers of their own that have a good share of the weights, and are not lent."""
    least, kept = max(1, _LEAST_SHARE * _num_weights(module)), set(lent)
    return [
        layer
        for layer in module.modules()
        if layer not in kept and not [*layer.children()] and _num_weights(layer) >= least
    ]


def _num_weights(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _is_channels_last(tensor: Tensor) -> bool:
    """And not contiguous at once, as what has one channel or one position is."""
    return tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()


def _own_memory(_layer: nn.Module, _inputs: tuple[Any, ...], output: Any) -> Any:
    """What a layer gives, no view of anything: where a view is changed in place, PyTorch forgets to gather the weights
    of the layer for its gradients."""
    is_view = isinstance(output, Tensor) and output._base is not None
    return output.clone() if is_view else output


def _lay_channels_last(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs of a module, of which the first are examples: images with the channels of a position side by side."""
    if not inputs:
        return inputs
    x, *others = inputs
    if x.ndim == 4:
        # Not `contiguous`, which leaves images of one channel as they are, and convolutions go by their strides.
        x = torch.empty_like(x, memory_format=torch.channels_last).copy_(x)
    return (x, *others)
