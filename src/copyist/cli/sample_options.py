"""Options of `copyist sample`."""

__all__ = [
    "Classes",
    "ComputeIn",
    "Count",
    "Deterministic",
    "Grow",
    "GrowSteps",
    "Guidance",
    "Inpaint",
    "Like",
    "MethodName",
    "NoiseMean",
    "NoiseStd",
    "Schedule",
    "Settings",
    "Size",
    "Steps",
    "Strength",
    "Times",
]

from typing import Annotated, TypeAlias

import typer

Count: TypeAlias = Annotated[int, typer.Option("--count", help="How many images, or rows of a table.")]
MethodName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="no-diffusion, repeated-copying, langevin, walkback or implicit-prior, of a model that copies; "
        "gaussian-codes, of one that has codes; prior (decoded codes), of a variational autoencoder; dpm-solver, heun, "
        "euler, ancestral or stochastic-edm, of a diffusion model. no-diffusion, prior and dpm-solver unless given.",
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
    typer.Option("--steps", help="How many steps to take; the method's own number unless given (--set steps=…)."),
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
Classes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--class", help="A class to sample, by name or number; several are taken in turn.", metavar="CLASS"),
]
Guidance: TypeAlias = Annotated[
    float | None,
    typer.Option("--guidance", help="How far to go toward the class: 1 unless given, and more is more typical."),
]
Like: TypeAlias = Annotated[
    str | None,
    typer.Option("--like", help="An image, or several, to start from; with --inpaint to keep.", metavar="IMAGE"),
]
Strength: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--strength",
        help="How much noise the image gets, as a share of the levels: 0 keeps it, 1 ignores it; 0.5 unless given.",
    ),
]
Inpaint: TypeAlias = Annotated[
    str | None,
    typer.Option("--inpaint", help="A mask for --like, white where it is to be made anew.", metavar="MASK"),
]
Times: TypeAlias = Annotated[
    int | None,
    typer.Option("--resample", help="With --inpaint: how often each step is taken; 4 unless given.", metavar="TIMES"),
]
Deterministic: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="With --like: take the noise that the model finds in the image, not a new one."
    ),
]
ComputeIn: TypeAlias = Annotated[
    str, typer.Option("--precision", help="float32, bf16, or auto: bf16 where that is fast and near enough.")
]
