"""The work of `copyist sample`: samples drawn, counted, and written as they come."""

__all__ = ["Drawing", "Drawn", "draw_into"]

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from copyist.cli.launch import is_first
from copyist.cli.sample_files import FILMS, write_batches, write_samples
from copyist.cli.terminal import bar

if TYPE_CHECKING:
    import torch

    from copyist.devices import Precision
    from copyist.models import Model
    from copyist.procedures import Method
    from copyist.procedures.diffusion import Conditions
    from copyist.tensors import Examples


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """What is to be drawn; each field as `copyist.sample` takes it."""

    model: "Model"
    method: "Method"
    conditions: "Conditions | None"
    shape: tuple[int, ...] | None
    count: int
    seed: int
    batch: int | None
    precision: "Precision"
    shared: bool
    """Whether it is one of several processes that draw it together, of which the first one writes."""

    @property
    def sample_shape(self) -> tuple[int, ...] | None:
        """(C, H, W) of one sample, or (D,) of one row, as far as it is known before any is drawn."""
        images = None if self.conditions is None else self.conditions.images
        if self.shape is None and images is not None:
            return tuple(images.shape[1:])
        return self.shape or self.model.image_shape

    @property
    def num_steps(self) -> int:
        """How many steps are taken, at most; 0 where an image is left as it is."""
        from copyist.procedures.diffusion import DiffusionMethod

        if self.conditions is None or not isinstance(self.method, DiffusionMethod):
            return self.method.num_steps
        return self.method.steps_of(self.conditions.share)

    def settings(self) -> dict[str, Any]:
        """The arguments of `sample_steps` and `sample_batches`."""
        from copyist.randomness import generator

        return {
            "count": self.count,
            "method": self.method,
            "conditions": self.conditions,
            "shape": self.shape,
            "generator": generator(self.seed, "sample"),
            "batch_size": self.batch,
            "precision": self.precision,
            "shared": self.shared,
        }


@final
@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What was drawn."""

    shape: tuple[int, ...]
    """(C, H, W) of one sample, or (D,) of one row."""

    steps: int
    """How many steps were taken."""

    seconds: float
    """How long that took, writing included where samples are written as they come."""

    calls: int
    """How many examples the model was called with."""

    def cost(self, count: int) -> dict[str, float]:
        """Of one sample: seconds, and calls of the model."""
        return {"seconds_per_sample": self.seconds / count, "calls_per_sample": self.calls / count}


def draw_into(out: Path, drawing: Drawing) -> Drawn:
    """Draw samples and write them: batch by batch, if the file and the method allow it.

    Raises:
        CopyistError: as `copyist.sample`, or the file cannot be written.
    """
    from copyist.procedures.diffusion import DiffusionMethod

    began = time.perf_counter()
    if isinstance(drawing.method, DiffusionMethod) and out.suffix.lower() in ("", ".npy"):
        shape, steps, calls = _in_batches(out, drawing)
        seconds = time.perf_counter() - began
    else:
        stages, steps, calls = _stages(drawing, film=out.suffix.lower() in FILMS)
        seconds = time.perf_counter() - began
        if is_first():
            write_samples(stages, out, columns=drawing.model.trained_on.columns)
        shape = tuple(stages[-1].shape[1:])
    return Drawn(shape=shape, steps=steps, seconds=seconds, calls=calls)


@final
class _Calls:
    """Counts the examples that a model is called with; a context."""

    def __init__(self, model: "Model") -> None:
        self.number = 0
        self._model = model

    def __enter__(self) -> Self:
        self._handle = self._model.register_forward_hook(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _count(self, module: "torch.nn.Module", given: tuple[Any, ...], answer: object) -> None:
        self.number += len(given[0])


def _in_batches(out: Path, drawing: Drawing) -> tuple[tuple[int, ...], int, int]:
    """(C, H, W) of a sample, and how many steps and calls there were."""
    from copyist.memory import check_disk
    from copyist.procedures import sample_batches

    batches = sample_batches(drawing.model, **drawing.settings())
    shape = drawing.sample_shape
    if out.suffix and shape is not None:
        needed = 4 * drawing.count * math.prod(shape)
        check_disk(needed, f"{drawing.count} samples", out, remedy="take fewer (--count 64)")
    with bar("images") as update, _Calls(drawing.model) as calls:
        counted = _counted(batches, drawing.count, update)
        if is_first():
            found = write_batches(counted, out, count=drawing.count)
        else:
            found = [tuple(batch.shape[1:]) for batch in counted][-1]
    return found, drawing.num_steps, calls.number


def _counted(batches: "Iterator[Examples]", count: int, update: Callable[[int, int], None]) -> "Iterator[Examples]":
    done = 0
    for batch in batches:
        yield batch.cpu()
        done += len(batch)
        update(done, count)


def _stages(drawing: Drawing, *, film: bool) -> tuple[list["Examples"], int, int]:
    """The samples after each step where a film shows them all, else after the last; and how many steps and calls."""
    from copyist.memory import check_memory
    from copyist.procedures import sample_steps

    shape, num_steps = drawing.sample_shape, drawing.num_steps
    if film and shape is not None:
        check_memory(
            4 * num_steps * drawing.count * math.prod(shape),
            f"the {num_steps} steps of {drawing.count} samples",
            remedy="take fewer samples (--count 16) or steps (--steps 30)",
        )
    stages: list[Examples] = []
    step = 0
    chain = sample_steps(drawing.model, **drawing.settings())
    with bar("steps") as update, _Calls(drawing.model) as calls:
        for step, x_hat in enumerate(chain, start=1):
            update(step, max(1, num_steps))
            stages = [*(stages if film else []), x_hat.cpu()]
    return stages, min(step, num_steps), calls.number
