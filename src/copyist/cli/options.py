"""Options that several commands share, each with one meaning."""

__all__ = [
    "Backend",
    "Batch",
    "ClassOf",
    "Data",
    "Device",
    "Devices",
    "Force",
    "Inputs",
    "Jobs",
    "Json",
    "Model",
    "Nodes",
    "Out",
    "Seed",
    "as_path",
    "parse_noise_level",
    "parse_seed",
]

from pathlib import Path
from typing import Annotated, TypeAlias

import typer


def parse_seed(text: str | int) -> int:
    """A seed from the command line, a whole number of at least 0; anything else is wrong usage."""
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise typer.BadParameter(f"a seed must be a whole number of at least 0, got {text!r}")
    return seed


def parse_noise_level(text: str) -> float:
    """A noise level in units of pixel value: a number, or a fraction of two.

    Raises:
        ArgumentError: it is neither, not greater than 0, or greater than 1.
    """
    from copyist.checks import check_positive
    from copyist.errors import ArgumentError

    above, slash, below = text.partition("/")
    try:
        level = float(above) / (float(below) if slash else 1)
    except (ValueError, ZeroDivisionError):
        raise ArgumentError(f"--sigma must be a number like 0.1, or a fraction like 25/255, got {text!r}") from None
    check_positive("sigma", level)
    if level > 1:
        remedy = f"write {text}/255" if not slash else "images have values in [0, 1]"
        raise ArgumentError(f"--sigma is in units of pixel value, got {text}; {remedy}")
    return level


Model: TypeAlias = Annotated[str, typer.Argument(help="A model file, or the folder of a run.", metavar="MODEL")]
Inputs: TypeAlias = Annotated[
    list[str], typer.Argument(help="Files, folders, or a source such as photos?split=test.", metavar="INPUT")
]


def as_path(text: str | Path) -> Path:
    """A path of the command line, whose `~` a shell may have left as it is (`--out=~/run`).

    Raises:
        BadParameter: it is empty, as a variable of a shell is that was not set.
    """
    from copyist.outputs import user_path

    if not str(text).strip():
        raise typer.BadParameter("a path must not be empty; write . for the folder you are in")
    return user_path(text)


Out: TypeAlias = Annotated[
    Path, typer.Option("--out", help="Where the results go.", show_default=False, parser=as_path, metavar="PATH")
]
Devices: TypeAlias = Annotated[
    int, typer.Option("--devices", help="Processes on this machine that share the work, one per GPU or core.")
]
Nodes: TypeAlias = Annotated[int, typer.Option("--nodes", help="Machines, each started with this command.")]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Seed: TypeAlias = Annotated[
    int, typer.Option("--seed", help="Seed of everything random.", parser=parse_seed, metavar="INTEGER")
]
Data: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="A source: photos, faces, digits, scenes, blobs, a path or hf:NAME, with ?options.",
        metavar="SOURCE",
    ),
]
Batch: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--batch", help="Images per batch; the model's own unless given. See 'Batch statistics' in the README."
    ),
]
Device: TypeAlias = Annotated[
    str | None, typer.Option("--device", help="cpu, cuda or mps; the best at hand unless given.")
]
ClassOf: TypeAlias = Annotated[
    str | None,
    typer.Option("--class-of", help="package.module:Class of a model of your own. This runs that package's code."),
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--jobs", help="Processes that share the pictures; 1 unless given, or as many as the --backend runs well."
    ),
]
Backend: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--backend",
        help="loky: on this machine; dask, ray: on a cluster whose machines share the folders of model, inputs and "
        "results.",
    ),
]
