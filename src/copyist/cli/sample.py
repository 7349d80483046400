"""`copyist sample`."""

__all__ = ["sample"]

from typing import TYPE_CHECKING, Annotated, Any

import typer

from copyist.cli.options import Batch, ClassOf, Count, Device, Force, Json, Model, Out, Seed
from copyist.cli.terminal import bar, counted, show

if TYPE_CHECKING:
    from copyist.tensors import Images


def sample(
    model: Model,
    out: Out,
    count: Count = 64,
    steps: Annotated[int, typer.Option("--steps", help="How many times to copy.")] = 30,
    schedule: Annotated[str, typer.Option("--schedule", help="linear, cosine or geometric.")] = "linear",
    size: Annotated[str | None, typer.Option("--size", help="Of the images, such as 64 or 64x48.")] = None,
    grow: Annotated[
        list[str] | None,
        typer.Option("--grow", help="Then enlarge to this size, and go on; may be repeated.", metavar="SIZE"),
    ] = None,
    grow_steps: Annotated[
        int | None, typer.Option("--grow-steps", help="How many times to copy at each such size; --steps unless given.")
    ] = None,
    mean: Annotated[float, typer.Option("--noise-mean", help="Mean of the noise.")] = 0.7,
    std: Annotated[float, typer.Option("--noise-std", help="Standard deviation of the noise.")] = 0.2,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make images out of pure noise: a .png grid, an .npy array, a video of the steps, or a folder of images."""
    from copyist.checks import check_at_least, check_choice, check_finite
    from copyist.cli.batch import stated
    from copyist.cli.opening import opened
    from copyist.cli.sample_files import FILMS, check_sample_format, write_samples
    from copyist.errors import ArgumentError
    from copyist.outputs import check_output
    from copyist.procedures import SCHEDULES, sample_steps
    from copyist.randomness import generator

    check_choice("schedule", schedule, SCHEDULES)
    check_at_least("steps", steps, 1)
    check_finite("noise-mean", mean)
    check_at_least("noise-std", std, 0)
    check_sample_format(out)
    check_output(out, overwrite=force)
    network = opened(model, class_of=class_of, device=device).as_reconstructor(verb="sample")
    network.check_pictures(verb="sample")
    shape = None
    if size is not None and network.image_shape is not None:
        shape = (network.image_shape[0], *_size("--size", size, network.size_multiple))
    sizes = [_size("--grow", each, network.size_multiple) for each in grow or ()]
    if grow_steps is not None and not sizes:
        raise ArgumentError("--grow-steps goes with --grow, which is missing; add --grow 64, or leave it out")
    grow_steps = steps if grow_steps is None else grow_steps
    check_at_least("grow-steps", grow_steps, 1)
    total = steps + len(sizes) * grow_steps
    statement = stated(network, num_images=count, batch=batch)
    stages: list[Images] = []
    with bar("steps") as update:
        chain = sample_steps(
            network,
            count=count,
            shape=shape,
            steps=steps,
            schedule=SCHEDULES[schedule](steps),
            mean=mean,
            std=std,
            grow=sizes,
            grow_steps=grow_steps,
            generator=generator(seed, "sample"),
            batch_size=batch,
        )
        for step, x_hat in enumerate(chain, start=1):
            update(step, total)
            stages = [*(stages if out.suffix.lower() in FILMS else []), x_hat.cpu()]
    write_samples(stages, out)

    shape_of_one = list(stages[-1].shape[1:])
    result = {"images": count, "steps": total, "schedule": schedule, "image_shape": shape_of_one, "out": str(out)}
    result |= statement
    show(_text(result, sizes), result, as_json=as_json)


def _size(option: str, text: str, multiple: int) -> tuple[int, int]:
    """The (H, W) that an option names.

    Raises:
        ShapeError: a side is no multiple of what the model takes.
    """
    from copyist.data.source import parse_size
    from copyist.errors import ShapeError

    size = parse_size(text, name=option)
    if any(side % multiple for side in size):
        near = "x".join(str(-(-side // multiple) * multiple) for side in size)
        raise ShapeError(
            f"sides of samples must be multiples of {multiple}, got {size[0]}x{size[1]}; try {option} {near}"
        )
    return size


def _text(result: dict[str, Any], sizes: list[tuple[int, int]]) -> str:
    grown = "".join(f", grown to {height}x{width}" for height, width in sizes)
    return (
        f"sampled {counted(result['images'], 'image')} in {counted(result['steps'], 'step')} on a "
        f"{result['schedule']} schedule{grown} into {result['out']}, {result['batch']}"
    )
