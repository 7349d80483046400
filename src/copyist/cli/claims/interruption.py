"""What the commands on claims share: seeds in a list, and what an interrupted run leaves behind."""

__all__ = ["interruptible", "parse_seeds"]

import contextlib
from collections.abc import Generator

from copyist.cli.terminal import say


@contextlib.contextmanager
def interruptible() -> Generator[None, None, None]:
    """Say what an interrupted run leaves behind."""
    from copyist.errors import InterruptionError

    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; the runs that were done are kept, and the same command goes on with the others")
        raise
    except InterruptionError as error:
        sentence = "interrupted; what was done is kept, and the same command goes on from there"
        raise InterruptionError(sentence, signal=error.signal) from error


def parse_seeds(text: str) -> list[int]:
    """The seeds of a list such as `0,1,2`.

    Raises:
        ArgumentError: one is no whole number of at least 0.
    """
    from copyist.errors import ArgumentError

    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        seeds = [-1]
    if min(seeds) < 0:
        raise ArgumentError(f"seeds must be whole numbers of at least 0 with commas between, got {text!r}")
    return seeds
