"""A model for verbs that run it many times over."""

__all__ = ["opened"]

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copyist.models import Model


def opened(path: str, *, class_of: str | None, device: str | None) -> "Model":
    """The model of a file or run, with memory kept from step to step where it runs on the CPU.

    Raises:
        CopyistError: as `load`.
    """
    from copyist.checkpoint import load
    from copyist.devices import keep_freed_memory

    model = load(path, class_of=class_of, device=device)
    if next(model.parameters()).device.type == "cpu":
        keep_freed_memory()
    return model
