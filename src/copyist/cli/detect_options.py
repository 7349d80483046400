"""Options of `copyist detect`."""

__all__ = [
    "Compare",
    "Detector",
    "Drift",
    "FalseAlarms",
    "Good",
    "Group",
    "Heatmaps",
    "IgnoreExtra",
    "Labels",
    "Masks",
    "MayHoldOutliers",
    "Measure",
    "Normal",
    "OnlyNormal",
    "Recipe",
    "Resize",
    "Resume",
    "Seed",
    "Settings",
    "Steps",
]

from typing import Annotated, TypeAlias

import typer

from copyist.cli.options import parse_seed

Recipe: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        help="A recipe that copies, of those that 'copyist recipes' lists; the usual one for images or for tables "
        "unless given.",
        metavar="RECIPE",
    ),
]

Good: TypeAlias = Annotated[
    str | None,
    typer.Option("--data", help="A source of normal examples; with --resume it may be left out.", metavar="GOOD"),
]

FalseAlarms: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--false-alarms", help="The share of normal examples that may be flagged, in (0, 0.5]; 0.05 unless given."
    ),
]

Measure: TypeAlias = Annotated[
    str | None, typer.Option("--measure", help="Another measure of anomaly by its name.", metavar="NAME")
]

Steps: TypeAlias = Annotated[int | None, typer.Option("--steps", help="Steps of the optimizer.")]

Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of the recipe or the measure, such as width=32; may be repeated.",
        metavar="NAME=VALUE",
    ),
]

OnlyNormal: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--normal", help="Fit on the examples of this label alone: a folder, or a class by ?label=.", metavar="NAME"
    ),
]

Group: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--group",
        help="What tells which examples belong together, so that the rate holds for new groups: a column of a "
        "table; of images 'folder', or a regular expression that finds the group in a name.",
        metavar="COLUMN",
    ),
]

MayHoldOutliers: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--may-hold-outliers", help="Outliers may be among the rows of the table: do not learn the strangest."
    ),
]

Seed: TypeAlias = Annotated[
    int | None, typer.Option("--seed", help="Seed of everything random; 0 unless given.", parser=parse_seed)
]

Resume: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on with the training in the folder, as it was started, to the same measure and rate."
    ),
]

Detector: TypeAlias = Annotated[
    str, typer.Argument(help="The folder that 'copyist detect fit' made, or the file in it.", metavar="DETECTOR")
]

Labels: TypeAlias = Annotated[
    str | None,
    typer.Option("--labels", help="A .csv of names and labels; else folders or ?label= tell them.", metavar="FILE"),
]

Masks: TypeAlias = Annotated[
    str | None,
    typer.Option("--masks", help="A folder of masks of defects, each with the name of its picture.", metavar="DIR"),
]

Compare: TypeAlias = Annotated[bool, typer.Option("--compare", help="Set PCA, k-NN and an isolation forest beside it.")]

Drift: TypeAlias = Annotated[bool, typer.Option("--drift", help="Watch the examples, in their order, for a change.")]

Resize: TypeAlias = Annotated[
    bool, typer.Option("--resize", help="Bring images of another size to that of the training.")
]

IgnoreExtra: TypeAlias = Annotated[
    bool, typer.Option("--ignore-extra", help="Leave out columns of a table that the detector was not fitted on.")
]

Heatmaps: TypeAlias = Annotated[
    str | None,
    typer.Option("--heatmaps", help="all, flagged or none; all of up to 1,000 pictures unless given.", metavar="WHICH"),
]

Normal: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--normal",
        help="The label of normal examples; the one that was fitted on alone, or good, normal or 0, unless given.",
        metavar="NAME",
    ),
]
