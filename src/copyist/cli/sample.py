"""`copyist sample`."""

__all__ = ["sample"]

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copyist.cli import sample_options as own
from copyist.cli.launch import explain_lost_peers, is_alone, is_first, join_processes, relaunch
from copyist.cli.options import Batch, ClassOf, Device, Devices, Force, Json, Model, Nodes, Out, Seed
from copyist.cli.preamble import batch_statement, open_model
from copyist.cli.sample_conditions import check_together, read_conditions
from copyist.cli.sample_files import check_sample_format
from copyist.cli.sample_run import Drawing, draw_into
from copyist.cli.terminal import say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from copyist.models import Model as Network
    from copyist.procedures import Method

_AFTERMATH = "nothing is written; give the command again"


def sample(
    model: Model,
    out: Out,
    count: own.Count = 64,
    method: own.MethodName = None,
    assignments: own.Settings = None,
    steps: own.Steps = None,
    schedule: own.Schedule = None,
    grow: own.Grow = None,
    grow_steps: own.GrowSteps = None,
    mean: own.NoiseMean = None,
    std: own.NoiseStd = None,
    size: own.Size = None,
    classes: own.Classes = None,
    guidance: own.Guidance = None,
    like: own.Like = None,
    strength: own.Strength = None,
    inpaint: own.Inpaint = None,
    times: own.Times = None,
    deterministic: own.Deterministic = False,
    precision: own.ComputeIn = "float32",
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    devices: Devices = 1,
    nodes: Nodes = 1,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make images of noise, or of drawn codes: a .png grid, an .npy array, a video of the steps, or a folder.

    Of a table, rows of drawn codes: a .csv, .tsv, .npy or .parquet. Of a diffusion model the video shows its estimates
    of the clean images, and a folder or an .npy is written batch by batch, so that any --count takes the memory of one.
    Processes share the batches, and make the samples of one.
    """
    if relaunch(devices=devices, nodes=nodes, aftermath=_AFTERMATH):
        return
    from dataclasses import asdict
    from typing import cast, get_args

    from copyist.checks import check_choice
    from copyist.devices import Precision
    from copyist.errors import ArgumentError
    from copyist.outputs import check_output
    from copyist.procedures import default_method

    short = {"steps": steps, "schedule": schedule, "grow": None if grow is None else _sizes(grow)}
    short |= {"grow_steps": grow_steps, "mean": mean, "std": std}
    assigned = _assignments(assignments or (), short)
    if method is not None:
        # Before the model is opened, since it is to be refused whatever model that is.
        _chosen(method, assigned, short)
    check_choice("precision", precision, get_args(Precision))
    check_together(like=like, strength=strength, inpaint=inpaint, times=times, deterministic=deterministic)
    check_output(out, overwrite=force)
    if device is not None and not is_alone():
        raise ArgumentError(
            f"--device must be left out where several processes share the work, got {device}; each takes a GPU of its "
            "own, or a core of a machine without one"
        )
    with explain_lost_peers(aftermath=_AFTERMATH), join_processes() as own_device:
        network = open_model(model, class_of=class_of, device=device or own_device)
        name = method or default_method(network)
        chosen = _chosen(name, assigned, short)
        settings = asdict(chosen)
        shape = _shape(network, chosen, size=size, grown=settings.get("grow", ()))
        check_sample_format(out, table=network.takes_tables)
        statement = batch_statement(network, num_images=count, batch=batch)
        conditions = read_conditions(
            network,
            classes=classes or (),
            guidance=guidance,
            like=like,
            strength=strength,
            inpaint=inpaint,
            times=times,
            deterministic=deterministic,
            limit=count,
        )
        drawing = Drawing(
            model=network,
            method=chosen,
            conditions=conditions,
            shape=None if like is not None and size is None else shape,
            count=count,
            seed=seed,
            batch=batch,
            precision=cast("Precision", precision),
            shared=own_device is not None,
        )
        _say_size(drawing)
        drawn = draw_into(out, drawing)
    if not is_first():
        return

    result: dict[str, Any] = {"rows" if network.takes_tables else "images": count, "steps": drawn.steps, "method": name}
    if name == "no-diffusion":
        result["schedule"] = settings["schedule"] or "linear"
    given = {"classes": list(classes or ()), "guidance": guidance, "like": like, "inpaint": inpaint}
    result |= {option: value for option, value in given.items() if value}
    result |= {} if conditions is None or like is None else {"strength": conditions.share}
    result |= {"image_shape": list(drawn.shape), "out": str(out), **statement, **drawn.cost(count)}
    show(_text(result, grown=settings.get("grow", ())), result, as_json=as_json)


def _assignments(assignments: Sequence[str], short: Mapping[str, object]) -> dict[str, str]:
    """Texts by the names of settings: those of --set, and those that have an option of their own, where it is given."""
    from copyist.settings import read_assignments

    given = {name: value for name, value in short.items() if value is not None}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return read_assignments(assignments) | texts


def _chosen(name: str, assigned: Mapping[str, str], short: Mapping[str, object]) -> "Method":
    """The method with its settings; one that is refused is called by its option, where that was given.

    Raises:
        UnknownNameError, ArgumentError: as `named_method`.
    """
    from copyist.errors import ArgumentError
    from copyist.procedures import named_method

    try:
        return named_method(name, assigned)
    except ArgumentError as error:
        setting, _, rest = str(error).partition(" ")
        if short.get(setting) is None:
            raise
        option = {"mean": "noise-mean", "std": "noise-std", "grow_steps": "grow-steps"}.get(setting, setting)
        raise ArgumentError(f"--{option} {rest}") from error


def _sizes(texts: Sequence[str]) -> list[tuple[int, int]]:
    from copyist.data.source_options import parse_size

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
    from copyist.data.source_options import parse_size
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


def _say_size(drawing: Drawing) -> None:
    """Say where samples have another size than the images that the model was trained on."""
    ours, own = drawing.sample_shape, drawing.model.image_shape
    if ours is not None and own is not None and ours[1:] != own[1:] and is_first():
        sizes = ["x".join(map(str, shape[1:])) for shape in (ours, own)]
        say(f"samples are {sizes[0]}, training images were {sizes[1]}")


def _text(result: Mapping[str, Any], *, grown: Sequence[tuple[int, int]]) -> str:
    samples = counted(result["rows"], "row") if "rows" in result else counted(result["images"], "image")
    how = f"by {result['method']}"
    if "schedule" in result:
        schedule = result["schedule"]
        how = f"on a {schedule} schedule" if isinstance(schedule, str) else "on a schedule of its own"
    how += "".join(f", grown to {height}x{width}" for height, width in grown)
    how += f", of class {' and '.join(result['classes'])}" if "classes" in result else ""
    if "inpaint" in result:
        how += f", white of {result['inpaint']} made anew in {result['like']}"
    elif "like" in result:
        how += f", from {result['like']} with strength {result['strength']:g}"
    return f"sampled {samples} in {counted(result['steps'], 'step')} {how} into {result['out']}, {result['batch']}"
