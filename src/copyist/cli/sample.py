"""`copyist sample`."""

__all__ = ["sample"]

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Json, Model, Out, Seed
from copyist.cli.preamble import batch_statement, open_model
from copyist.cli.sample_files import FILMS, check_sample_format, write_samples
from copyist.cli.terminal import bar, counted, show

if TYPE_CHECKING:
    from copyist.models import Model as Network
    from copyist.procedures import Method
    from copyist.tensors import Examples

Count: TypeAlias = Annotated[int, typer.Option("--count", help="How many images, or rows of a table.")]
MethodName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="no-diffusion, langevin, walkback, implicit-prior, or prior (decoded codes), which a variational "
        "autoencoder takes by default; others take no-diffusion.",
    ),
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of the method, such as mean=0.5; may be repeated. A name it lacks is answered by all it has.",
        metavar="NAME=VALUE",
    ),
]
Steps: TypeAlias = Annotated[
    int | None,
    typer.Option("--steps", help="How many times to copy; the method's own number unless given (--set steps=…)."),
]
Schedule: TypeAlias = Annotated[
    str | None, typer.Option("--schedule", help="linear, cosine or geometric; linear unless given (--set schedule=…).")
]
Grow: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--grow", help="Then enlarge to this size, and go on; may be repeated (--set grow=[[64,64]]).", metavar="SIZE"
    ),
]
GrowSteps: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--grow-steps", help="How many times to copy at each such size; --steps unless given (--set grow_steps=…)."
    ),
]
NoiseMean: TypeAlias = Annotated[
    float | None,
    typer.Option("--noise-mean", help="Mean of the noise; 0.7 for no-diffusion unless given (--set mean=…)."),
]
NoiseStd: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--noise-std", help="Standard deviation of the noise; 0.2 for no-diffusion unless given (--set std=…)."
    ),
]
Size: TypeAlias = Annotated[str | None, typer.Option("--size", help="Of the images, such as 64 or 64x48.")]


def sample(
    model: Model,
    out: Out,
    count: Count = 64,
    method: MethodName = None,
    assignments: Settings = None,
    steps: Steps = None,
    schedule: Schedule = None,
    grow: Grow = None,
    grow_steps: GrowSteps = None,
    mean: NoiseMean = None,
    std: NoiseStd = None,
    size: Size = None,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make images of noise, or of drawn codes: a .png grid, an .npy array, a video of the steps, or a folder.

    Of a table, rows of drawn codes: a .csv, .tsv, .npy or .parquet.
    """
    from dataclasses import asdict

    from copyist.outputs import check_output
    from copyist.procedures import default_method, named_method

    short = {"steps": steps, "schedule": schedule, "grow": None if grow is None else _sizes(grow)}
    short |= {"grow_steps": grow_steps, "mean": mean, "std": std}
    assigned = _assignments(assignments or (), short)
    if method is not None:
        # Before the model is opened, since it is to be refused whatever model that is.
        named_method(method, assigned)
    check_output(out, overwrite=force)
    network = open_model(model, class_of=class_of, device=device)
    name = method or default_method(network)
    chosen = named_method(name, assigned)
    settings = asdict(chosen)
    shape = _shape(network, chosen, size=size, grown=settings.get("grow", ()))
    check_sample_format(out, table=network.takes_tables)
    statement = batch_statement(network, num_images=count, batch=batch)
    stages, done = _stages(network, chosen, shape, count=count, seed=seed, batch=batch, out=out)
    write_samples(stages, out, columns=network.trained_on.columns)

    result: dict[str, Any] = {"rows" if network.takes_tables else "images": count, "steps": done, "method": name}
    if name == "no-diffusion":
        result["schedule"] = settings["schedule"] or "linear"
    result |= {"image_shape": list(stages[-1].shape[1:]), "out": str(out), **statement}
    show(_text(result, grown=settings.get("grow", ())), result, as_json=as_json)


def _assignments(assignments: Sequence[str], short: Mapping[str, object]) -> dict[str, str]:
    """Texts by the names of settings: those of --set, and those that have an option of their own, where it is given."""
    from copyist.settings import read_assignments

    given = {name: value for name, value in short.items() if value is not None}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return read_assignments(assignments) | texts


def _sizes(texts: Sequence[str]) -> list[tuple[int, int]]:
    from copyist.data.source import parse_size

    return [parse_size(text, name="--grow") for text in texts]


def _shape(
    model: "Network", method: "Method", *, size: str | None, grown: Sequence[tuple[int, int]]
) -> tuple[int, ...] | None:
    """(C, H, W) of one sample at first, or (D,) of one row; None where the model does not know.

    Raises:
        ContractError: the model takes tables, and the method makes pictures.
        ArgumentError: `size` is none, or the model takes tables.
        ShapeError: a side is no multiple of what the model takes.
    """
    from copyist.data.source import parse_size
    from copyist.errors import ArgumentError

    if not method.takes_tables:
        model.check_pictures(verb="sample")
    if model.takes_tables and size is not None:
        raise ArgumentError(f"--size is of images, and this model takes tables, got {size}; leave it out")
    shape = model.image_shape
    if size is not None and shape is not None and len(shape) == 3:
        shape = (shape[0], *parse_size(size, name="--size"))
        _check_multiple("--size", shape[1:], model.size_multiple)
    for sides in grown:
        _check_multiple("--grow", sides, model.size_multiple)
    return shape


def _check_multiple(option: str, sides: Sequence[int], multiple: int) -> None:
    from copyist.errors import ShapeError

    if any(side % multiple for side in sides):
        got, near = ("x".join(map(str, each)) for each in (sides, [-(-side // multiple) * multiple for side in sides]))
        raise ShapeError(f"sides of samples must be multiples of {multiple}, got {got}; try {option} {near}")


def _stages(
    model: "Network",
    method: "Method",
    shape: tuple[int, ...] | None,
    *,
    count: int,
    seed: int,
    batch: int | None,
    out: Path,
) -> tuple[list["Examples"], int]:
    """The samples after each step where a film shows them all, else after the last; and how many steps there were."""
    from copyist.memory import check_memory
    from copyist.procedures import sample_steps
    from copyist.randomness import generator

    if out.suffix.lower() in FILMS and shape is not None:
        check_memory(
            4 * method.num_steps * count * math.prod(shape),
            f"the {method.num_steps} steps of {count} samples",
            remedy="take fewer samples (--count 16) or steps (--steps 30)",
        )
    draws = generator(seed, "sample")
    stages: list[Examples] = []
    step = 0
    with bar("steps") as update:
        chain = sample_steps(model, count=count, method=method, shape=shape, generator=draws, batch_size=batch)
        for step, x_hat in enumerate(chain, start=1):
            update(step, method.num_steps)
            stages = [*(stages if out.suffix.lower() in FILMS else []), x_hat.cpu()]
    return stages, step


def _text(result: Mapping[str, Any], *, grown: Sequence[tuple[int, int]]) -> str:
    samples = counted(result["rows"], "row") if "rows" in result else counted(result["images"], "image")
    how = f"by {result['method']}"
    if "schedule" in result:
        schedule = result["schedule"]
        how = f"on a {schedule} schedule" if isinstance(schedule, str) else "on a schedule of its own"
    how += "".join(f", grown to {height}x{width}" for height, width in grown)
    return f"sampled {samples} in {counted(result['steps'], 'step')} {how} into {result['out']}, {result['batch']}"
