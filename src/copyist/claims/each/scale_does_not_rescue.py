"""Larger batches and more compute do not make the samples much better.

The source speaks of more than its own compute, a day or so of one GPU. At scale standard all is far below that: what is
seen here is how samples change on the way there, and only scale gpu comes near to what the sentence is about.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from dataclasses import replace

from copyist.claims.measures.references import (
    INSTRUMENTS,
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import drawn, one_pass, samples
from copyist.claims.nets.generators import diffusion_like_ladder
from copyist.claims.nets.ladder import SNAPSHOTS, ladder, small_ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor, needs
from copyist.procedures.diffusion import DPMSolver
from copyist.training import Recipe

AT = 33.0
"""PSNR of held-out copies, in dB, of the snapshot that more compute is held against."""

BATCH = 128
"""Of the larger batches; the usual ones are of 32."""

SMALL = tuple(f"{name} of 16×16" for name in INSTRUMENTS)
"""The same instruments on smaller landscapes, with controls of their own."""

PLACE = "current version, closing words"

CLAIM = Claim(
    sentence="Larger batches and more compute do not make the samples of a copier much better, far from the data as "
    "they are.",
    source='Badger, "Autoencoders: Learning by Copying", in its closing words on compute',
    regime=Regime(psnr=33.0, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="longer",
            measure="Fréchet distance to held-out landscapes of 512 samples (N = 30) by the standard ladder's net at "
            "the end of its training, over that by its snapshot that first copied held-out images at 33 dB",
            holds_when=Above(0.5),
            source=f"{PLACE}: with the usual steps to scale up training, larger batches and many devices, samples are "
            "not much better than with little compute",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="larger_batches",
            measure="the same distance by a net of 2048 landscapes of 16×16 that was trained in batches of 128, twice "
            "the compute, over that by one trained in batches of 32",
            holds_when=Above(0.5),
            source=f"{PLACE}: larger batches are named among these steps",
            scale="log",
            instruments=SMALL,
        ),
        Part(
            name="far_from_data",
            measure="distance of samples at the end of training over that of real landscapes",
            holds_when=Above(2.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="diffusion_over_end",
            measure="distance of samples (30 steps) of a diffusion model of equal size, trained for the same time, "
            "over that of the copier's at the end of its training",
            holds_when=Below(0.5),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=(
        *appraisal_controls(
            {
                "end": "samples at the end of training",
                "before": "samples at the snapshot of 33 dB",
                "one_pass": "copies of pure noise at the end of training",
                "untrained": "samples of the untrained net",
                "diffusion": "samples of the trained diffusion model",
                "real": "training landscapes",
            }
        ),
        Control(
            name="compute_longer", measure="image visits at the end of training over those at the snapshot of 33 dB"
        ),
        Control(name="compute_larger", measure="image visits in larger batches over those in usual ones"),
        Control(name="psnr_before", measure="PSNR of copies of held-out images at that snapshot, dB"),
        Control(name="psnr_end", measure="the same at the end, dB: whether copies get better meanwhile"),
        Control(name="psnr_usual", measure="PSNR of copies of held-out images of 16×16 after batches of 32, dB"),
        Control(name="psnr_larger", measure="the same after batches of 128, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Sample from each rung of one net, and from nets of small and of large batches."""
    reference, recipe = reference_for(trial), ladder(trial)
    end = trial.autoencoder(recipe)
    check_instruments(reference, end, trial)
    nets: dict[str, Reconstructor] = {
        "end": end,
        "before": trial.trained(recipe, at=AT),
        "untrained": needs(trial.untrained(recipe), Reconstructor, verb="an experiment"),
    }
    steps = trial.pick(smoke=4, standard=30, gpu=200)
    pictures = {name: samples(model, reference, trial, steps=steps) for name, model in nets.items()}
    diffusion = trial.model(diffusion_like_ladder(trial), control=True)
    pictures |= {
        "diffusion": drawn(diffusion, DPMSolver(steps=steps), reference, trial),
        "one_pass": one_pass(end, reference, trial),
        "real": reference.distances.real,
    }
    found = {name: appraise(x, reference) for name, x in pictures.items()}
    rungs = {rung.level: rung for rung in trial.rungs(recipe)}
    before = rungs.get(AT, rungs[None]).record
    values = {
        "longer": ratios(found["end"].distance, found["before"].distance),
        "diffusion_over_end": ratios(found["diffusion"].distance, found["end"].distance),
        "far_from_data": reference.distances.in_floors(pictures["end"]),
        **appraisal_values(found),
        "compute_longer": rungs[None].record.visits / before.visits,
        "psnr_before": before.psnr,
        "psnr_end": rungs[None].record.psnr,
        **_larger_batches(trial, steps),
    }
    on_the_way = {
        level: needs(rung.model, Reconstructor, verb="an experiment") for level, rung in rungs.items() if level
    }
    shown = {
        level: samples(model, reference, trial, steps=steps) if level != AT else pictures["before"]
        for level, model in on_the_way.items()
    }
    rows = {f"{level:g} dB": x[:8] for level, x in shown.items()}
    rows |= {
        "the end": pictures["end"][:8],
        "trained diffusion": pictures["diffusion"][:8],
        "landscapes": pictures["real"][:8],
    }
    curve = _curve({level: reference.distances.in_floors(x)["appearance"] for level, x in shown.items()})
    caption = "Samples (N = 30) by the same net as its copies got better, and landscapes."
    return Measurements(
        values=values,
        curves={"training": curve},
        pictures={"samples": Pictures(caption=caption, rows=rows)},
    )


def _larger_batches(trial: Trial, steps: int) -> "dict[str, float | dict[str, float]]":
    """Nets of smaller landscapes, by the same instruments with controls of their own."""
    recipes = {"usual": small_ladder(trial, count=_count(trial)), "larger": _in_large_batches(trial)}
    reference = reference_for(trial, recipes["usual"].data)
    distances: dict[str, dict[str, float]] = {}
    found: dict[str, float | dict[str, float]] = {}
    for name, recipe in recipes.items():
        model = trial.autoencoder(recipe, control=True)
        if name == "usual":
            check_instruments(reference, model, trial, mark=" of 16×16")
        distances[name] = _distance(model, reference, trial, steps)
        found |= {f"psnr_{name}": trial.rungs(recipe)[-1].record.psnr}
    ratio = ratios(distances["larger"], distances["usual"])
    visits = [each.training.steps * each.training.batch_size for each in recipes.values()]
    return {
        "larger_batches": {f"{name} of 16×16": value for name, value in ratio.items()},
        "compute_larger": visits[1] / visits[0],
        **found,
    }


def _count(trial: Trial) -> int:
    return trial.pick(smoke=64, standard=2048, gpu=2048)


def _in_large_batches(trial: Trial) -> Recipe:
    """Half the usual steps of four times the images, some eight minutes of one thread."""
    usual = small_ladder(trial, count=_count(trial))
    batch = trial.pick(smoke=32, standard=BATCH, gpu=BATCH)
    training = replace(usual.training, batch_size=batch, steps=usual.training.steps // 2)
    return replace(usual, name=f"{usual.name}-batches-of-{batch}", training=training)


def _distance(model: Reconstructor, reference: Reference, trial: Trial, steps: int) -> dict[str, float]:
    return reference.distances.distance(samples(model, reference, trial, steps=steps))


def _curve(found: "dict[float, float]") -> Curves:
    return Curves(
        title="Samples over training",
        x_label="PSNR of copies of held-out images at which the net was kept, dB",
        y_label="distance in appearance, over that of real landscapes",
        x=SNAPSHOTS,
        lines={"samples": [found.get(level, math.nan) for level in SNAPSHOTS]},
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
