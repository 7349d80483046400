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
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            help="no-diffusion, langevin, walkback, implicit-prior, or prior (decoded codes), which a variational "
            "autoencoder takes unless told otherwise; others take no-diffusion.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="How many times to copy; the method's own number unless given.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting of another method; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    schedule: Annotated[str | None, typer.Option("--schedule", help="linear, cosine or geometric.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="Of the images, such as 64 or 64x48.")] = None,
    grow: Annotated[
        list[str] | None,
        typer.Option("--grow", help="Then enlarge to this size, and go on; may be repeated.", metavar="SIZE"),
    ] = None,
    grow_steps: Annotated[
        int | None, typer.Option("--grow-steps", help="How many times to copy at each such size; --steps unless given.")
    ] = None,
    mean: Annotated[float | None, typer.Option("--noise-mean", help="Mean of the noise; 0.7 unless given.")] = None,
    std: Annotated[
        float | None, typer.Option("--noise-std", help="Standard deviation of the noise; 0.2 unless given.")
    ] = None,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make images of noise, or of drawn codes: a .png grid, an .npy array, a video of the steps, or a folder."""
    from copyist.cli.batch import stated
    from copyist.cli.opening import opened
    from copyist.cli.sample_files import FILMS, check_sample_format, write_samples
    from copyist.cli.sample_methods import described, method_of, sizes_of
    from copyist.outputs import check_output
    from copyist.procedures import sample_steps
    from copyist.randomness import generator

    own = {"schedule": schedule, "grow": grow, "grow_steps": grow_steps, "noise_mean": mean, "noise_std": std}
    if method is not None:
        method_of(method, steps=steps, assignments=assignments or (), own=own, sizes=())
    check_sample_format(out)
    check_output(out, overwrite=force)
    network = opened(model, class_of=class_of, device=device).as_reconstructor(verb="sample")
    network.check_pictures(verb="sample")
    method = method or ("prior" if network.has_likelihood else "no-diffusion")
    shape = None
    if network.image_shape is not None and len(network.image_shape) == 3:
        shape = network.image_shape
        if size is not None:
            shape = (shape[0], *sizes_of("--size", [size], network.size_multiple)[0])
    sizes = sizes_of("--grow", grow or (), network.size_multiple)
    chosen = method_of(method, steps=steps, assignments=assignments or (), own=own, sizes=sizes)
    statement = stated(network, num_images=count, batch=batch)
    stages: list[Images] = []
    with bar("steps") as update:
        draws = generator(seed, "sample")
        chain = sample_steps(network, count=count, method=chosen, shape=shape, generator=draws, batch_size=batch)
        step = 0
        for step, x_hat in enumerate(chain, start=1):
            update(step, chosen.num_steps)
            stages = [*(stages if out.suffix.lower() in FILMS else []), x_hat.cpu()]
    write_samples(stages, out)

    result: dict[str, Any] = {"images": count, "steps": step, "method": method}
    if method == "no-diffusion":
        result["schedule"] = schedule or "linear"
    result |= {"image_shape": list(stages[-1].shape[1:]), "out": str(out), **statement}
    text = f"sampled {counted(count, 'image')} in {counted(step, 'step')} {described(method, schedule, sizes)}"
    show(f"{text} into {out}, {statement['batch']}", result, as_json=as_json)
