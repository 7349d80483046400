"""Thirty plain copies of pure noise do as well as thirty on a schedule with new noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.references import (
    INSTRUMENTS,
    RULES,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import one_pass, plain_copies, samples
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Part, Regime

MARGIN = 1.25
"""Plain copies may be worse by so much, as a ratio, and still do as well."""

KINDS = {
    "schedule": "samples on the schedule, N = 30",
    "plain": "the same noise copied thirty times",
    "one_pass": "one copy of the noise",
    "real": "training landscapes",
}

CLAIM = Claim(
    sentence="Copying pure noise thirty times over gives pictures as good as noising and copying it on the schedule of "
    "diffusion with no diffusion.",
    source="ours: whether the schedule and its new noise are what makes images of noise, or the copies alone",
    regime=Regime(psnr=33.0, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="distance_plain_over_schedule",
            measure="Fréchet distance to held-out landscapes of 512 images of noise copied thirty times, over that of "
            "samples on the linear schedule of thirty steps from the same noise N(0.7, 0.2²)",
            holds_when=Below(MARGIN),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="kept_plain_over_schedule",
            measure="odds that a picture keeps all rules of landscapes and is not nearly a training image, plain "
            "copies over samples",
            holds_when=Above(1 / MARGIN),
            scale="log",
            instruments=RULES,
        ),
        Part(
            name="coverage_plain_over_schedule",
            measure="share of held-out landscapes with a picture in their ball (5th neighbor), plain copies over "
            "samples",
            holds_when=Above(1 / MARGIN),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="distance_plain_over_one_pass",
            measure="distance of plain copies over that of one copy of the noise: both ways must make something of it",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=appraisal_controls(KINDS),
)


def run(trial: Trial) -> Measurements:
    """The same noise, with the schedule and without."""
    reference, model = reference_for(trial), trial.autoencoder(ladder(trial))
    check_instruments(reference, model, trial)
    times = trial.pick(smoke=5, standard=30, gpu=30)
    pictures = {
        "schedule": samples(model, reference, trial, steps=times),
        "plain": plain_copies(model, reference, trial, times=times),
        "one_pass": one_pass(model, reference, trial),
        "real": reference.distances.real,
    }
    found = {name: appraise(x, reference) for name, x in pictures.items()}
    plain, schedule = found["plain"], found["schedule"]
    values = {
        "distance_plain_over_schedule": ratios(plain.distance, schedule.distance),
        "kept_plain_over_schedule": {
            "rules": plain.kept_odds / schedule.kept_odds,
        },
        "coverage_plain_over_schedule": ratios(plain.coverage, schedule.coverage),
        "distance_plain_over_one_pass": ratios(plain.distance, found["one_pass"].distance),
        **appraisal_values(found),
    }
    labels = {"schedule": "on the schedule", "plain": "copied 30 times", "one_pass": "one pass", "real": "landscapes"}
    rows = {labels[name]: x[:8] for name, x in pictures.items()}
    caption = "Pictures from the same noise, and landscapes of the training."
    return Measurements(values=values, pictures={"samples": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
