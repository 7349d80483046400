"""Larger batches and more compute do not make the samples much better."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Sequence

import torch

from copyist.claims.measures.copy_measures import clean_psnr
from copyist.claims.measures.walks_and_samples import reference_for, samples
from copyist.claims.nets import scenes_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor, needs

SHARES = (0.125, 0.5, 1.0, 2.0)
"""Of the usual steps."""

USUAL = SHARES.index(1.0)

CLAIM = Claim(
    sentence="Larger batches and more compute do not make the samples of a copier much better, far from the data as "
    "they are.",
    source='Badger, "Autoencoders: Learning by Copying", in its closing words on compute',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="longer",
            measure="Fréchet distance between samples and held-out scenes (features of a classifier of scenes, "
            "samples noised and copied on the linear schedule, in batches as trained) after twice the usual steps, "
            "over that after the usual",
            holds_when=Above(0.5),
        ),
        Part(
            name="wider",
            measure="the same distance of a U-Net with twice the maps, at about four times the compute, over the usual",
            holds_when=Above(0.5),
        ),
        Part(
            name="larger_batches",
            measure="the same distance after training on batches of 128, at twice the compute, over the usual",
            holds_when=Above(0.5),
        ),
        Part(
            name="far_from_data",
            measure="the least of these distances over that of as many training scenes",
            holds_when=Above(2.0),
        ),
        Part(
            name="diffusion",
            measure="distance of samples of a trained diffusion model at the compute of the widest, over its",
            holds_when=Below(1.0),
            waits_for="diffusion models",
        ),
    ),
    controls=(
        Control(name="real", measure="Fréchet distance of training scenes to held-out ones: the floor"),
        Control(name="noise", measure="that of the noise with which sampling begins"),
        Control(name="untrained", measure="that of samples of the untrained U-Net"),
        Control(name="one_pass", measure="that of copies of pure noise by the usual U-Net"),
        *(
            Control(name=f"check_{name}", measure=f"Fréchet distance on principal axes of the samples: {name}")
            for name in ("usual", "longer", "wider", "larger_batches", "real")
        ),
        Control(name="shortest", measure="that of samples after an eighth of the usual steps"),
        Control(name="usual", measure="that of samples after the usual steps"),
        Control(name="psnr_shortest", measure="PSNR of copies of held-out scenes after an eighth of the steps, dB"),
        Control(name="psnr_usual", measure="the same after the usual steps, dB: whether copies get better meanwhile"),
        Control(name="psnr_longer", measure="the same after twice the steps, dB"),
        Control(name="psnr_wider", measure="the same with twice the maps, dB"),
        Control(
            name="nearness_wider",
            measure="median distance of the widest's samples to training scenes over that of held-out scenes",
        ),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train for four lengths, once wider and once on larger batches, and sample from each."""
    recipes = [scenes_unet(trial, share=share) for share in SHARES]
    course = [trial.trained(recipe) for recipe in recipes]
    usual, wide = course[USUAL], trial.trained(scenes_unet(trial, widen=2))
    nets = {"usual": usual, "longer": course[-1], "wider": wide}
    untrained = needs(trial.untrained(recipes[USUAL]), Reconstructor, verb="an experiment")
    nets["larger_batches"] = trial.trained(scenes_unet(trial, batch_size=128))
    reference = reference_for(trial)
    x = reference.real
    steps = trial.pick(smoke=4, standard=30, gpu=200)
    drawn = {name: samples(model, trial, steps=steps) for name, model in nets.items()}
    found = {name: reference.distance(images) for name, images in drawn.items()}
    early = [reference.distance(samples(model, trial, steps=steps)) for model in course[:USUAL]]
    over_training = [*early, found["usual"], found["longer"]]
    floor = reference.distance(reference.some_train)
    noise = 0.7 + 0.2 * torch.randn(x.shape, generator=trial.generator("noise")).to(x)
    values = {name: found[name] / found["usual"] for name in ("longer", "wider", "larger_batches")} | {
        "far_from_data": min(found.values()) / floor,
        "real": floor,
        "noise": reference.distance(noise),
        "untrained": reference.distance(samples(untrained, trial, steps=steps)),
        "one_pass": reference.distance(samples(usual, trial, steps=1)),
        "shortest": over_training[0],
        "usual": found["usual"],
        **{f"check_{name}": reference.plain_distance(images) for name, images in drawn.items()},
        "check_real": reference.plain_distance(reference.some_train),
        "psnr_shortest": clean_psnr(course[0], x),
        "psnr_usual": clean_psnr(usual, x),
        "psnr_longer": clean_psnr(course[-1], x),
        "psnr_wider": clean_psnr(wide, x),
        "nearness_wider": reference.remembered(drawn["wider"]),
    }
    curve = _curve([recipe.training.steps for recipe in recipes], over_training, floor=floor)
    rows = {name.replace("_", " "): images[:8] for name, images in {"scenes": x, **drawn}.items()}
    pictures = Pictures(caption="Held-out scenes, and samples after more and more compute.", rows=rows)
    return Measurements(values=values, curves={"training": curve}, pictures={"samples": pictures})


def _curve(steps: Sequence[int], distances: Sequence[float], *, floor: float) -> Curves:
    return Curves(
        title="Samples over training",
        x_label="steps of training",
        y_label="Fréchet distance to held-out scenes",
        x=steps,
        lines={"samples": distances, "training scenes": [floor] * len(steps)},
        log_x=True,
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
