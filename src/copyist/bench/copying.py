"""How far copying alone goes: samples of models that were only trained to copy, drawn in many ways."""

__all__ = ["CopyingBench", "bench_copying"]

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

from copyist.baselines.instruments import JUDGE
from copyist.bench.copying_ways import WAYS
from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine
from copyist.checkpoint import load
from copyist.checks import check_choice
from copyist.data import open_source
from copyist.drawing.text import text_table
from copyist.drawing.wording import counted
from copyist.errors import ArgumentError
from copyist.evaluation.generation_measures import generation_table
from copyist.evaluation.generation_table import Generated, GenerationTable
from copyist.models.contracts import Reconstructor, needs


@final
@dataclass(frozen=True, kw_only=True)
class CopyingBench(JsonResult):
    """Samples of each model in each way, beside test images."""

    data: str
    num_images: int

    floor: Generated
    """Of as many training images."""

    pixel_law: Generated
    """Of draws of the normal law of the training images' pixels."""

    models: Mapping[str, Mapping[str, Generated]]
    """By the model's name, and by the way."""

    machine: Machine

    def __str__(self) -> str:
        ruled = [] if self.floor.rules is None else ["keep rules"]
        rows = [["", f"distance, {JUDGE}", "coverage", *ruled, "nearest", "copies"]]
        rows += [_row("training images", [self.floor]), _row("normal law of their pixels", [self.pixel_law])]
        for way in dict.fromkeys(way for found in self.models.values() for way in found):
            rows.append(_row(way, [found[way] for found in self.models.values() if way in found]))
        head = f"{self.data}: {self.num_images} samples of each of {', '.join(self.models)}"
        return f"{head}\n{text_table(rows)}"


def bench_copying(
    models: Sequence[Path],
    *,
    data: str | None = None,
    ways: Sequence[str] = tuple(WAYS),
    num_images: int = 512,
    seed: int = 0,
    found: Callable[[CopyingBench], None] = lambda result: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> CopyingBench:
    """Sample models that copy in several ways, and compare the samples with test images.

    Args:
        models: files or folders.
        data: a source; None takes that of the first model.
        ways: names of `WAYS`.
        num_images: samples of each, and test images.
        seed: of the noise.
        found: is given what there is after each model.
        say: takes one sentence after each way of each model.

    Raises:
        UnknownNameError: there is no such way.
        ArgumentError: two models have one name, or none is given.
        ContractError: a model does not copy, or has no code and a way draws codes.
        ShapeError: a model does not take the images.
        DataError: a model does not name the images it was trained on, or they cannot be read.
    """
    for way in ways:
        check_choice("way", way, WAYS)
    named = {str(path): needs(load(path), Reconstructor, verb="bench copying") for path in models}
    if len(named) != len(models) or not models:
        raise ArgumentError(f"models must be one or several, each named once, got {[*map(str, models)]}")
    source = data or next(iter(named.values())).trained_on.source
    splits = open_source(source)
    for way in ways:
        for model in named.values():
            WAYS[way].check(model, splits.test.shape)
    tables: dict[str, GenerationTable] = {}

    def result() -> CopyingBench:
        first = next(iter(tables.values()))
        return CopyingBench(
            data=source,
            num_images=first.num_images,
            floor=first.floor,
            pixel_law=first.pixel_law,
            models={name: table.models for name, table in tables.items()},
            machine=where,
        )

    methods, where = {way: WAYS[way] for way in ways}, machine()
    for name, model in named.items():
        tables[name] = generation_table(
            dict.fromkeys(ways, model),
            splits,
            num_images=num_images,
            methods=methods,
            seed=seed,
            progress=partial(_say_how_many, name, say),
        )
        found(result())
    return result()


def _say_how_many(name: str, say: Callable[[str], None], done: int, total: int) -> None:
    say(f"{name}: {done} of {counted(total, 'way')}")


def _row(name: str, found: Sequence[Generated]) -> list[str]:
    """Distances of all models, and means of what else there is."""
    fields = ["coverage", *([] if found[0].rules is None else ["rules"]), "nearest"]
    distances = ", ".join(f"{each.distance[JUDGE]:.4g}" for each in found)
    means = [f"{statistics.fmean(getattr(each, field) for each in found):.2f}" for field in fields]
    return [name, distances, *means, str(found[0].steps or "")]
