"""The chapters of the demo in the order of its page; each adds to the report what it measured and drew."""

__all__ = [
    "MEASURING",
    "REAL_PART",
    "SAMPLING",
    "STAGES_PART",
    "WALKING",
    "Scale",
    "Work",
    "add_denoising",
    "add_real_images",
    "add_samples",
    "add_walks",
]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from copyist.data import Splits
from copyist.demo.document import WALKED, DemoReport, WalkStage
from copyist.demo.nets import Net
from copyist.demo.pictures import draw_denoising, draw_passes, draw_real
from copyist.demo.progress import WholeProgress
from copyist.demo.samples import draw_samples, in_order
from copyist.demo.walks import draw_walk, walk_stage
from copyist.evaluation.evaluate import evaluate_images
from copyist.evaluation.evaluation import Evaluation
from copyist.models.contracts import Autoencoder, needs
from copyist.outputs import write_text

MEASURING = "measuring, beside every control"
"""The part of the work, as its progress names it, that `add_denoising` does."""

SAMPLING = "making images out of noise"
"""That of `add_samples`."""

WALKING = "walking"
"""The first of `add_walks`."""

STAGES_PART = "walking at each stage of training"
"""The second of `add_walks`."""

REAL_PART = "photographs of faces"
"""That of `add_real_images`."""


@final
@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is measured and shown."""

    num_test: int = 256
    """At most this many held-out images are measured."""

    num_samples: int = 64
    walk_steps: int = 300
    """Of each walk."""


@final
@dataclass(frozen=True, kw_only=True)
class Work:
    """What every chapter needs."""

    out: Path
    seed: int
    scale: Scale
    progress: WholeProgress


def add_denoising(work: Work, report: DemoReport, nets: Mapping[str, Net], splits: Splits) -> DemoReport:
    """Noise that no network saw in training, taken off or passed on, beside every control."""
    models = {name: net.model for name, net in nets.items()}
    first = next(iter(models.values()))
    with work.progress.part(MEASURING) as update:
        table = evaluate_images(
            models, splits, num_images=work.scale.num_test, seed=work.seed, progress=lambda n, of: update(n, of + 1)
        )
        write_text(work.out / "evaluation.json", Evaluation(denoising=table).to_json())
        pictures = draw_denoising(work.out, models, splits, seed=work.seed)
        x = splits.test.images(0, first.batch_size).to(next(first.parameters()).device)
        pictures["passes"] = draw_passes(work.out, first, x, seed=work.seed)
    return replace(report, pictures={**report.pictures, **pictures})


def add_samples(work: Work, report: DemoReport, nets: Mapping[str, Net], splits: Splits) -> DemoReport:
    """Images out of pure noise, and what else makes some."""
    copier, control = (net.model for net in nets.values())
    with work.progress.part(SAMPLING) as update:
        made = draw_samples(
            work.out, copier, control, splits, count=work.scale.num_samples, seed=work.seed,
            rules=splits.train.source.startswith("scenes"), progress=update,
        )  # fmt: skip
    pictures, films = {**report.pictures, **made.pictures}, {**report.films, "arising": made.film}
    return replace(report, pictures=pictures, films=films, in_order=made.in_order)


def add_walks(
    work: Work, report: DemoReport, copier: Net, splits: Splits, small: Sequence[Net], small_splits: Splits
) -> DemoReport:
    """A walk of the copier, and which images walk under a small network at each stage of its training."""
    steps = work.scale.walk_steps
    with work.progress.part(WALKING) as update:
        model = needs(copier.model, Autoencoder, verb="the demo")
        film, ends = draw_walk(work.out, model, splits.test, steps=steps, seed=work.seed, progress=update)
    stages: list[WalkStage] = []
    trained = 0
    with work.progress.part(STAGES_PART) as update:
        for place, net in enumerate(small):
            trained += int(net.header.training["steps"])
            model = needs(net.model, Autoencoder, verb="the demo")
            stages.append(walk_stage(work.out, f"stage-{place}", model, small_splits, steps=steps, trained=trained))
            update(place + 1, len(small))
    ended = (in_order(WALKED, ends),) if report.in_order else ()
    return replace(
        report, films={**report.films, "walk": film}, walk_stages=tuple(stages), in_order=(*report.in_order, *ended)
    )


def add_real_images(work: Work, report: DemoReport, net: Net, splits: Splits) -> DemoReport:
    """The same on photographs of faces."""
    name = "U-Net of faces"
    with work.progress.part(REAL_PART) as update:
        table = evaluate_images(
            {name: net.model}, splits, num_images=work.scale.num_test, seed=work.seed, progress=update
        )
        write_text(work.out / "real.json", Evaluation(denoising=table).to_json())
        shown = draw_real(work.out, name, net.model, splits, seed=work.seed)
    record = net.record(name, role="copier of faces", folder=work.out, splits=splits)
    return replace(report, models=(*report.models, record), pictures={**report.pictures, "real": shown})
