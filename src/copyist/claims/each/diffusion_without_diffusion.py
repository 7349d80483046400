"""Noising and copying on a schedule, from pure noise, gives images that one pass cannot."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    INSTRUMENTS,
    RULES,
    Appraisal,
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    pure_noise,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import BLURS, blurred_samples, one_pass, plain_copies, samples
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, odds
from copyist.models.contracts import Reconstructor, needs
from copyist.tensors import Images

LENGTHS = (30, 200)
"""N, numbers of steps (5 and 14 at scale smoke)."""

OTHERS = {
    "blur_30": "the best of four blurs in the model's place, its mean and spread set to the training data's, N = 30",
    "blur_200": "the best of four such blurs, N = 200",
    "untrained_30": "samples of the untrained net, N = 30",
    "skips_30": "samples of a U-Net with skips, N = 30",
    "repeated": "the noise copied thirty times, without schedule or new noise",
}
"""What may explain the samples, the dullest first."""

KINDS = {
    **{f"samples_{steps}": f"samples, N = {steps}" for steps in LENGTHS},
    "one_pass": "one copy of the noise",
    **OTHERS,
    "noise": "the noise itself",
    "copies": "copies of training landscapes",
    "real": "training landscapes",
}

PLACE = 'second version, "Diffusion with no Diffusion"'

CLAIM = Claim(
    sentence="A model trained only to copy makes images out of pure noise, by noising and copying on a schedule, that "
    "one pass through it does not.",
    source='Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion',
    regime=Regime(psnr=33.0, code=1.0),
    picture="samples",
    parts=(
        *(
            Part(
                name=f"distance_over_one_pass_{steps}",
                measure=f"Fréchet distance to held-out landscapes of 512 samples of {steps} steps from N(0.7, 0.2²), "
                "in batches of 32, over that of one copy of the same noise",
                holds_when=Below(1.0),
                source=f"{PLACE}: an autoencoder makes no realistic image of pure noise at once, but may when copies "
                f"are noised and copied again; this works fairly well, shown for {steps} steps",
                scale="log",
                instruments=INSTRUMENTS,
            )
            for steps in LENGTHS
        ),
        *(
            Part(
                name=f"kept_over_one_pass_{steps}",
                measure="odds that a sample keeps all rules of landscapes and is not nearly a training image, over "
                f"those of one copy of the noise, {steps} steps",
                holds_when=Above(1.0),
                source=f"{PLACE}: the samples are approximately realistic images",
                scale="log",
                instruments=RULES,
            )
            for steps in LENGTHS
        ),
        *(
            Part(
                name=f"coverage_over_one_pass_{steps}",
                measure="share of held-out landscapes with a sample in their ball (5th neighbor), over that of one "
                f"copy of the noise, {steps} steps",
                holds_when=Above(1.0),
                source=f"{PLACE}: the samples differ as the images of the data do",
                scale="log",
                instruments=INSTRUMENTS,
            )
            for steps in LENGTHS
        ),
        *(
            Part(
                name=f"distance_over_{name}",
                measure=f"distance of samples of {200 if name.endswith('200') else 30} steps over that of {what}",
                holds_when=Below(1.0),
                scale="log",
                instruments=INSTRUMENTS,
            )
            for name, what in OTHERS.items()
        ),
        Part(
            name="new",
            measure="median distance of samples of 200 steps to the nearest training image over that of held-out "
            "landscapes: none is remembered",
            holds_when=Above(0.5),
            scale="log",
        ),
        Part(
            name="way_to_diffusion",
            measure="distance at N = 200 over that of a trained diffusion model of equal size and budget",
            holds_when=Below(2.0),
            scale="log",
            waits_for="diffusion models",
        ),
    ),
    controls=(
        *appraisal_controls(KINDS),
        Control(
            name="variety", measure="median distance between two samples over that of two held-out images, N = 200"
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same noise through every way."""
    reference, model = reference_for(trial), trial.autoencoder(ladder(trial))
    check_instruments(reference, model, trial)
    pictures = _pictures(model, reference, trial)
    found = {name: appraise(x, reference) for name, x in pictures.items()}
    single = found["one_pass"]
    values: dict[str, float | dict[str, float]] = {}
    for steps in LENGTHS:
        made = found[f"samples_{steps}"]
        values |= {
            f"distance_over_one_pass_{steps}": ratios(made.distance, single.distance),
            f"kept_over_one_pass_{steps}": {"rules": _kept(made) / _kept(single)},
            f"coverage_over_one_pass_{steps}": ratios(made.coverage, single.coverage),
        }
    for name in OTHERS:
        made = found["samples_200" if name.endswith("200") else "samples_30"]
        values |= {f"distance_over_{name}": ratios(made.distance, found[name].distance)}
    values |= appraisal_values(found)
    values |= {
        "new": found["samples_200"].remembered,
        "variety": float(_between(pictures["samples_200"]) / _between(reference.real)),
    }
    caption = "Pictures from the same noise; a sample is the last copy, shown as it is."
    rows = {_label(name): pictures[name][:8] for name in KINDS if name not in ("noise", "copies", "blur_200")}
    return Measurements(values=values, pictures={"samples": Pictures(caption=caption, rows=rows)})


def _pictures(model: Reconstructor, reference: Reference, trial: Trial) -> dict[str, Images]:
    recipe = ladder(trial)
    untrained = needs(trial.untrained(recipe), Reconstructor, verb="an experiment")
    skips = trial.trained(ladder(trial, "skips"), control=True)
    short, long = trial.pick(smoke=(5, 14), standard=LENGTHS, gpu=LENGTHS)
    return {
        "samples_30": samples(model, reference, trial, steps=short),
        "samples_200": samples(model, reference, trial, steps=long),
        "one_pass": one_pass(model, reference, trial),
        "blur_30": _best_blur(model, reference, trial, steps=short),
        "blur_200": _best_blur(model, reference, trial, steps=long),
        "untrained_30": samples(untrained, reference, trial, steps=short),
        "skips_30": samples(skips, reference, trial, steps=short),
        "repeated": plain_copies(model, reference, trial, times=short),
        "noise": pure_noise(reference, trial),
        "copies": copies(model, reference.distances.real),
        "real": reference.distances.real,
    }


def _best_blur(model: Reconstructor, reference: Reference, trial: Trial, *, steps: int) -> Images:
    """That which comes nearest to held-out landscapes, on principal axes."""
    made = [blurred_samples(reference, trial, blur=blur, steps=steps, batch_size=model.batch_size) for blur in BLURS]
    return min(made, key=lambda x: reference.distances.distance(x)["axes"])


def _kept(found: Appraisal) -> float:
    return odds(found.fresh, found.count)


def _between(x: Images) -> torch.Tensor:
    return torch.pdist(x.flatten(1)).median()


def _label(name: str) -> str:
    special = {"repeated": "copied 30 times", "real": "landscapes", "one_pass": "one pass"}
    return special.get(name, name.replace("_", ", N = "))


EXPERIMENT = Experiment(claim=CLAIM, run=run)
