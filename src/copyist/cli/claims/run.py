"""`copyist claims run`."""

__all__ = ["run"]

import math
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from copyist.cli.claims.interruption import interruptible, parse_seeds
from copyist.cli.options import Force, Json, as_path
from copyist.cli.terminal import counting, show
from copyist.drawing.wording import counted


def run(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            help="The folder of the results; what is there is not redone.",
            show_default=False,
            parser=as_path,
            metavar="PATH",
        ),
    ],
    names: Annotated[list[str] | None, typer.Argument(help="Claims; all unless given.", metavar="[NAME]...")] = None,
    scale: Annotated[
        str, typer.Option("--scale", help="smoke: seconds each, standard, or gpu: the source's sizes.")
    ] = "standard",
    models: Annotated[
        Path | None,
        typer.Option(
            "--models", help="Where trained models are kept; OUT/models unless given.", parser=as_path, metavar="PATH"
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Runs at once; as many as cores unless given, or 1 with a GPU.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="Such as 0,1,2; each claim's own unless given.", metavar="LIST")
    ] = None,
    backend: Annotated[
        str, typer.Option("--backend", help="loky: on this machine; dask, ray: on a cluster that shares the folders.")
    ] = "loky",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure claims, write one JSON file for each, and show the verdicts; an interrupted run goes on where it was."""
    from copyist.claims import catalogue
    from copyist.claims.result import Scale
    from copyist.claims.runner import run_claims
    from copyist.evidence import LEAST_SEEDS
    from copyist.jobs import on_backend

    chosen = catalogue.experiments(names or ())
    numbers = None if seeds is None else parse_seeds(seeds)
    with on_backend(backend) as at_once, counting("runs") as update, interruptible():
        results = run_claims(
            chosen,
            scale=cast("Scale", scale),
            out=out,
            models=models,
            jobs=at_once if jobs is None else jobs,
            seeds=numbers,
            overwrite=force,
            progress=lambda name, seed, outcome, done, total: update(
                f"{name}, seed {seed}, {_told(outcome)}", done, total
            ),
        )

    documents = {name: result.to_document() for name, result in results.items()}
    shown = {
        name: {key: each[key] for key in ("verdict", "beyond", "scale", "parts")} for name, each in documents.items()
    }
    lines = [line for name, each in documents.items() for line in _lines(name, each)]
    if any(len(each["seeds"]) < LEAST_SEEDS for each in documents.values()):
        lines.append(f"fewer than {LEAST_SEEDS} seeds decide nothing, whatever they found")
    show("\n".join(lines), shown, as_json=as_json)


def _told(outcome: float | Exception) -> str:
    """How a run ended: after how long, or why it failed, which the others are not waited for to say."""
    if isinstance(outcome, Exception):
        return f"failed: {str(outcome) or type(outcome).__name__}"
    return f"{outcome:.0f} s"


def _lines(name: str, document: dict[str, Any]) -> list[str]:
    """Both verdicts on a claim, and below them each part with its owner, interval and bound."""
    from copyist.drawing.text import text_table

    declared = {part["name"]: part for part in document["claim"]["parts"]}
    rows: list[tuple[str, ...]] = []
    for part in document["parts"]:
        each = declared[part["name"]]
        owner = "source" if each["source"] else "ours"
        rows.append((part["name"], owner, _interval(part["interval"]), each["holds_when"], part["verdict"]))
    beyond = f", beyond {document['beyond']}" if document["beyond"] else ""
    seeds = counted(len(document["seeds"]), "seed")
    head = f"{name}: {document['verdict']}{beyond} (scale {document['scale']}, {seeds})"
    missed = [f"  seed {seed}: {run['missed']}" for seed, run in document["seeds"].items() if run["missed"]]
    return [head, text_table(rows, sides=("left",), indent=2), *missed]


def _interval(interval: dict[str, float | None]) -> str:
    from copyist.drawing.wording import estimate
    from copyist.evidence import Interval

    ends = [interval[end] for end in ("mean", "low", "high")]
    measured = Interval(*(math.nan if end is None else end for end in ends))
    return "not measured" if math.isnan(measured.mean) else estimate(measured)
