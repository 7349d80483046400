"""Samples and walks of one model share statistics that other models do not have."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import clean_psnr, copies
from copyist.claims.measures.references import INSTRUMENTS, Reference, check_instruments, ratios, reference_for
from copyist.claims.measures.samples import one_pass, samples
from copyist.claims.measures.walks import keep_walk, walk_frames
from copyist.claims.nets.ladder import Variant, ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.spectra import radial_spectrum
from copyist.tensors import Images

MODELS: dict[str, tuple[Variant, str]] = {
    "plain": ("plain", "the U-Net"),
    "hidden": ("hidden", "with a hidden MLP"),
    "deep": ("deep", "a level deeper"),
    "per_image": ("per-image", "normalized image by image"),
}
"""Nets of the standard ladder, in words; walks without normalization need not stay bounded: it is left out."""

PLACE = 'second version, "Diffusion with no Diffusion"'

CLAIM = Claim(
    sentence="Samples and walks of one model share statistics that those of other models do not have, and what the "
    "model does to images while denoising foretells what its samples look like.",
    source='Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion: samples resemble the walk of '
    "the model that made them, and a net with a hidden MLP paints in oil while it denoises as in its samples",
    regime=Regime(psnr=33.0, code=1.0),
    picture="traces",
    parts=(
        Part(
            name="within_over_across",
            measure="mean Fréchet distance from 512 samples (N = 30) to 512 states of walks (300 steps, noise of 0.2, "
            "from training images) of the same model, over that to walks of the three other models: the U-Net, with a "
            "hidden MLP, a level deeper, normalized image by image; each at the end of its training",
            holds_when=Below(1.0),
            source=f"{PLACE}: samples have statistics very like those of the same model's walk, and these are specific "
            "to the manifold learned",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="foretold_within_over_across",
            measure="mean distance, in decibels over the rings of the radial spectrum, between what a model does to "
            "the mean spectrum of held-out images blended with noise at α = 0.3 and copied, and the same model's "
            "samples' deviation from the spectrum of real images, over that distance to other models' samples",
            holds_when=Below(1.0),
            source=f"{PLACE}: the net with a hidden MLP changes images like an oil painting while it denoises, and "
            "most of its samples have the same character",
            scale="log",
        ),
        Part(
            name="spectra_within_over_across",
            measure="the first ratio for distances between radial spectra, in decibels over the rings",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="over_one_pass",
            measure="the first ratio, over the same for one copy of pure noise instead of the samples: every output of "
            "one net shares what its last layers do",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{where}", measure=f"mean distance {what}, {where} models")
            for where in ("within", "across")
            for name, what in {
                "axes": "from samples to walks on principal axes",
                "layout": "from samples to walks in layout features",
                "appearance": "from samples to walks in means, contrasts and coarse edges",
                "one_pass": "from copies of pure noise to walks on principal axes",
                "spectra": "between spectra of samples and walks, dB",
                "foretold": "between spectra of denoised images and samples, dB",
            }.items()
        ),
        Control(name="clean_copies_within_over_across", measure="the second ratio for copies of clean images instead"),
        Control(name="samples_to_real", measure="mean distance from samples to held-out landscapes on principal axes"),
        Control(name="walks_to_real", measure="mean distance from states of walks to held-out landscapes"),
        Control(name="real_to_real", measure="distance of training landscapes from held-out ones: the floor"),
        *(
            Control(name=f"psnr_{name}", measure=f"PSNR of copies of held-out images, dB: {words}")
            for name, (_, words) in MODELS.items()
        ),
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
    """Four models, and every kind of picture of each against every other's."""
    reference = reference_for(trial)
    rows: dict[str, Images] = {}
    traces: dict[str, _Traces] = {}
    values: dict[str, float] = {}
    blended = Blend(0.3)(reference.real, generator=trial.generator("blend"))
    x = reference.train[: trial.pick(smoke=16, standard=64, gpu=64)]
    for short, (variant, name) in MODELS.items():
        model = trial.autoencoder(ladder(trial, variant), control=variant != "plain")
        if variant == "plain":
            check_instruments(reference, model, trial)
        walk = keep_walk(walk_frames(model, x, trial), model, reference, trial)
        traces[name] = _Traces(
            walks=walk.states,
            samples=samples(model, reference, trial, steps=trial.pick(smoke=5, standard=30, gpu=30)),
            denoised=copies(model, blended),
            copied=copies(model, reference.real),
            single=one_pass(model, reference, trial),
        )
        values[f"psnr_{short}"] = clean_psnr(model, reference.real)
        rows |= {
            f"{name}: walk": walk.strip(),
            f"{name}: samples": traces[name].samples[:8].cpu(),
            f"{name}: denoised": traces[name].denoised[:8].cpu(),
        }
    spectra = {name: _deviation(each.samples, reference).tolist() for name, each in traces.items()}
    return Measurements(
        values={**_values(list(traces.values()), reference), **values},
        curves={
            "spectra": Curves(
                title="Samples' spectra against real ones'",
                x_label="cycles per pixel",
                y_label="power over that of held-out landscapes, dB",
                x=radial_spectrum(reference.real[:1]).frequency.tolist(),
                lines=spectra,
            )
        },
        pictures={"traces": Pictures(caption="Walks, samples and denoised blends of four models.", rows=rows)},
    )


def _values(found: Sequence[_Traces], reference: Reference) -> "dict[str, float | Mapping[str, float]]":
    walks, made = [each.walks for each in found], [each.samples for each in found]
    single, copied = [each.single for each in found], [each.copied for each in found]
    denoised = [each.denoised for each in found]

    def decibels(a: Images, b: Images) -> dict[str, float]:
        return {"dB": float((_deviation(a, reference) - _deviation(b, reference)).square().mean().sqrt())}

    within, across = _pairs(_between(reference), made, walks)
    one_within, one_across = _pairs(_between(reference), single, walks)
    spectra_within, spectra_across = _pairs(decibels, made, walks)
    foretold_within, foretold_across = _pairs(decibels, denoised, made)
    clean_within, clean_across = _pairs(decibels, copied, made)
    ratio = ratios(within, across)
    to_real = reference.distances.distance
    return {
        "within_over_across": ratio,
        "foretold_within_over_across": foretold_within["dB"] / foretold_across["dB"],
        "spectra_within_over_across": spectra_within["dB"] / spectra_across["dB"],
        "over_one_pass": ratios(ratio, ratios(one_within, one_across)),
        "axes_within": within["axes"],
        "axes_across": across["axes"],
        "layout_within": within["layout"],
        "layout_across": across["layout"],
        "appearance_within": within["appearance"],
        "appearance_across": across["appearance"],
        "one_pass_within": one_within["axes"],
        "one_pass_across": one_across["axes"],
        "spectra_within": spectra_within["dB"],
        "spectra_across": spectra_across["dB"],
        "foretold_within": foretold_within["dB"],
        "foretold_across": foretold_across["dB"],
        "clean_copies_within_over_across": clean_within["dB"] / clean_across["dB"],
        "samples_to_real": sum(to_real(each)["axes"] for each in made) / len(made),
        "walks_to_real": sum(to_real(each)["axes"] for each in walks) / len(walks),
        "real_to_real": to_real(reference.distances.real)["axes"],
    }


def _between(reference: Reference) -> Callable[[Images, Images], dict[str, float]]:
    """The distance of two sets of pictures, neither of which is real, by instrument."""
    return lambda a, b: replace(reference.distances, reference=b.to(reference.real)).distance(a)


def _pairs(
    apart: Callable[[Images, Images], Mapping[str, float]], a: Sequence[Images], b: Sequence[Images]
) -> tuple[dict[str, float], dict[str, float]]:
    """The mean over pairs of one model, and over pairs of different ones, by instrument."""
    table = [[apart(x, y) for y in b] for x in a]
    own = torch.eye(len(a), dtype=torch.bool)
    means: list[dict[str, float]] = []
    for chosen in (own, ~own):
        pairs = [table[row][column] for row, column in chosen.nonzero().tolist()]
        means.append({name: sum(pair[name] for pair in pairs) / len(pairs) for name in pairs[0]})
    return means[0], means[1]


def _deviation(x: Images, reference: Reference) -> Tensor:
    """Mean power per ring over that of real landscapes, in decibels (K,)."""
    power, usual = (radial_spectrum(images).power.mean(0).clamp_min(1e-12) for images in (x, reference.real))
    return 10 * (power / usual).log10()


EXPERIMENT = Experiment(claim=CLAIM, run=run)
