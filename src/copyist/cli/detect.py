"""`copyist detect`: fit a detector on normal images or rows, and let it judge others."""

__all__ = ["app"]

from typing import Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Out, parse_seed
from copyist.cli.terminal import TrainingBar, bar, say, show

app = typer.Typer(
    help="Find anomalies in images and tables, with a rate of false alarms that one can state.", no_args_is_help=True
)

Normal = Annotated[
    str | None,
    typer.Option("--normal", help="The label of normal examples; good, normal or 0 unless given.", metavar="NAME"),
]


@app.command(short_help="Fit a detector on normal images, or on normal rows of a table.")
def fit(
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="A recipe that copies, of those that 'copyist recipes' lists; the usual one for images or for tables "
            "unless given.",
            metavar="RECIPE",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="A source of normal examples; with --resume it may be left out.", metavar="GOOD"),
    ] = None,
    false_alarms: Annotated[
        float | None,
        typer.Option(
            "--false-alarms", help="The share of normal examples that may be flagged, in (0, 0.5]; 0.05 unless given."
        ),
    ] = None,
    measure: Annotated[
        str | None, typer.Option("--measure", help="Another measure of anomaly by its name.", metavar="NAME")
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Steps of the optimizer.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting of the recipe or the measure, such as width=32; may be repeated.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    normal: Annotated[
        str | None,
        typer.Option(
            "--normal", help="Fit on the examples of this label alone: a folder, or a class by ?label=.", metavar="NAME"
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            help="What tells which examples belong together, so that the rate holds for new groups: a column of a "
            "table; of images 'folder', or a regular expression that finds the group in a name.",
            metavar="COLUMN",
        ),
    ] = None,
    may_hold_outliers: Annotated[
        bool,
        typer.Option(
            "--may-hold-outliers", help="Outliers may be among the rows of the table: do not learn the strangest."
        ),
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of everything random; 0 unless given.", parser=parse_seed)
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the training in the folder, as it was started, to the same measure and rate."
        ),
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Fit a detector on normal images, or on normal rows of a table, into a folder."""
    from copyist.detection import fit_detector
    from copyist.evaluation.anomalies.summary import DetectorSummary
    from copyist.recipes.configured_detectors import configured_detector

    chosen = configured_detector(
        recipe,
        data=data,
        normal=normal,
        group=group,
        may_hold_outliers=may_hold_outliers,
        measure=measure,
        steps=steps,
        assignments=settings or [],
        resume_in=out if resume else None,
    )
    with TrainingBar(chosen.name) as watcher:
        detector = fit_detector(
            chosen,
            false_alarms=false_alarms,
            out=out,
            seed=seed,
            resume=resume,
            overwrite=force,
            observer=watcher,
        )

    summary = DetectorSummary.of(detector)
    show(f"{summary.text()}\nthe detector is in {out}", {**summary.to_document(), "out": str(out)}, as_json=as_json)


@app.command(short_help="Judge images or rows: anomalies, heatmaps and a report.")
def run(
    detector: Annotated[
        str, typer.Argument(help="The folder that 'copyist detect fit' made, or the file in it.", metavar="DETECTOR")
    ],
    inputs: Inputs,
    out: Out,
    labels: Annotated[
        str | None,
        typer.Option("--labels", help="A .csv of names and labels; else folders or ?label= tell them.", metavar="FILE"),
    ] = None,
    normal: Normal = None,
    masks: Annotated[
        str | None,
        typer.Option("--masks", help="A folder of masks of defects, each with the name of its picture.", metavar="DIR"),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Set PCA, k-NN and an isolation forest beside it.")
    ] = False,
    watch_drift: Annotated[
        bool, typer.Option("--drift", help="Watch the examples, in their order, for a change.")
    ] = False,
    resize: Annotated[
        bool, typer.Option("--resize", help="Bring images of another size to that of the training.")
    ] = False,
    ignore_extra: Annotated[
        bool, typer.Option("--ignore-extra", help="Leave out columns of a table that the detector was not fitted on.")
    ] = False,
    heatmaps: Annotated[
        str | None,
        typer.Option(
            "--heatmaps", help="all, flagged or none; all of up to 1,000 pictures unless given.", metavar="WHICH"
        ),
    ] = None,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Judge images or rows of tables into a folder: anomalies.csv, where anomalies lie, and report.html."""
    from copyist.evaluation.anomalies.detect import detect

    with bar("images") as update:
        report = detect(
            detector,
            inputs,
            out=out,
            labels=labels,
            normal=normal,
            masks=masks,
            compare=compare,
            watch_drift=watch_drift,
            resize=resize,
            ignore_extra=ignore_extra,
            heatmaps=heatmaps,  # pyright: ignore[reportArgumentType] it is checked there
            batch_size=batch,
            device=device,
            class_of=class_of,
            overwrite=force,
            progress=update,
            say=say,
        )

    show(
        f"{report.text()}\n\nthe report is {out / 'report.html'}",
        {**report.to_document(), "out": str(out)},
        as_json=as_json,
    )
