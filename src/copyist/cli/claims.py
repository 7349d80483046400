"""`copyist claims`: what copyist must show, measured."""

__all__ = ["app"]

import contextlib
import math
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from copyist.cli.options import Force, Json, as_path
from copyist.cli.terminal import counted, counting, say, show

app = typer.Typer(
    help="Measure what the sources claim, and report it with intervals and verdicts.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Measure what the sources claim, and report it with intervals and verdicts."""


@app.command("list", short_help="List the claims.")
def list_claims(
    results: Annotated[
        Path | None,
        typer.Option("--results", help="A folder of results: show verdicts too.", parser=as_path, metavar="PATH"),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the claims by name, each with its sentence, and with its verdicts where a folder of results is given.

    The first verdict is on what the source asks, the second on what is asked beyond that.
    """
    from copyist.claims import catalogue
    from copyist.claims.declaration import Declaration
    from copyist.claims.judging import check_consistent
    from copyist.claims.result_file import read_result
    from copyist.drawing.text import text_table
    from copyist.errors import DataError

    if results is not None and not results.is_dir():
        raise DataError(f"{results} must be a folder of results, and there is none; run copyist claims run first")
    found = {name: Declaration.of(name, each.claim).to_document() for name, each in catalogue.experiments().items()}
    for name, each in found.items():
        path = (results or Path()) / f"{name}.json"
        if results is not None:
            result = read_result(path) if path.exists() else None
            if result is not None:
                check_consistent(result, name=str(path))
            each["verdict"] = "not run" if result is None else result.verdict
            each["beyond"] = None if result is None else result.beyond

    shown = ("sentence",) if results is None else ("verdict", "beyond", "sentence")
    rows = [(name, *(each[what] or "–" for what in shown)) for name, each in found.items()]
    show(text_table(rows, sides=("left",)), found, as_json=as_json)


@app.command(short_help="Measure claims, all of them unless some are named.")
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
    from copyist.claims.runner import on_backend, run_claims
    from copyist.evidence import LEAST_SEEDS

    chosen = catalogue.experiments(names or ())
    numbers = None if seeds is None else _numbers(seeds)
    with on_backend(backend) as at_once, counting("runs") as update, _kept():
        results = run_claims(
            chosen,
            scale=cast("Scale", scale),
            out=out,
            models=models,
            jobs=at_once if jobs is None else jobs,
            seeds=numbers,
            overwrite=force,
            progress=lambda name, seed, seconds, done, total: update(
                f"{name}, seed {seed}, {'failed' if math.isnan(seconds) else f'{seconds:.0f} s'}", done, total
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


@app.command(short_help="Train the nets that claims share, before the claims.")
def train(
    models: Annotated[
        Path,
        typer.Option(
            "--models",
            help="Where they are kept; name the same folder to claims run.",
            show_default=False,
            parser=as_path,
            metavar="PATH",
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="plain, skips, no-norm, per-image, hidden or deep; all unless given.", metavar="[NAME]..."),
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", help="smoke: seconds each, standard, or gpu: the source's sizes.")
    ] = "standard",
    seeds: Annotated[str, typer.Option("--seeds", help="Such as 0,1,2.", metavar="LIST")] = "0,1,2",
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Nets at once; as many as cores unless given, or 1 with a GPU.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train the standard ladder: copiers of landscapes, kept at several qualities; an interrupted run goes on."""
    from copyist.claims.nets.ladder import LADDER, Variant
    from copyist.claims.nets.training import LadderNet, train_ladder
    from copyist.claims.result import Scale
    from copyist.claims.runner import on_backend
    from copyist.drawing.text import text_table

    def tell(net: LadderNet, seconds: float, done: int, total: int) -> None:
        update(f"{net.variant}, seed {net.seed}, {net.rungs[-1].psnr:.1f} dB, {seconds:.0f} s", done, total)

    with on_backend("loky") as at_once, counting("nets") as update, _kept():
        nets = train_ladder(
            cast("list[Variant]", names or LADDER),
            scale=cast("Scale", scale),
            models=models,
            seeds=_numbers(seeds),
            jobs=at_once if jobs is None else jobs,
            progress=tell,
        )

    rows = [
        (f"{net.variant}, seed {net.seed}", f"{rung.psnr:.1f} dB", f"{rung.visits:,} images", f"{rung.seconds:,.0f} s")
        for net in nets
        for rung in net.rungs
    ]
    document = {"nets": [asdict(net) for net in nets]}
    show(text_table(rows, sides=("left",)), document, as_json=as_json)


@app.command(short_help="Train the source's own sizes on one GPU, in calls of minutes.")
def gpu(
    out: Annotated[
        Path,
        typer.Option("--out", help="The folder of the results.", show_default=False, parser=as_path, metavar="PATH"),
    ],
    models: Annotated[
        Path | None,
        typer.Option(
            "--models", help="Where trained models are kept; OUT/models unless given.", parser=as_path, metavar="PATH"
        ),
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="When training ends, to go on in the next call.")] = 9.0,
    faces: Annotated[
        str | None, typer.Option("--faces", help="Other pictures of 64x64 than the embedded faces.", metavar="SOURCE")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Train and measure all of it at toy size.")] = False,
    as_json: Json = False,
) -> None:
    """Train nets of the source's size on landscapes and faces of 64x64, and measure and draw what they do.

    Each stage is kept as it is done, and training is kept at the end of the time: the same command goes on.
    """
    from copyist.claims.large import run_large
    from copyist.claims.large_plan import LargePlan, toy_plan
    from copyist.drawing.text import text_table

    plan = toy_plan() if dry_run else LargePlan()
    plan = plan if faces is None else replace(plan, faces=faces)
    with _kept():
        results, left = run_large(
            out,
            models=out / "models" if models is None else models,
            minutes=minutes,
            plan=plan,
            progress=lambda name, seconds: say(f"{name}: {seconds:.0f} s"),
        )

    rows = [(each.name, name, f"{value:.4g}") for each in results for name, value in each.values.items()]
    lines = [text_table(rows, sides=("left", "left", "right"))] if rows else []
    if left:
        lines.append(f"left for the next call of the same command: {', '.join(left)}")
    show("\n".join(lines), {"stages": [asdict(each) for each in results], "left": left}, as_json=as_json)


@contextlib.contextmanager
def _kept() -> Generator[None, None, None]:
    """Say what an interrupted run leaves behind."""
    from copyist.errors import InterruptionError

    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; the runs that were done are kept, and the same command goes on with the others")
        raise
    except InterruptionError as error:
        sentence = "interrupted; what was done is kept, and the same command goes on from there"
        raise InterruptionError(sentence, signal=error.signal) from error


def _numbers(text: str) -> list[int]:
    from copyist.errors import ArgumentError

    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        seeds = [-1]
    if min(seeds) < 0:
        raise ArgumentError(f"seeds must be whole numbers of at least 0 with commas between, got {text!r}")
    return seeds


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


@app.command(short_help="Write pages on results: Markdown, figures, and one HTML file.")
def report(
    folder: Annotated[
        Path, typer.Argument(help="Results of 'claims run'; the pages are written here.", metavar="DIR", parser=as_path)
    ],
    as_json: Json = False,
) -> None:
    """Write pages on results into their folder: a front page, a page per claim, and all of it as one HTML file."""
    from copyist.claims import catalogue
    from copyist.claims.report import write_claims
    from copyist.claims.wording import counts

    results = write_claims(folder, sentences=catalogue.sentences())

    numbers = {verdict: number for verdict, number in counts(each.verdict for each in results).items() if number}
    beyond = {verdict: number for verdict, number in counts(each.beyond for each in results).items() if number}
    page = folder / "report.html"
    text = ", ".join(f"{number} {verdict}" for verdict, number in numbers.items())
    if beyond:
        text += f"; beyond: {', '.join(f'{number} {verdict}' for verdict, number in beyond.items())}"
    found = {"front_page": str(folder / "README.md"), "report": str(page), "verdicts": numbers, "beyond": beyond}
    show(f"{text}; see {folder / 'README.md'} or {page}", found, as_json=as_json)
