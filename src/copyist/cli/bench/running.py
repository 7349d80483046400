"""What the commands of `copyist bench` share: their options, and how a benchmark is run and its result kept."""

__all__ = [
    "SEEDS",
    "WIDTHS",
    "Batch",
    "Out",
    "Resume",
    "Rounds",
    "Size",
    "Widths",
    "check_size",
    "keep_trials",
    "run_bench",
    "trials_begun",
]

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol, TypeAlias, TypeVar

import typer

from copyist.cli.options import as_path
from copyist.errors import ArgumentError

Widths: TypeAlias = Annotated[
    list[int], typer.Option("--width", min=1, help="Base width of the U-Net; may be given repeatedly.")
]


def check_size(value: int) -> int:
    """A side that the U-Nets of benchmarks take.

    Raises:
        ArgumentError: it is below 16, or no multiple of 8.
    """
    if value % 8 or value < 16:
        rule = "a multiple of 8" if value % 8 else "at least 16"
        raise ArgumentError(f"--size must be {rule}, got {value}; take {max(16, value + -value % 8)}")
    return value


Size: TypeAlias = Annotated[
    int, typer.Option(min=16, callback=check_size, help="Side of an image in pixels, a multiple of 8.")
]
Batch: TypeAlias = Annotated[int, typer.Option(min=1, help="Images per batch.")]
Rounds: TypeAlias = Annotated[int, typer.Option(min=1, help="Turns that each side is timed for.")]
Out: TypeAlias = Annotated[
    Path | None, typer.Option(help="Also write the JSON to this file.", parser=as_path, metavar="PATH")
]
Resume: TypeAlias = Annotated[bool, typer.Option("--resume", help="Go on with the trials in --out.")]
WIDTHS = [16, 32]
SEEDS = [0, 1, 2]

_NO_MEMORY = (
    "a benchmark must fit into memory, which is full; take a smaller --size, --batch, --width, --count or --most, "
    "whichever of them it has"
)


class Result(Protocol):
    """What a benchmark measured: printed as text, kept as JSON."""

    def to_json(self) -> str: ...


R = TypeVar("R", bound=Result)


def run_bench(bench: Callable[..., R], *, as_json: bool = False, out: Path | None = None, force: bool = False) -> R:
    """Run a benchmark, print its result, and return it; its argument `say` takes a sentence for each round.

    Args:
        bench: measures.
        as_json: print one JSON object in place of tables.
        out: also write that object to this file.
        force: replace what is there.

    Raises:
        OutputError: there is such a file, or it cannot be written.
        ArgumentError: there is not enough memory.
    """
    from copyist.memory import is_out_of_memory
    from copyist.outputs import check_output, write_text

    if out is not None:
        check_output(out, overwrite=force)
    try:
        result = bench(say=_say)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ArgumentError(_NO_MEMORY) from error
    if out is not None:
        write_text(out, result.to_json() + "\n")
    typer.echo(result.to_json() if as_json else str(result))
    return result


def trials_begun(read: Callable[[str], R], out: Path | None, *, resume: bool) -> R | None:
    """The trials in a file that are to be gone on with, if any.

    Args:
        read: `from_json` of their benchmark.
        out: the file.
        resume: whether to go on with it.

    Raises:
        ArgumentError: no file is named. One that is not there yet is begun.
        DataError: it holds something else.
    """
    from copyist.errors import ArgumentError, DataError

    if resume and out is None:
        raise ArgumentError("--resume must come with the file of trials to go on with; name it by --out")
    if out is None or not resume or not out.is_file():
        return None
    try:
        return read(out.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"{out} holds no such trials ({error}); begin anew (--force without --resume)") from error


def keep_trials(out: Path | None, result: Result) -> None:
    """Write what there is after a trial, where a file is asked for."""
    from copyist.outputs import write_text

    if out is not None:
        write_text(out, result.to_json() + "\n")


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
