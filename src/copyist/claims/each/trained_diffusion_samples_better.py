"""At equal size and time of training a diffusion model makes better images than a copier: what the source ends on."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch

from copyist.claims.measures.references import (
    INSTRUMENTS,
    NOISE_MEAN,
    NOISE_STD,
    RULES,
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import drawn
from copyist.claims.measures.training_cost import multiplications, parameters
from copyist.claims.nets.generators import (
    diffusion_like_ladder,
    short_copier,
    short_denoiser,
    short_diffusion,
    short_latent_diffusion,
    short_variational,
)
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import GaussianNoise
from copyist.evaluation.sampling_memory import sampling_memory
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.procedures.diffusion import DPMSolver
from copyist.procedures.gaussian_codes import GaussianCodes
from copyist.procedures.method import Method
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.prior import Prior
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.procedures.walk import walk
from copyist.procedures.walkback import Walkback
from copyist.tensors import Images

PLACE = "current version, closing words"

LONG = {
    "copier": "samples of the ladder's copier, N = 30",
    "repeated": "samples of the ladder's copier by repeated copying, 30 copies",
    "codes": "samples of the ladder's copier by normal laws of neighboring codes",
    "diffusion": "samples of a diffusion model of pixels that was trained for as long, 30 steps",
}
"""About 50 minutes of one thread each."""

SHORT = {
    "short_copier": "samples of a copier, N = 30",
    "short_repeated": "its samples by repeated copying, 30 copies",
    "short_codes": "its samples by normal laws of neighboring codes",
    "short_walk": "the ends of its walks of 300 steps from training landscapes, noise of 0.2 in the code",
    "short_vae": "decoded draws from the prior of a variational autoencoder",
    "short_walkback": "30 steps of walkback by a denoising autoencoder, corruption of σ = 0.4",
    "short_diffusion": "samples of a diffusion model of pixels, 30 steps",
    "short_latent": "samples of a latent diffusion model, 30 steps, its first stage trained within the time",
}
"""About 10 minutes of one thread each."""

WALKERS = 128
"""So many walk at once, in batches of the model's own size: all states are kept until they arrive."""

CLAIM = Claim(
    sentence="At equal size and time of training a diffusion model samples landscapes better than a copier does on the "
    "schedule of diffusion with no diffusion.",
    source='Badger, "Autoencoders: Learning by Copying", in its closing words on whether to stop using diffusion',
    regime=Regime(psnr=33.0, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="distance_long",
            measure="Fréchet distance to held-out landscapes of 512 samples of a diffusion model (DPM-Solver++(2M), 30 "
            "steps), over that of 512 samples of the ladder's copier (N = 30), each after the same time of training",
            holds_when=Below(1.0),
            source=f"{PLACE}: diffusion models should not be given up for autoencoders, which learn less efficiently",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="kept_long",
            measure="odds that a sample keeps all rules of landscapes and is not nearly a training image, diffusion "
            "over copier",
            holds_when=Above(1.0),
            source=f"{PLACE}: the same",
            scale="log",
            instruments=RULES,
        ),
        Part(
            name="coverage_long",
            measure="share of held-out landscapes with a sample in their ball (5th neighbor), diffusion over copier",
            holds_when=Above(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="distance_short",
            measure="the first part after a fifth of the time",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="distance_over_repeated",
            measure="the first part with repeated copying in place of the schedule: the copy of each copy, given the "
            "mean and standard deviation of training images at each place",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="distance_over_codes",
            measure="the first part with decoded draws from normal laws of neighboring training images' codes, "
            "copied once",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="latent_short",
            measure="distance of samples of a latent diffusion model, whose first stage is trained within the time, "
            "over that of the diffusion model of pixels, after a fifth of the time",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="new",
            measure="median distance of the diffusion model's samples to the nearest training image over that of "
            "held-out landscapes: none is remembered",
            holds_when=Above(0.5),
            scale="log",
        ),
    ),
    controls=(
        *appraisal_controls({**LONG, **SHORT, "real": "training landscapes"}),
        *(
            Control(name=f"{name}_{kind}", measure=f"{words}: {text}")
            for kind, text in {**LONG, **SHORT}.items()
            for name, words in (
                ("parameters", "numbers that the model has"),
                ("multiplications", "millions of multiply-adds per picture"),
                ("memory", "megabytes of the model and of its tensors while 32 pictures are drawn"),
            )
            if (name, kind) != ("memory", "short_walk")
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """As many pictures of every kind."""
    reference, ways = reference_for(trial), _ways(trial)
    check_instruments(reference, needs(ways["copier"][0], Autoencoder, verb="an experiment"), trial)
    pictures = {name: drawn(model, method, reference, trial) for name, (model, method) in ways.items()}
    pictures["short_walk"] = _walked(ways["short_copier"][0], reference, trial)
    pictures["real"] = reference.distances.real
    found = {name: appraise(x, reference) for name, x in pictures.items()}
    values: dict[str, float | Mapping[str, float]] = {
        "distance_long": ratios(found["diffusion"].distance, found["copier"].distance),
        "kept_long": {"rules": found["diffusion"].kept_odds / found["copier"].kept_odds},
        "coverage_long": ratios(found["diffusion"].coverage, found["copier"].coverage),
        "distance_short": ratios(found["short_diffusion"].distance, found["short_copier"].distance),
        "distance_over_repeated": ratios(found["diffusion"].distance, found["repeated"].distance),
        "distance_over_codes": ratios(found["diffusion"].distance, found["codes"].distance),
        "latent_short": ratios(found["short_latent"].distance, found["short_diffusion"].distance),
        "new": found["diffusion"].remembered,
        **appraisal_values(found),
        **{f"parameters_{name}": parameters(model) for name, (model, _) in ways.items()},
        **{f"multiplications_{name}": multiplications(*way, trial) for name, way in ways.items()},
        **{f"memory_{name}": sampling_memory(*way, batch_size=32) for name, way in ways.items()},
        "parameters_short_walk": parameters(ways["short_copier"][0]),
        "multiplications_short_walk": _walk_steps(trial) * multiplications(ways["short_copier"][0], _copying(1), trial),
    }
    labels = {
        "copier": "copier, scheduled",
        "repeated": "copier, repeated",
        "codes": "copier, law of codes",
        "diffusion": "diffusion",
        "short_copier": "copier, a fifth",
        "short_repeated": "repeated, a fifth",
        "short_codes": "law of codes, a fifth",
        "short_walk": "its walk, a fifth",
        "short_vae": "VAE, a fifth",
        "short_walkback": "walkback, a fifth",
        "short_diffusion": "diffusion, a fifth",
        "short_latent": "latent diffusion, a fifth",
        "real": "landscapes",
    }
    caption = "Samples after the whole time of training and after a fifth of it, and landscapes."
    rows = {label: pictures[name][:8] for name, label in labels.items()}
    return Measurements(values=values, pictures={"samples": Pictures(caption=caption, rows=rows)})


def _ways(trial: Trial) -> dict[str, tuple[Model, Method]]:
    """How each kind but the walk is drawn: by which model, and by which method."""
    steps = trial.pick(smoke=4, standard=30, gpu=30)
    repeated, codes = RepeatedCopying(steps=steps), GaussianCodes()
    flow = DPMSolver(steps=steps)
    walkback = Walkback(steps=steps, corruption=GaussianNoise(sigma=0.4))
    found = {
        "copier": (ladder(trial), _copying(steps)),
        "repeated": (ladder(trial), repeated),
        "codes": (ladder(trial), codes),
        "diffusion": (diffusion_like_ladder(trial), flow),
        "short_copier": (short_copier(trial), _copying(steps)),
        "short_repeated": (short_copier(trial), repeated),
        "short_codes": (short_copier(trial), codes),
        "short_vae": (short_variational(trial), Prior()),
        "short_walkback": (short_denoiser(trial), walkback),
        "short_diffusion": (short_diffusion(trial), flow),
        "short_latent": (short_latent_diffusion(trial), flow),
    }
    judged = ("copier", "repeated", "codes")
    return {name: (trial.model(recipe, control=name not in judged), method) for name, (recipe, method) in found.items()}


def _copying(steps: int) -> NoDiffusion:
    return NoDiffusion(steps=steps, mean=NOISE_MEAN, std=NOISE_STD)


def _walk_steps(trial: Trial) -> int:
    return trial.pick(smoke=4, standard=300, gpu=300)


def _walked(model: Model, reference: Reference, trial: Trial) -> Images:
    """The last states of as many walks."""
    draws, steps = trial.generator("walk"), _walk_steps(trial)
    ends = [
        walk(model, starts, steps=steps, noise=0.2, generator=draws, precision="float32")[-1]
        for starts in reference.train[: reference.count].split(WALKERS)
    ]
    return torch.cat(ends)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
