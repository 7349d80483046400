"""`copyist evaluate`."""

__all__ = ["evaluate"]

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Json, Seed
from copyist.cli.terminal import bar, counted, say, show

if TYPE_CHECKING:
    from copyist.data import Splits


def evaluate(
    models: Annotated[
        list[str], typer.Argument(help="Model files or run folders; several stand side by side.", metavar="MODEL")
    ],
    data: Annotated[str, typer.Option("--data", help="A source; filters learn on its train split.", metavar="SOURCE")],
    images: Annotated[
        int | None,
        typer.Option(
            "--images", help="At most this many test images or rows; 512 for copies and all for names unless given."
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Show every measure, or the error of every column.")
    ] = False,
    importance_samples: Annotated[
        int, typer.Option("--importance-samples", help="Codes per image that a likelihood is estimated by.")
    ] = 200,
    out: Annotated[Path | None, typer.Option("--out", help="Write the whole table as JSON here.")] = None,
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
    import json
    from dataclasses import asdict

    from copyist.checkpoint import load
    from copyist.checks import check_at_least
    from copyist.data import open_source
    from copyist.errors import ArgumentError
    from copyist.evaluation.classification_errors import classification_table, classification_text
    from copyist.evaluation.denoising_text import denoising_text
    from copyist.evaluation.evaluate import evaluated
    from copyist.evaluation.likelihoods import likelihoods, likelihoods_text
    from copyist.evaluation.probe_table import probe_table, probe_text
    from copyist.evaluation.table_evaluation import evaluated_table
    from copyist.evaluation.table_text import table_text
    from copyist.models.contracts import Autoencoder, Reconstructor
    from copyist.outputs import check_output, write_text

    check_at_least("images", 1 if images is None else images, 1)
    check_at_least("importance-samples", importance_samples, 1)
    for path in models:
        if models.count(path) > 1:
            raise ArgumentError(f"models side by side must be different ones, got {path} twice; name it once")
    if out is not None:
        check_output(out, overwrite=force)
    loaded = {name: load(path, class_of=class_of, device=device) for name, path in _named(models).items()}
    splits = open_source(data, say=say)
    if any(isinstance(model, Reconstructor) for model in loaded.values()):
        count = images or 512
        say(f"measuring {counted(len(loaded), 'model')} and what stands beside them, which takes some seconds")
        # First, since a likelihood may refuse the values of the images.
        nats = likelihoods(loaded, splits, num_images=count, samples=importance_samples, seed=seed)
        if splits.train.is_table:
            copies = evaluated_table(loaded, splits, num_rows=count, batch_size=batch)
            first, result = table_text(copies, details=details), copies.to_json()
        else:
            with bar("corruptions") as update:
                table = evaluated(loaded, splits, num_images=count, batch_size=batch, seed=seed, progress=update)
            first, result = denoising_text(table, details=details), table.to_json()
        why = _unprobed(splits)
        if why and any(isinstance(model, Autoencoder) for model in loaded.values()):
            say(f"probes are left out, since {why}")
        probed = {} if why else probe_table(loaded, splits, num_images=count, batch_size=batch, seed=seed)
        texts = [first, likelihoods_text(nats), probe_text(probed) if probed else ""]
        result["probes"] = {name: asdict(row) for name, row in probed.items()}
        if nats:
            result["likelihoods"] = {name: asdict(each) for name, each in nats.items()}
    else:
        names = classification_table(loaded, splits, num_images=images, batch_size=batch)
        texts, result = [classification_text(names)], names.to_json()
    if out is not None:
        write_text(out, json.dumps(result, indent=1) + "\n")

    show("\n".join(filter(None, texts)), result, as_json=as_json)


def _unprobed(splits: "Splits") -> str | None:
    """Why labels, where there are any, can teach no probe."""
    import numpy as np

    labels, noun = splits.train.labels, splits.train.noun
    if labels is None:
        return None
    count = len(np.unique(labels))
    if count == 1:
        return f"all {noun} to learn from are of one class"
    return f"each of the {noun} to learn from is of a class of its own" if count == len(labels) else None


def _named(paths: list[str]) -> dict[str, str]:
    """The paths by the shortest names that tell them apart: a run's folder, or a file without its ending."""
    short = [Path(path).stem if Path(path).is_file() else Path(path).resolve().name for path in paths]
    return dict(zip(short if len(set(short)) == len(paths) else paths, paths, strict=True))
