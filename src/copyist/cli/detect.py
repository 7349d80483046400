"""`copyist detect`: fit a detector on normal images or rows, and let it judge others."""

__all__ = ["app"]

import typer

from copyist.cli.detect_options import (
    Compare,
    Detector,
    Drift,
    FalseAlarms,
    Good,
    Group,
    Heatmaps,
    IgnoreExtra,
    Labels,
    Masks,
    MayHoldOutliers,
    Measure,
    Normal,
    OnlyNormal,
    Recipe,
    Resize,
    Resume,
    Seed,
    Settings,
    Steps,
)
from copyist.cli.options import Backend, Batch, ClassOf, Device, Force, Inputs, Jobs, Json, Out
from copyist.cli.preamble import sharing
from copyist.cli.terminal import TrainingBar, bar, say, show

app = typer.Typer(
    help="Find anomalies in images and tables, with a rate of false alarms that one can state.", no_args_is_help=True
)


@app.command(short_help="Fit a detector on normal images, or on normal rows of a table.")
def fit(
    out: Out,
    recipe: Recipe = None,
    data: Good = None,
    false_alarms: FalseAlarms = None,
    measure: Measure = None,
    steps: Steps = None,
    settings: Settings = None,
    normal: OnlyNormal = None,
    group: Group = None,
    may_hold_outliers: MayHoldOutliers = False,
    seed: Seed = None,
    resume: Resume = False,
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
    detector: Detector,
    inputs: Inputs,
    out: Out,
    labels: Labels = None,
    normal: Normal = None,
    masks: Masks = None,
    compare: Compare = False,
    watch_drift: Drift = False,
    resize: Resize = False,
    ignore_extra: IgnoreExtra = False,
    heatmaps: Heatmaps = None,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    jobs: Jobs = None,
    backend: Backend = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Judge images or rows of tables into a folder: anomalies.csv, where anomalies lie, and report.html."""
    from copyist.detection.detector_file import read_encoding
    from copyist.evaluation.anomalies.detect import detect
    from copyist.jobs import refuse_jobs

    if read_encoding(detector) is not None:
        refuse_jobs(jobs, backend, what="detector")
    with sharing(jobs, backend) as at_once, bar("images") as update:
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
            jobs=at_once,
            overwrite=force,
            progress=update,
            say=say,
        )

    show(
        f"{report.text()}\n\nthe report is {out / 'report.html'}",
        {**report.to_document(), "out": str(out)},
        as_json=as_json,
    )
