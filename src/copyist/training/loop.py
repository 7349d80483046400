"""Training: the step, and what surrounds it."""

__all__ = ["Interrupts", "take_steps"]

import contextlib
import math
import signal
import time
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Any, Self, cast, final

import torch
from torch import Tensor

from copyist.devices import autocast
from copyist.errors import InterruptionError, TrainingError
from copyist.float32 import tf32
from copyist.models.contracts import Diffusion, Reconstructor
from copyist.randomness import generator
from copyist.training.held_out import HeldOutLosses
from copyist.training.history import HistoryRow
from copyist.training.optimization import learning_rate, set_rate
from copyist.training.processes import draws_of_step
from copyist.training.saving import restore_state, save_state
from copyist.training.snapshots import keep_snapshots
from copyist.training.state import TrainingState

_LOOK_EVERY = 10
"""Steps between two looks at the losses: a look makes the device wait."""

_LOWERED = 0.1
"""Factor on the learning rate after a loss that was not finite."""


def take_steps(state: TrainingState, interrupts: "Interrupts") -> None:
    """Take all steps that are left. What is done after a step depends on its number alone, never on the clock.

    Raises:
        TrainingError: the loss was not finite, for the second time in this run.
        InterruptionError: the run was interrupted; what can be kept of it is.
        OutputError: the disk is full, or the place cannot be written.
    """
    config, observer, store = state.recipe.training, state.observer, state.store
    with contextlib.closing(store.open_events(after=state.counters.step)) as events:
        if events.missing:
            observer.notify("no TensorBoard events are written; pip install 'copyist[tensorboard]' brings them")
        observer.begin_steps(step=state.counters.step, steps=config.steps)
        clock, losses = _Clock(state), _Losses.pending(state)
        while not state.finished:
            if interrupts.agreed or (interrupts.seen and state.accelerator.num_processes == 1):
                clock.tick()
                raise _interruption(state, losses, interrupts.seen)
            loss = _take_step(state)
            state.counters.step = step = state.counters.step + 1
            losses.add(loss, step)
            last = step >= config.steps
            looks = last or step % config.validate_every == 0
            saves = last or step % config.save_every == 0
            if looks or saves or step % _LOOK_EVERY == 0:
                interrupts.agree(losses.largest(interrupts.seen))
                bad_step = losses.first_not_finite()
                held_out = _measure(state) if looks and not bad_step else None
                if bad_step or (held_out is not None and not math.isfinite(held_out.loss)):
                    _go_back(state, bad_step or step)
                    losses = _Losses(state)
                    continue
                clock.tick()
                events.add(_record(state, losses.mean(), held_out))
                losses = _Losses(state)
                if held_out is not None:
                    _draw(state)
                    keep_snapshots(state)
                    _judge(state, held_out.loss)
            observer.finish_step(step=step, loss=state.counters.rows[-1].loss if state.counters.rows else None)
            if saves or state.counters.stopped:
                clock.tick()
                save_state(state)
                store.write_history(state.counters.rows)
        if _is_unmeasured(state):
            held_out = _measure(state)
            _record(state, losses.mean(), held_out)
            _judge(state, held_out.loss)
            save_state(state)


def _is_unmeasured(state: TrainingState) -> bool:
    """Whether the last step was not looked at: that of a run which is to end where it was stopped."""
    rows = state.counters.rows
    return not rows or rows[-1].step < state.counters.step or rows[-1].validation_loss is None


def _take_step(state: TrainingState) -> Tensor:
    """One step of the optimizer on the gradients of one batch, or of several; the loss on them."""
    config, step, descent = state.recipe.training, state.counters.step, state.descent
    parts = config.optimization.accumulation
    set_rate(descent.optimizer, learning_rate(step, config) * state.counters.rate_scale)
    losses, x = list[Tensor](), torch.empty(0)
    for part in range(parts):
        batch = step * parts + part
        x, labels = state.batches.batch(batch), state.batches.labels(batch)
        draws = draws_of_step(state.seed, step, part, state.accelerator)
        with tf32(), descent.synchronized(last=part == parts - 1):
            with autocast(state.precision, state.device):
                loss = descent.loss(x, progress=step / config.steps, generator=draws, labels=labels)
            descent.backward(loss / parts)
        losses.append(loss.detach() / parts)
    total = torch.stack(losses).sum()
    norm = descent.step()
    if norm is not None:
        # A gradient that is not finite spoils the weights as a loss does, and is reported as one.
        total = torch.where(torch.isfinite(norm), total, torch.nan)
    repair = state.recipe.objective.repair
    if repair is not None:
        with torch.no_grad():
            repair(state.model, x, step=step + 1, generator=generator(state.seed, "mending", step))
    state.update_average(step)
    return total


def _record(state: TrainingState, loss: float, held_out: HeldOutLosses | None) -> HistoryRow:
    """The next row of the history."""
    counters = state.counters
    row = HistoryRow(
        step=counters.step,
        loss=loss,
        validation_loss=None if held_out is None else held_out.loss,
        learning_rate=learning_rate(counters.step - 1, state.recipe.training) * counters.rate_scale,
        seconds=round(counters.seconds, 3),
        measures={} if held_out is None else held_out.measures,
    )
    if counters.rows and counters.rows[-1].step == counters.step:
        row = replace(row, loss=counters.rows.pop().loss)
    counters.rows.append(row)
    return row


def _measure(state: TrainingState) -> HeldOutLosses:
    """Validate the model as it would be used now."""
    with state.gathered(state.current):
        return state.held_out.measure(state.current, state.recipe.objective.at_progress(1.0))


def _draw(state: TrainingState) -> None:
    """Write pictures of the progress of a model that makes images."""
    model, store = state.current, state.store
    if not isinstance(model, Reconstructor | Diffusion) or model.takes_tables:
        return
    # Where processes divide the weights, all must call the model for the one that keeps the pictures.
    if store.takes_pictures or (state.divides(model) and not store.in_memory):
        with state.gathered(model):
            shown = state.held_out.pictures(model, state.recipe.objective.at_progress(1.0))
        store.write_pictures(state.counters.step, shown)


def _judge(state: TrainingState, loss: float) -> None:
    """Keep the best weights, and stop early where the recipe's patience is over."""
    state.judge(loss)
    if state.counters.stopped:
        state.observer.notify(
            f"stopped early after {state.counters.step} steps: the validation loss has not improved for "
            f"{state.counters.waited} looks, and the best weights are kept"
        )


def _go_back(state: TrainingState, bad_step: int) -> None:
    """To the last saved state, with a lower learning rate; only once."""
    fell_at = state.counters.fell_at
    if fell_at is not None:
        # What overflows or vanishes in bf16 need not in float32.
        exact = ", or in float32 (--set precision=float32)" if state.precision == "bf16" else ""
        raise TrainingError(
            f"the loss was not finite at step {bad_step}, after the learning rate had already been lowered because "
            f"of step {fell_at}; train with a lower learning rate (--set learning_rate=…){exact}"
        )
    restore_state(state)
    state.counters.fell_at = bad_step
    state.counters.rate_scale = _LOWERED
    save_state(state)
    state.observer.notify(
        f"the loss was not finite at step {bad_step}; went back to step {state.counters.step} and lowered the "
        f"learning rate to {_LOWERED:g} of what it was"
    )


def _interruption(state: TrainingState, losses: "_Losses", number: int) -> InterruptionError:
    """Keep the state as it is, between two rows of the history too, and say what is kept."""
    step = state.counters.step
    if state.store.in_memory:
        sentence = f"interrupted after {step} steps in memory, of which nothing is kept; train into a folder"
        return InterruptionError(sentence, signal=number)
    # What is spoiled already is not to be kept.
    if not losses.first_not_finite():
        state.counters.pending_loss, state.counters.pending_steps = losses.pending_sum()
        save_state(state)
        state.store.write_history(state.counters.rows)
    kept = "they" if state.saved_step == step else f"the state after {state.saved_step}"
    verb = "are" if state.saved_step == step else "is"
    return InterruptionError(
        f"interrupted after {step} steps; {kept} {verb} kept, and --resume goes on from there", signal=number
    )


@final
class _Losses:
    """The losses of the steps since the last row, on the device: to look at them makes it wait."""

    def __init__(self, state: TrainingState) -> None:
        self._accelerator = state.accelerator
        self._total = torch.zeros((), device=state.device)
        self._count = 0
        self._bad_step = torch.zeros((), device=state.device, dtype=torch.int64)

    @classmethod
    def pending(cls, state: TrainingState) -> Self:
        """Those of the steps before a run was interrupted between two rows; none else."""
        losses, counters = cls(state), state.counters
        losses._total += counters.pending_loss
        losses._count = counters.pending_steps
        counters.pending_loss, counters.pending_steps = 0.0, 0
        return losses

    def pending_sum(self) -> tuple[float, int]:
        """The sum, which is a float32 and so the same when it is read back, and of how many steps."""
        return float(self._total), self._count

    def add(self, loss: Tensor, step: int) -> None:
        self._bad_step = torch.where(torch.isfinite(loss) | (self._bad_step > 0), self._bad_step, step)
        self._total += loss
        self._count += 1

    def first_not_finite(self) -> int:
        """The first step whose loss was not finite, on any device; 0 for none."""
        return int(self._gathered(self._bad_step).max())

    def largest(self, number: int) -> int:
        """Of the numbers that the devices have."""
        if self._accelerator.num_processes == 1:
            return number
        return int(self._gathered(torch.full_like(self._bad_step, number)).max())

    def mean(self) -> float:
        """Over the steps, and over all devices; 0 of no steps."""
        return float(self._gathered(self._total).mean()) / max(1, self._count)

    def _gathered(self, value: Tensor) -> Tensor:
        return cast("Tensor", self._accelerator.gather(value[None]))


@final
class _Clock:
    """Adds the time that passes to the counters."""

    def __init__(self, state: TrainingState) -> None:
        self._state, self._since = state, time.perf_counter()

    def tick(self) -> None:
        now = time.perf_counter()
        self._state.counters.seconds += now - self._since
        self._since = now


@final
class Interrupts:
    """Context manager: turns SIGINT and SIGTERM into a flag, so that a step is whole; a second signal acts at
    once."""

    def __init__(self) -> None:
        self.seen = 0
        """The number of the signal that came; 0 for none."""
        self.agreed = False
        """Whether all processes that share the run know of it, and end at the same step."""
        self._came = False
        # Whether one came to this process itself: a launcher sends one to all that are left, which are to end as whole.
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may handle signals; elsewhere they are its affair.
            with contextlib.suppress(ValueError):
                self._handlers[number] = signal.signal(number, self._see)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def agree(self, number: int) -> None:
        """Take the number of the signal that any process saw, which all take at the same step; 0 for none."""
        if number:
            self.seen, self.agreed = number, True

    def _see(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self.seen, self._came = number, True
