"""What happens between steps: losses are watched and recorded, held-out images looked at, states saved."""

__all__ = ["Upkeep"]

import math
import time
from typing import Literal, cast

import torch
from torch import Tensor

from copyist.errors import TrainingError
from copyist.models.contracts import Reconstructor
from copyist.training.events import Events
from copyist.training.history import HistoryRow, write_history
from copyist.training.optimization import learning_rate
from copyist.training.session import TrainingState
from copyist.training.validation import Look

_LOOK_EVERY = 10
"""Steps between two looks at the losses: a look makes the device wait."""

_LOWERED = 0.1
"""Factor on the learning rate after a loss that was not finite."""


class Upkeep:
    """Looks after a session. What it does at a step depends on the step's number alone, never on the clock."""

    def __init__(self, session: TrainingState) -> None:
        self.session = session
        self._since = time.perf_counter()
        self._forget()
        self._events = Events(session.folder / "tensorboard", after=session.counters.step)
        if not self._events.written:
            session.observer.said("no TensorBoard events are written; pip install 'copyist[tensorboard]' brings them")

    def after(self, step: int, loss: Tensor) -> None:
        """Take note of the loss of the step that makes `step` steps, and do what is due.

        Raises:
            TrainingError: the loss was not finite, for the second time in this run.
            OutputError: the disk is full, or the place cannot be written.
        """
        session, config = self.session, self.session.recipe.training
        finite = torch.isfinite(loss)
        self._bad_step = torch.where(finite | (self._bad_step > 0), self._bad_step, step)
        self._total += loss
        session.counters.step = step
        last = step >= config.steps
        looks = last or step % _LOOK_EVERY == 0
        validates = last or step % config.validate_every == 0
        saves = last or step % config.save_every == 0
        if looks or validates or saves:
            bad_step = int(self._across_devices(self._bad_step, "max"))
            look = self._validate(step) if validates and not bad_step else None
            if bad_step or (look is not None and not math.isfinite(look.loss)):
                self._go_back(bad_step or step)
                return
            self._record(step, look)
        session.observer.stepped(step=step, loss=session.counters.rows[-1].loss if session.counters.rows else None)
        if saves or session.counters.stopped:
            self.keep()

    def keep(self) -> None:
        """Write the state to resume from, and the history.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        self._tick()
        self.session.save()
        if self.session.accelerator.is_main_process:
            write_history(self.session.folder / "history.csv", self.session.counters.rows)

    def stop(self) -> None:
        """End an interrupted run at the last saved state.

        Raises:
            TrainingError: always, saying how to go on.
        """
        saved = self.session.counters.step // self.session.recipe.training.save_every
        raise TrainingError(
            f"interrupted after {self.session.counters.step} steps; the state after "
            f"{saved * self.session.recipe.training.save_every} is kept, and --resume goes on from there"
        )

    def finish(self) -> None:
        """Write the model, now that the run is over.

        Raises:
            OutputError: the disk is full, or the place cannot be written.
        """
        self.session.write_model()
        if self.session.accelerator.is_main_process:
            write_history(self.session.folder / "history.csv", self.session.counters.rows)

    def close(self) -> None:
        """Let go of files."""
        self._events.close()

    def _record(self, step: int, look: Look | None) -> None:
        session, counters = self.session, self.session.counters
        self._tick()
        before = counters.rows[-1].step if counters.rows else 0
        loss = float(self._across_devices(self._total, "mean")) / (step - before)
        rate = learning_rate(step - 1, session.recipe.training) * counters.rate_scale
        row = HistoryRow(
            step=step,
            loss=loss,
            validation_loss=None if look is None else look.loss,
            learning_rate=rate,
            seconds=round(counters.seconds, 3),
            measures={} if look is None else look.measures,
        )
        counters.rows.append(row)
        self._forget()
        if session.accelerator.is_main_process:
            self._events.add(row)

    def _validate(self, step: int) -> Look:
        session, counters, config = self.session, self.session.counters, self.session.recipe.training
        model = session.current.eval()
        look = session.validation.look(model, session.recipe.objective.warmed(1.0))
        if not math.isfinite(look.loss):
            return look
        if session.accelerator.is_main_process and isinstance(model, Reconstructor) and not model.takes_tables:
            path = session.folder / "samples" / f"step-{step:07d}.png"
            session.validation.picture(model, session.recipe.objective.warmed(1.0), path)
        session.model.train()
        if counters.best is None or look.loss < counters.best:
            counters.best, counters.waited = look.loss, 0
            if session.best is not None:
                session.best.load_state_dict(session.current.state_dict())
        else:
            counters.waited += 1
        if 0 < config.patience <= counters.waited and step < config.steps:
            counters.stopped = True
            session.observer.said(
                f"stopped early after {step} steps: the validation loss has not improved for "
                f"{counters.waited} looks, and the best weights are kept"
            )
        return look

    def _go_back(self, bad_step: int) -> None:
        session, fell_at = self.session, self.session.counters.fell_at
        if fell_at is not None:
            raise TrainingError(
                f"the loss was not finite at step {bad_step}, after the learning rate had already been lowered because "
                f"of step {fell_at}; train with a lower learning rate (--set learning_rate=…)"
            )
        session.counters = session.restore()
        session.counters.fell_at = bad_step
        session.counters.rate_scale = _LOWERED
        self._forget()
        session.save()
        session.observer.said(
            f"the loss was not finite at step {bad_step}; went back to step {session.counters.step} and lowered the "
            f"learning rate to {_LOWERED:g} of what it was"
        )

    def _across_devices(self, value: Tensor, how: Literal["max", "mean"]) -> Tensor:
        gathered = cast("Tensor", self.session.accelerator.gather(value[None]))
        return gathered.max() if how == "max" else gathered.mean()

    def _forget(self) -> None:
        self._total = torch.zeros((), device=self.session.device)
        self._bad_step = torch.zeros((), device=self.session.device, dtype=torch.int64)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.session.counters.seconds += now - self._since
        self._since = now
