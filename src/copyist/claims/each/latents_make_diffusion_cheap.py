"""Diffusion in the codes of an autoencoder makes high resolution tractable."""

__all__ = ["CLAIM", "EXPERIMENT"]

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from torch.nn import functional as F

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    INSTRUMENTS,
    Reference,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import drawn
from copyist.claims.measures.training_cost import (
    equal_distance_time,
    held_for_backward,
    multiplications,
    parameters,
)
from copyist.claims.nets.resolutions import LONG, SHORT, SIDES, Side, landscapes, latent_diffusion, pixel_diffusion
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.models import LatentDiffusion
from copyist.models.contracts import Autoencoder, Diffusion, Model
from copyist.models.in_batches import in_batches
from copyist.procedures.diffusion import DPMSolver
from copyist.tensors import Images

PLACE = "on the descendants of autoencoders: latent diffusion"

KINDS = {"pixels": "diffusion of pixels", "codes": "diffusion of codes"}

TIMES = {"short": SHORT, "long": LONG}
"""A quarter of the time, and all of it."""

EVERYWHERE = tuple(f"{name} at every resolution" for name in INSTRUMENTS)


def at(side: Side) -> tuple[str, ...]:
    """The instruments for landscapes of this resolution, with controls of their own."""
    return tuple(f"{name} at {side}" for name in INSTRUMENTS)


def equal_distance(side: Side, *, source: str = "") -> Part:
    """The time that diffusion of codes takes to be as near as diffusion of pixels."""
    return Part(
        name=f"equal_distance_{side}",
        measure=f"time of training until samples of {side}×{side} are as near to held-out landscapes (Fréchet "
        "distance), diffusion of codes over diffusion of pixels; the autoencoder's training counts",
        holds_when=Below(1.0),
        source=source,
        scale="log",
        instruments=at(side),
    )


CLAIM = Claim(
    sentence="Diffusion in a latent space makes high resolution tractable.",
    source='"Autoencoders & Denoising AEs", on what descends from autoencoders',
    regime=Regime(psnr=None, why="diffusion models do not copy"),
    picture="samples",
    parts=(
        equal_distance(128, source=f"{PLACE}: the autoencoder is why diffusion can be computed at high resolution"),
        Part(
            name="multiplications_128",
            measure="multiply-adds per sample of 128×128, diffusion of codes over diffusion of pixels",
            holds_when=Below(1.0),
            source=f"{PLACE}: the same",
            scale="log",
        ),
        Part(
            name="memory_128",
            measure="megabytes per image of 128×128 that wait for the backward pass of training, diffusion of codes or "
            "its autoencoder, whichever has more, over diffusion of pixels",
            holds_when=Below(1.0),
            source=f"{PLACE}: the same",
            scale="log",
        ),
        Part(
            name="grows_with_resolution",
            measure="the first part's number at 128×128 over that at 32×32",
            holds_when=Below(1.0),
            source=f"{PLACE}: high resolution is what it is for",
            scale="log",
            instruments=EVERYWHERE,
        ),
        equal_distance(64),
        equal_distance(32),
        Part(
            name="beyond_enlarging",
            measure="distance of samples of 128×128 by diffusion of codes over that of samples of 32×32 by diffusion "
            "of pixels that are enlarged, which cost a quarter of the time",
            holds_when=Below(1.0),
            scale="log",
            instruments=at(128),
        ),
    ),
    controls=(
        *(
            Control(
                name=f"{name}_{label}_{side}",
                measure=f"Fréchet distance{words} to held-out landscapes of {side}×{side}: {kind}, the {label} time of "
                "training",
            )
            for side in SIDES
            for kind_name, kind in KINDS.items()
            for label in (f"{kind_name}_{length}" for length in TIMES)
            for name, words in (
                ("distance", " on principal axes"),
                ("layout", " in layout features"),
                ("appearance", " in means, contrasts and coarse edges"),
            )
        ),
        *(
            Control(name=f"{name}_{side}", measure=f"Fréchet distance on principal axes at {side}×{side}: {words}")
            for side in SIDES
            for name, words in (
                ("distance_copies", "copies of landscapes by the autoencoder, below which no code can come"),
                ("distance_enlarged", "samples of 32×32 by diffusion of pixels, enlarged"),
                ("distance_real", "training landscapes"),
            )
            if (name, side) != ("distance_enlarged", 32)  # Those are of this size already.
        ),
        *(
            Control(name=f"{name}_{kind}_{side}", measure=f"{words} of {side}×{side}, {text}")
            for side in SIDES
            for kind, text in KINDS.items()
            for name, words in (
                ("parameters", "numbers of the model"),
                ("count", "millions of multiply-adds per sample"),
                ("held", "megabytes per image that wait for the backward pass"),
                ("seconds", "processor seconds per sample"),
            )
        ),
    ),
)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """What was measured at one resolution."""

    samples: Mapping[str, Images]
    """Of the long training, by kind."""

    enlarged: Images
    """The smallest samples at this size."""

    distance: Mapping[str, Mapping[float, Mapping[str, float]]]
    """By kind, time of training and instrument."""

    enlarged_distance: Mapping[str, float]

    values: Mapping[str, float]
    """The controls."""

    reference: Reference

    def equal_distance(self) -> dict[str, float]:
        """The time of codes over that of pixels, by instrument."""
        by_time = {
            (kind, name): {share: each[name] for share, each in found.items()}
            for kind, found in self.distance.items()
            for name in INSTRUMENTS
        }
        return {name: equal_distance_time(by_time["codes", name], by_time["pixels", name]) for name in INSTRUMENTS}


def run(trial: Trial) -> Measurements:
    """Both kinds at each resolution, after both times."""
    found: dict[Side, _Found] = {}
    for side in SIDES:
        found[side] = _measured(trial, side, smallest=found[32].samples["pixels"] if found else None)
    for name, every in zip(INSTRUMENTS, EVERYWHERE, strict=True):
        passed = all(trial.instruments[f"{name} at {side}"].passed for side in SIDES)
        trial.check(InstrumentCheck(name=every, values={}, passed=passed, rule="passes at each resolution"))
    times: dict[Side, dict[str, float]] = {side: each.equal_distance() for side, each in found.items()}
    largest = found[128]
    values: dict[str, float | Mapping[str, float]] = {
        **{f"equal_distance_{side}": _marked(each, at(side)) for side, each in times.items()},
        "multiplications_128": largest.values["count_codes_128"] / largest.values["count_pixels_128"],
        "memory_128": largest.values["held_codes_128"] / largest.values["held_pixels_128"],
        "grows_with_resolution": _marked(ratios(times[128], times[32]), EVERYWHERE),
        "beyond_enlarging": _marked(ratios(largest.distance["codes"][LONG], largest.enlarged_distance), at(128)),
    }
    for each in found.values():
        values |= each.values
    rows = {
        "of pixels": largest.samples["pixels"][:6],
        "of codes": largest.samples["codes"][:6],
        "of 32×32, enlarged": largest.enlarged[:6],
        "landscapes": largest.reference.real[:6],
    }
    caption = "Samples of 128×128 after as long a training, samples of 32×32 that were enlarged, and landscapes."
    return Measurements(values=values, pictures={"samples": Pictures(caption=caption, rows=rows)})


def _measured(trial: Trial, side: Side, *, smallest: Images | None) -> _Found:
    reference = reference_for(trial, landscapes(trial, side))
    method = DPMSolver(steps=trial.pick(smoke=3, standard=15, gpu=30))
    distance: dict[str, dict[float, Mapping[str, float]]] = {kind: {} for kind in KINDS}
    samples: dict[str, Images] = {}
    values: dict[str, float] = {}
    for label, share in TIMES.items():
        recipes = {"pixels": pixel_diffusion(trial, side, share), "codes": latent_diffusion(trial, side, share)}
        models = {kind: trial.model(recipe, control=True) for kind, recipe in recipes.items()}
        for kind, model in models.items():
            since = time.process_time()
            samples[kind] = drawn(model, method, reference, trial)
            seconds = (time.process_time() - since) / reference.count
            found = distance[kind][share] = reference.distances.distance(samples[kind])
            values |= {
                f"distance_{kind}_{label}_{side}": found["axes"],
                f"layout_{kind}_{label}_{side}": found["layout"],
                f"appearance_{kind}_{label}_{side}": found["appearance"],
            }
            if share == LONG:
                values[f"seconds_{kind}_{side}"] = seconds
                values[f"parameters_{kind}_{side}"] = parameters(model)
                values[f"count_{kind}_{side}"] = multiplications(model, method, trial)
                values[f"held_{kind}_{side}"] = _held(model, reference.real[:2])
                if kind == "codes":
                    values[f"distance_copies_{side}"] = _checked(model, reference, trial, side)
    enlarged = _enlarged(samples["pixels"] if smallest is None else smallest, like=reference.real)
    enlarged_distance = reference.distances.distance(enlarged)
    if smallest is not None:
        values[f"distance_enlarged_{side}"] = enlarged_distance["axes"]
    values[f"distance_real_{side}"] = reference.distances.distance(reference.distances.real)["axes"]
    return _Found(
        samples=samples,
        enlarged=enlarged,
        distance=distance,
        enlarged_distance=enlarged_distance,
        values=values,
        reference=reference,
    )


def _checked(model: Model, reference: Reference, trial: Trial, side: Side) -> float:
    """The distance of the autoencoder's copies, on principal axes; what instruments say of them is put on record."""
    autoencoder = _first_stage(model)
    check_instruments(reference, autoencoder, trial, mark=f" at {side}")
    return reference.distances.distance(copies(autoencoder, reference.distances.real))["axes"]


def _first_stage(model: Model) -> Autoencoder:
    assert isinstance(model, LatentDiffusion)
    return model.first_stage


def _held(model: Model, x: Images) -> float:
    """Of one step of training: of a latent model that of its denoiser or of its autoencoder, whichever is more."""
    assert isinstance(model, Diffusion)
    if not isinstance(model, LatentDiffusion):
        return held_for_backward(model, x)
    first = held_for_backward(copy.deepcopy(model.first_stage).requires_grad_(), x)
    z = in_batches(model, model.to_space, x)
    return max(first, held_for_backward(model, z))


def _enlarged(x: Images, *, like: Images) -> Images:
    size = [int(side) for side in like.shape[2:]]
    return F.interpolate(x.to(like), size, mode="bicubic", align_corners=False).clamp(0, 1)


def _marked(found: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """The same numbers under other names of the instruments."""
    return {marked: found[name] for name, marked in zip(INSTRUMENTS, names, strict=True)}


EXPERIMENT = Experiment(claim=CLAIM, run=run)
