"""Who is told how a run goes."""

__all__ = ["NullObserver", "Observer"]

from typing import Protocol, final


class Observer(Protocol):
    """Told of each step and each event of a run."""

    def reading(self, done: int, total: int) -> None:
        """So many of all files of the source are decoded."""

    def phase(self, name: str) -> None:
        """What is trained next, of a run that trains its layers one by one and then together."""

    def started(self, *, step: int, steps: int) -> None:
        """The run begins, or goes on, after `step` of `steps` steps."""

    def stepped(self, *, step: int, loss: float | None) -> None:
        """`step` steps are taken; the loss is the last one recorded."""

    def said(self, sentence: str) -> None:
        """Something happened that the user should know."""


@final
class NullObserver(Observer):
    """Tells nobody."""
