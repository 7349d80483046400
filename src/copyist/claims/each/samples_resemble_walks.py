"""Samples and walks of one model share statistics that other models do not have."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.walks_and_samples import (
    Reference,
    one_pass,
    reference_for,
    samples,
    shown,
    states,
    walk_frames,
)
from copyist.claims.nets import scenes_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.spectra import radial_spectrum
from copyist.tensors import Images

CLAIM = Claim(
    sentence="Samples and walks of one model share statistics that those of other models do not have, and what the "
    "model does to images while denoising foretells what its samples look like.",
    source='Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion: samples resemble the walk of '
    "the model that made them, and a net with a hidden MLP paints in oil while it denoises as in its samples",
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="within_over_across",
            measure="mean Fréchet distance, in a classifier's features, from samples (N = 30, 256 of them) to the "
            "states of walks (300 steps, noise of 0.2) of the same model, over that to walks of the two other models; "
            "the models are the U-Net, the same with a hidden MLP, and the same after 0.3 of the training",
            holds_when=Below(1.0),
        ),
        Part(
            name="spectra_within_over_across",
            measure="mean distance, in decibels over the rings of the radial spectrum, from samples to states of walks "
            "of the same model, over that to those of the others",
            holds_when=Below(1.0),
        ),
        Part(
            name="foretold_within_over_across",
            measure="mean distance, in decibels over the rings, between what a model does to the mean spectrum of "
            "held-out images blended with noise at α = 0.3 and copied, and the same model's samples' deviation from "
            "the spectrum of real images, over that distance to other models' samples",
            holds_when=Below(1.0),
        ),
    ),
    controls=(
        Control(
            name="one_pass_within_over_across",
            measure="the first ratio for one copy of pure noise instead of the "
            "samples: every output of one net shares what its last layers do",
        ),
        Control(name="check_within_over_across", measure="the first ratio on principal axes instead"),
        Control(name="within", measure="mean Fréchet distance within models"),
        Control(name="across", measure="mean Fréchet distance across models"),
        Control(name="samples_to_real", measure="mean Fréchet distance from samples to held-out landscapes"),
        Control(name="walks_to_real", measure="mean Fréchet distance from states of walks to held-out landscapes"),
        Control(
            name="real_to_real", measure="Fréchet distance of as many training images from held-out ones: the floor"
        ),
        Control(name="spectra_within", measure="mean distance of spectra within models, dB"),
        Control(name="spectra_across", measure="mean distance of spectra across models, dB"),
        Control(name="foretold_within", measure="mean distance from denoising to samples within models, dB"),
        Control(name="foretold_across", measure="mean distance from denoising to samples across models, dB"),
        Control(name="clean_copies_within_over_across", measure="the last ratio for copies of clean images instead"),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Traces:
    """What one model leaves behind."""

    walks: Images
    samples: Images
    denoised: Images
    copied: Images
    single: Images


def run(trial: Trial) -> Measurements:
    """Three models, and every kind of picture of each against every other's."""
    reference = reference_for(trial)
    recipes = {
        "U-Net": scenes_unet(trial),
        "with a hidden MLP": scenes_unet(trial, hidden=True),
        "less trained": scenes_unet(trial, share=0.3),
    }
    rows: dict[str, Images] = {}
    traces: dict[str, _Traces] = {}
    blended = Blend(0.3)(reference.real, generator=trial.generator("blend"))
    for name, recipe in recipes.items():
        model = trial.autoencoder(recipe)
        frames = walk_frames(model, reference.starts, trial)
        traces[name] = _Traces(
            walks=states(frames, trial),
            samples=samples(model, trial, steps=trial.pick(smoke=5, standard=30, gpu=30)),
            denoised=copies(model, blended),
            copied=copies(model, reference.real),
            single=one_pass(model, reference, trial),
        )
        rows |= {
            f"{name}: walk": shown(frames),
            f"{name}: samples": traces[name].samples[:8].cpu(),
            f"{name}: denoised": traces[name].denoised[:8].cpu(),
        }
    found = list(traces.values())
    spectra = {name: _deviation(each.samples, reference).tolist() for name, each in traces.items()}
    return Measurements(
        values=_values(found, reference),
        curves={
            "spectra": Curves(
                title="Samples' spectra against real ones'",
                x_label="cycles per pixel",
                y_label="power over that of held-out landscapes, dB",
                x=radial_spectrum(reference.real[:1]).frequency.tolist(),
                lines=spectra,
            )
        },
        pictures={"traces": Pictures(caption="Walks, samples and denoised blends of three models.", rows=rows)},
    )


def _values(found: list[_Traces], reference: Reference) -> dict[str, float]:
    walks, made = [each.walks for each in found], [each.samples for each in found]
    single, copied = [each.single for each in found], [each.copied for each in found]
    denoised = [each.denoised for each in found]

    def decibels(a: Images, b: Images) -> float:
        return float((_deviation(a, reference) - _deviation(b, reference)).square().mean().sqrt())

    within, across = _pairs(reference.distance, made, walks)
    spectra_within, spectra_across = _pairs(decibels, made, walks)
    foretold_within, foretold_across = _pairs(decibels, denoised, made)
    return {
        "within_over_across": within / across,
        "spectra_within_over_across": spectra_within / spectra_across,
        "foretold_within_over_across": foretold_within / foretold_across,
        "one_pass_within_over_across": _ratio(_pairs(reference.distance, single, walks)),
        "check_within_over_across": _ratio(_pairs(reference.plain_distance, made, walks)),
        "within": within,
        "across": across,
        "samples_to_real": sum(map(reference.distance, made)) / len(made),
        "walks_to_real": sum(map(reference.distance, walks)) / len(walks),
        "real_to_real": reference.distance(reference.some_train),
        "spectra_within": spectra_within,
        "spectra_across": spectra_across,
        "foretold_within": foretold_within,
        "foretold_across": foretold_across,
        "clean_copies_within_over_across": _ratio(_pairs(decibels, copied, made)),
    }


def _pairs(apart: Callable[[Images, Images], float], a: list[Images], b: list[Images]) -> tuple[float, float]:
    """The mean over pairs of one model, and over pairs of different ones."""
    table = torch.tensor([[apart(x, y) for y in b] for x in a])
    own = torch.eye(len(a), dtype=torch.bool)
    return float(table[own].mean()), float(table[~own].mean())


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1]


def _deviation(x: Images, reference: Reference) -> Tensor:
    """Mean power per ring over that of real landscapes, in decibels (K,)."""
    power, usual = (radial_spectrum(images).power.mean(0).clamp_min(1e-12) for images in (x, reference.real))
    return 10 * (power / usual).log10()


EXPERIMENT = Experiment(claim=CLAIM, run=run)
