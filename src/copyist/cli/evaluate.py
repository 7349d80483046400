"""`copyist evaluate`."""

__all__ = ["evaluate"]

from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Json, Seed, as_path
from copyist.cli.terminal import bar, say, show


def evaluate(
    models: Annotated[
        list[str], typer.Argument(help="Model files or run folders; several stand side by side.", metavar="MODEL")
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="A source: its test split is measured, or with ?split=all, test, … that split whole; filters learn on "
            "its train split, or on what the model was trained on.",
            metavar="SOURCE",
        ),
    ],
    fit_on: Annotated[
        str | None,
        typer.Option("--fit-on", help="A source on whose train split filters learn instead.", metavar="SOURCE"),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            "--images",
            help="At most this many test images or rows; unless given, 512 for copies, and all for names or ?split=.",
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Show every measure, or the error of every column.")
    ] = False,
    importance_samples: Annotated[
        int, typer.Option("--importance-samples", help="Codes per image that a likelihood is estimated by.")
    ] = 200,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the whole table as JSON here.", parser=as_path, metavar="PATH")
    ] = None,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure models on held-out images: copies beside PCA, denoising beside every control, codes, likelihoods, names.

    Of a table: the error of the copies, in total and by column, beside PCA of equal code size; likelihoods, names.
    """
    from copyist.checkpoint import load
    from copyist.checks import check_at_least
    from copyist.errors import ArgumentError
    from copyist.evaluation.evaluate import evaluate as evaluate_models
    from copyist.outputs import check_output, write_text

    check_at_least("images", 1 if images is None else images, 1)
    check_at_least("importance-samples", importance_samples, 1)
    for path in models:
        if models.count(path) > 1:
            raise ArgumentError(f"models side by side must be different ones, got {path} twice; name it once")
    if out is not None:
        check_output(out, overwrite=force)
    loaded = {
        name: load(path, class_of=class_of, device=device, say=say) for name, path in _short_names(models).items()
    }

    with bar("measuring") as update:
        found = evaluate_models(
            loaded,
            data,
            fit_on=fit_on,
            num_images=images,
            importance_samples=importance_samples,
            batch_size=batch,
            seed=seed,
            progress=update,
            say=say,
        )
    if out is not None:
        write_text(out, found.to_json())

    show(found.text(details=details), found.to_document(), as_json=as_json)


def _short_names(paths: list[str]) -> dict[str, str]:
    """The paths by the shortest names that tell them apart: a run's folder, or a file without its ending."""
    short = [Path(path).stem if Path(path).is_file() else Path(path).resolve().name for path in paths]
    return dict(zip(short if len(set(short)) == len(paths) else paths, paths, strict=True))
