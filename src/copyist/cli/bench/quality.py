"""`copyist bench`: how well detectors and the codec do beside others."""

__all__ = ["codec", "images", "tables"]

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.bench.running import SEEDS, Out, run_bench
from copyist.cli.options import Force, Json, as_path


def tables(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Holds .npz files with X and y, 1 for an outlier; three tables of scikit-learn's unless given.",
            parser=as_path,
            metavar="FOLDER",
        ),
    ] = None,
    splits: Annotated[int, typer.Option(min=1, help="Random parts of each table.")] = 3,
    most: Annotated[int, typer.Option(min=50, help="Rows of a table that are trained on, at most.")] = 8000,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Fit detectors on 60 % of each table, with its outliers and without, and rank the rest."""
    from copyist.bench.table_detection import bench_table_detection, embedded_tables, read_tables

    found = embedded_tables() if folder is None else read_tables(folder)
    run_bench(
        partial(bench_table_detection, found, splits=splits, most_train=most), as_json=as_json, out=out, force=force
    )


def images(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds train/good, test/good, a folder in test for each kind of defect, and ground_truth with masks.",
            parser=as_path,
            metavar="FOLDER",
        ),
    ],
    seed: Annotated[list[int], typer.Option(min=0, help="Seed of a detector; may be given repeatedly.")] = SEEDS,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="Score those pictures of test apart in whose names the pattern is found; may be given repeatedly.",
            metavar="NAME=PATTERN",
        ),
    ] = None,
    calibration: Annotated[
        float, typer.Option(help="Share of the images to train on that the threshold comes from.")
    ] = 0.2,
    outliers: Annotated[
        float,
        typer.Option(help="Share of pictures with a defect, drawn from test, among the images to train on."),
    ] = 0.0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Fit the detector of images on good ones, and score it on others beside principal axes and nearest patches."""
    from copyist.bench.image_detection import bench_image_detection
    from copyist.settings import read_assignments

    bench = partial(
        bench_image_detection,
        folder,
        seeds=seed,
        parts=read_assignments(part or []),
        calibration=calibration,
        outliers=outliers,
    )
    run_bench(bench, as_json=as_json, out=out, force=force)


def codec(
    folder: Annotated[str, typer.Argument(help="A folder of pictures, or a source of images.", metavar="FOLDER")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model file or run, repeatable; the usual model of compress unless given.", metavar="MODEL"
        ),
    ] = None,
    effort: Annotated[int, typer.Option(min=0, help="Also refine each file in so many steps.")] = 0,
    as_json: Json = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """Compress pictures at every quality, ours and Pillow's, and compare size, distortion and speed."""
    from copyist.bench.codec import bench_codec

    run_bench(partial(bench_codec, folder, models=model or (), effort=effort), as_json=as_json, out=out, force=force)
