"""Who is told how a run goes."""

__all__ = ["Observer"]


class Observer:
    """Told of each step and each event of a run; this one keeps silent."""

    def started(self, *, step: int, steps: int) -> None:
        """The run begins, or goes on, after `step` of `steps` steps."""

    def stepped(self, *, step: int, loss: float | None) -> None:
        """`step` steps are taken; the loss is given now and then."""

    def said(self, sentence: str) -> None:
        """Something happened that the user should know."""
