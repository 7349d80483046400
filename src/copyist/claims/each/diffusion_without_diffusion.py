"""Noising and copying on a schedule, from pure noise, gives images that one pass cannot."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.walks_and_samples import (
    BLURS,
    Reference,
    blurred_samples,
    one_pass,
    reference_for,
    samples,
)
from copyist.claims.nets import scenes, scenes_unet, scenes_unet_skips
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.scenes import scene_rules
from copyist.models.contracts import Reconstructor, needs
from copyist.tensors import Images

LENGTHS = (30, 200)
"""N, numbers of steps (5 and 14 at scale smoke)."""

_DISTANCE = "Fréchet distance to held-out landscapes, in the features of a classifier of landscapes,"

OTHERS = {
    "blur": "with the best of four blurs in the model's place, its mean and spread set to the training data's",
    "untrained": "with an untrained model",
    "skips": "with a U-Net with skips, trained alike",
}
"""What may explain the samples, the dullest first."""

RULES = {"coherent": "share that keeps all rules of landscapes", "score": "mean graded score of the same rules"}
"""Order by rules that need no features: controls, since they were added after the distances had been seen."""

CLAIM = Claim(
    sentence="A model trained only to copy makes images out of pure noise, by noising and copying on a schedule, that "
    "one pass through it does not.",
    source='Badger, "Autoencoders: Learning by Copying", on diffusion with no diffusion',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        *(
            Part(
                name=f"against_one_pass_{steps}",
                measure=f"{_DISTANCE} of samples of {steps} steps from N(0.7, 0.2²), minus that of one copy of the "
                "same noise; 256 pictures, batches of 64",
                holds_when=Below(0.0),
            )
            for steps in LENGTHS
        ),
        *(
            Part(
                name=f"against_blur_{steps}",
                measure=f"distance of samples of {steps} steps minus that {OTHERS['blur']} on the same schedule",
                holds_when=Below(0.0),
            )
            for steps in LENGTHS
        ),
        Part(
            name="way_to_diffusion",
            measure="distance at N = 200 minus that of a trained diffusion model of equal size and budget, over that "
            "of one pass minus the same: below one half most of the way is made",
            holds_when=Below(0.5),
            waits_for="diffusion models",
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{steps}", measure=f"distance at N = {steps} {what}")
            for name, what in OTHERS.items()
            for steps in LENGTHS
        ),
        Control(name="repeated", measure="distance of pure noise copied 30 times, without new noise"),
        *(Control(name=f"distance_{steps}", measure=f"distance at N = {steps}") for steps in LENGTHS),
        Control(name="distance_one_pass", measure="distance of one copy of the noise"),
        Control(name="distance_noise", measure="distance of the noise itself"),
        Control(name="distance_copies", measure="distance of held-out images' copies"),
        Control(name="distance_real", measure="distance of as many training images: the floor"),
        *(Control(name=f"check_{steps}", measure=f"on principal axes instead, N = {steps}") for steps in LENGTHS),
        Control(name="check_one_pass", measure="on principal axes instead, one copy of the noise"),
        Control(name="check_blur", measure="on principal axes instead, the best blur there at N = 200"),
        Control(name="check_real", measure="on principal axes instead, the floor"),
        *(
            Control(
                name=f"remembered_{steps}",
                measure=f"median distance to the nearest training image over held-out images', N = {steps}",
            )
            for steps in LENGTHS
        ),
        *(
            Control(name=f"{rules}_{which}", measure=f"{measure}, {what}")
            for rules, measure in RULES.items()
            for which, what in {
                **{f"{steps}": f"samples at N = {steps}" for steps in LENGTHS},
                **{f"blur_{steps}": f"the best blur on the same schedule, N = {steps}" for steps in LENGTHS},
                "one_pass": "one copy of the noise",
                "repeated": "pure noise copied 30 times, without new noise",
                "real": "held-out landscapes",
            }.items()
        ),
        Control(
            name="variety", measure="median distance between two samples over that of two held-out images, N = 200"
        ),
        Control(name="accuracy", measure="share of held-out landscapes that the classifier names rightly"),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same noise through every way."""
    reference, recipe = reference_for(trial), scenes_unet(trial)
    model = trial.trained(recipe)
    others: dict[str, Reconstructor] = {
        "untrained": needs(trial.untrained(recipe), Reconstructor, verb="an experiment"),
        "skips": trial.trained(scenes_unet_skips(trial)),
    }
    single = one_pass(model, reference, trial)
    repeated = _repeated(model, single, trial.pick(smoke=5, standard=LENGTHS[0], gpu=LENGTHS[0]))
    rows = {"one pass": single[:8], f"copied {LENGTHS[0]} times": repeated[:8]}
    values = _yardsticks(reference, model, single, trial) | {"repeated": reference.distance(repeated)}
    values |= _rules("one_pass", single) | _rules("repeated", repeated) | _rules("real", reference.real)
    for steps in LENGTHS:
        length = trial.pick(smoke=steps // 20 + 4, standard=steps, gpu=steps)
        x = samples(model, trial, steps=length)
        blurs = [
            blurred_samples(reference, trial, blur=blur, steps=length, batch_size=model.batch_size) for blur in BLURS
        ]
        best = min(blurs, key=reference.distance)
        ways = {name: samples(other, trial, steps=length) for name, other in others.items()}
        ways["blur"] = best
        values |= {f"{name}_{steps}": reference.distance(pictures) for name, pictures in ways.items()}
        values |= {
            f"distance_{steps}": reference.distance(x),
            f"check_{steps}": reference.plain_distance(x),
            f"remembered_{steps}": reference.remembered(x),
            **_rules(f"{steps}", x),
            **_rules(f"blur_{steps}", best),
            "variety": float(_between(x) / _between(reference.real)),
            "check_blur": min(reference.plain_distance(blurred) for blurred in blurs),
        }
        values[f"against_one_pass_{steps}"] = values[f"distance_{steps}"] - values["distance_one_pass"]
        values[f"against_blur_{steps}"] = values[f"distance_{steps}"] - values[f"blur_{steps}"]
        rows |= {f"{name}, N = {steps}": pictures[:8] for name, pictures in {"samples": x, **ways}.items()}
    caption = "Pictures from the same noise; a sample is the last copy, shown as it is."
    return Measurements(values=values, pictures={"samples": Pictures(caption=caption, rows=rows)})


def _yardsticks(reference: Reference, model: Reconstructor, single: Images, trial: Trial) -> dict[str, float]:
    noise = torch.randn(reference.real.shape, generator=trial.generator("noise")).to(reference.real) * 0.2 + 0.7
    labels = trial.splits(scenes(trial)).test.labels
    assert labels is not None
    return {
        "distance_one_pass": reference.distance(single),
        "distance_noise": reference.distance(noise),
        "distance_copies": reference.distance(copies(model, reference.real)),
        "distance_real": reference.distance(reference.some_train),
        "check_one_pass": reference.plain_distance(single),
        "check_real": reference.plain_distance(reference.some_train),
        "accuracy": reference.accuracy(torch.as_tensor(labels[: len(reference.real)])),
    }


def _rules(which: str, x: Images) -> dict[str, float]:
    found = scene_rules(x)
    return {f"coherent_{which}": float(found.coherent.double().mean()), f"score_{which}": float(found.score.mean())}


def _repeated(model: Reconstructor, x: Images, steps: int) -> Images:
    """A first copy, and copies of it until there are N."""
    for _ in range(steps - 1):
        x = copies(model, x)
    return x


def _between(x: Images) -> torch.Tensor:
    return torch.pdist(x.flatten(1)).median()


EXPERIMENT = Experiment(claim=CLAIM, run=run)
