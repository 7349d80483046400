"""`copyist sample`."""

__all__ = ["sample"]

from pathlib import Path
from typing import TYPE_CHECKING

from copyist.cli.options import Batch, ClassOf, Count, Device, Force, Json, Model, Out, Seed
from copyist.cli.sample_options import (
    Grow,
    GrowSteps,
    MethodName,
    NoiseMean,
    NoiseStd,
    Schedule,
    Settings,
    Size,
    Steps,
)
from copyist.cli.terminal import bar, show

if TYPE_CHECKING:
    from copyist.cli.sample_methods import Plan
    from copyist.models import Reconstructor
    from copyist.tensors import Examples


def sample(
    model: Model,
    out: Out,
    count: Count = 64,
    method: MethodName = None,
    steps: Steps = None,
    assignments: Settings = None,
    schedule: Schedule = None,
    size: Size = None,
    grow: Grow = None,
    grow_steps: GrowSteps = None,
    mean: NoiseMean = None,
    std: NoiseStd = None,
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
    from copyist.cli.batch import stated
    from copyist.cli.opening import opened
    from copyist.cli.sample_files import check_sample_format, write_samples
    from copyist.cli.sample_methods import Asked, check_asked, plan_of
    from copyist.cli.sample_text import sample_result, sample_text
    from copyist.models.contracts import Reconstructor, needs
    from copyist.outputs import check_output

    own = {"schedule": schedule, "grow": grow, "grow_steps": grow_steps, "noise_mean": mean, "noise_std": std}
    asked = Asked(method=method, steps=steps, assignments=assignments or (), own=own, size=size)
    check_asked(asked)
    check_output(out, overwrite=force)
    network = needs(opened(model, class_of=class_of, device=device), Reconstructor, verb="sample")
    plan = plan_of(network, asked)
    check_sample_format(out, table=network.takes_tables)
    statement = stated(network, num_images=count, batch=batch)
    stages, done = _sampled(network, plan, count=count, seed=seed, batch=batch, out=out)
    write_samples(stages, out, columns=network.trained_on.columns)

    result = sample_result(plan, stages[-1], steps=done, out=out) | statement
    show(sample_text(result, plan), result, as_json=as_json)


def _sampled(
    network: "Reconstructor", plan: "Plan", *, count: int, seed: int, batch: int | None, out: Path
) -> tuple[list["Examples"], int]:
    """The samples after each step where a film shows them all, else after the last; and how many steps there were."""
    from copyist.cli.sample_files import FILMS
    from copyist.procedures import sample_steps
    from copyist.randomness import generator

    draws = generator(seed, "sample")
    stages: list[Examples] = []
    step = 0
    with bar("steps") as update:
        chain = sample_steps(
            network, count=count, method=plan.method, shape=plan.shape, generator=draws, batch_size=batch
        )
        for step, x_hat in enumerate(chain, start=1):
            update(step, plan.method.num_steps)
            stages = [*(stages if out.suffix.lower() in FILMS else []), x_hat.cpu()]
    return stages, step
