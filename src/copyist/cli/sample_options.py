"""The options of `copyist sample` alone."""

__all__ = ["Grow", "GrowSteps", "MethodName", "NoiseMean", "NoiseStd", "Schedule", "Settings", "Size", "Steps"]

from typing import Annotated, TypeAlias

import typer

MethodName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="no-diffusion, langevin, walkback, implicit-prior, or prior (decoded codes), which a variational "
        "autoencoder takes unless told otherwise; others take no-diffusion.",
    ),
]
Steps: TypeAlias = Annotated[
    int | None, typer.Option("--steps", help="How many times to copy; the method's own number unless given.")
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting of another method; may be repeated.", metavar="NAME=VALUE"),
]
Schedule: TypeAlias = Annotated[str | None, typer.Option("--schedule", help="linear, cosine or geometric.")]
Size: TypeAlias = Annotated[str | None, typer.Option("--size", help="Of the images, such as 64 or 64x48.")]
Grow: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--grow", help="Then enlarge to this size, and go on; may be repeated.", metavar="SIZE"),
]
GrowSteps: TypeAlias = Annotated[
    int | None, typer.Option("--grow-steps", help="How many times to copy at each such size; --steps unless given.")
]
NoiseMean: TypeAlias = Annotated[
    float | None, typer.Option("--noise-mean", help="Mean of the noise; 0.7 unless given.")
]
NoiseStd: TypeAlias = Annotated[
    float | None, typer.Option("--noise-std", help="Standard deviation of the noise; 0.2 unless given.")
]
