"""What a run must remember to go on as if it had never stopped."""

__all__ = ["Counters", "restore", "save"]

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from copyist.checkpoint import read_tensors, write_tensors
from copyist.errors import CheckpointError
from copyist.training.history import HistoryRow


@dataclass(kw_only=True)
class Counters:
    """Where a run stands. Random draws need no state: each is derived from the seed and the step."""

    step: int = 0
    """Steps taken."""

    rate_scale: float = 1.0
    """Factor on the learning rate; lowered once when a loss is not finite."""

    fell_at: int | None = None
    """The step whose loss was not finite, if that has happened."""

    best: float | None = None
    """Lowest validation loss."""

    waited: int = 0
    """Validations since then."""

    stopped: bool = False
    """Whether the run stopped early."""

    seconds: float = 0.0
    """Time in training."""

    rows: list[HistoryRow] = field(default_factory=list[HistoryRow])


def save(
    path: Path,
    counters: Counters,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    identity: dict[str, Any],
) -> None:
    """Write the state of a run, whole or not at all.

    Args:
        path: the file, replaced at once.
        counters: where the run stands.
        modules: everything with weights, by name.
        optimizer: its moments are kept, its settings are not: they follow from the recipe.
        identity: what must be equal for the run to be resumed.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    tensors = {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in moments.items() if isinstance(value, Tensor)}
    document = {"format_version": 1, "counters": asdict(counters), "identity": identity}
    write_tensors(path, tensors, document)


def restore(
    path: Path, modules: dict[str, nn.Module], optimizer: torch.optim.Optimizer, identity: dict[str, Any]
) -> Counters:
    """Put the saved state into `modules` and `optimizer`, and say where the run stands.

    Raises:
        CheckpointError: there is no state, it is damaged, or it belongs to another run.
    """
    if not path.exists():
        raise CheckpointError(f"there is no run to resume in {path.parent.parent}; leave out --resume to start one")
    document, tensors = read_tensors(path)
    _check_identity(path, document.get("identity"), identity)
    for name, module in modules.items():
        module.load_state_dict(_under(f"{name}.", tensors))
    _restore_moments(optimizer, _under("optimizer.", tensors))
    counters: dict[str, Any] = document["counters"]
    rows = [HistoryRow(**row) for row in counters.pop("rows")]
    return Counters(rows=rows, **counters)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _restore_moments(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        weight = weights[int(index)]
        # A fused optimizer walks through memory: a moment whose layout is not its weight's belongs to other weights.
        laid_out = torch.empty_like(weight, dtype=value.dtype).copy_(value) if value.shape == weight.shape else value
        moments.setdefault(int(index), {})[name] = laid_out
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def _check_identity(path: Path, saved: Any, wanted: dict[str, Any], prefix: str = "") -> None:
    if saved == wanted:
        return
    for name in wanted:
        old = saved.get(name) if isinstance(saved, dict) else None  # pyright: ignore[reportUnknownMemberType]
        if old == wanted[name]:
            continue
        if isinstance(wanted[name], dict) and isinstance(old, dict):
            _check_identity(path, old, wanted[name], f"{prefix}{name}.")
        raise CheckpointError(
            f"the run in {path.parent.parent} was started with {prefix}{name} = {old}, got {wanted[name]}; "
            "resume it with the same settings, or start another run in another folder"
        )
    raise CheckpointError(f"the run in {path.parent.parent} was started with other settings; start another run")
