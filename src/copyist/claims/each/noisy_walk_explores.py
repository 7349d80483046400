"""Encode, perturb, decode, again: the walk leaves its start and stays near the data."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.walks_and_samples import (
    code_noise_in_pixels,
    coherent_share,
    diagnose,
    reference_for,
    shown,
    spread,
    states,
    ways,
)
from copyist.claims.nets import scenes_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

OTHERS = {
    "pixel_noise": "noise in the pixels alone, as strong as one step's noise in the code makes",
    "copied_pixel_noise": "that noise in the pixels, followed by O",
    "no_noise": "no noise",
}
"""What may take the walk's place, the dullest first."""

CLAIM = Claim(
    sentence="Encoding, perturbing the code and decoding again and again leaves the image it began with, and stays "
    "near the data.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="share",
            measure="share of 64 walkers (one batch, held-out landscapes) whose distance from O(x) after 300 steps "
            "with noise of 0.2 in the code exceeds half the median distance between two images' copies",
            holds_when=Above(0.5),
        ),
        Part(
            name="spread",
            measure="median distance between two walkers after 300 steps, over that between two images' copies: "
            "walkers that all fade into one picture have left their starts as well, and explore nothing",
            holds_when=Above(0.5),
        ),
        Part(
            name="nearness",
            measure="median distance of the second half's states to the nearest training image, over that of held-out "
            "images",
            holds_when=Below(1.5),
        ),
        Part(
            name="against_pixel_noise",
            measure="Fréchet distance of these states to held-out landscapes in a classifier's features, minus that of "
            "walks with equal noise in the pixels alone",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        *(Control(name=f"share_{name}", measure=f"share of walkers with {what}") for name, what in OTHERS.items()),
        *(Control(name=f"spread_{name}", measure=f"spread with {what}") for name, what in OTHERS.items()),
        *(Control(name=f"nearness_{name}", measure=f"nearness with {what}") for name, what in OTHERS.items()),
        *(Control(name=f"distance_{name}", measure=f"Fréchet distance with {what}") for name, what in OTHERS.items()),
        *(
            Control(name=f"check_{name}", measure=f"the same on principal axes, {what}")
            for name, what in OTHERS.items()
        ),
        Control(name="distance", measure="Fréchet distance of the walk's states"),
        Control(name="check", measure="the same on principal axes"),
        Control(name="distance_copies", measure="Fréchet distance of held-out images' copies"),
        Control(name="distance_real", measure="Fréchet distance of as many training images: the floor"),
        Control(name="check_real", measure="the floor on principal axes"),
        Control(name="share_low", measure="lower end of the share's binomial 95 % interval"),
        Control(
            name="last_step", measure="mean length of the walk's last step, over half the median distance of copies"
        ),
        Control(name="coherent", measure="share of the states that keep every rule of the landscapes"),
        Control(name="coherent_real", measure="the same of held-out landscapes"),
        Control(name="pixel_sigma", measure="standard deviation in pixels of one step's noise in the code"),
    ),
)


def run(trial: Trial) -> Measurements:
    """One model, one batch of starts, and four ways to go on from them."""
    reference = reference_for(trial)
    model = trial.autoencoder(scenes_unet(trial))
    sigma = code_noise_in_pixels(model, reference.starts, trial)
    walks = ways(model, reference.starts, trial, sigma=sigma)
    pictures = {name: states(frames, trial) for name, frames in walks.items()}
    found = {name: diagnose(walks[name], model, reference) for name in ("walk", *OTHERS)}
    values: dict[str, float] = {}
    for name in walks:
        mark = f"_{name}" if name != "walk" else ""
        values[f"share{mark}"] = found[name].share.mean
        values[f"spread{mark}"] = spread(walks[name], model, reference)
        values[f"nearness{mark}"] = reference.remembered(pictures[name])
        values[f"distance{mark}"] = reference.distance(pictures[name])
        values[f"check{mark}"] = reference.plain_distance(pictures[name])
    walk = found["walk"]
    values |= {
        "against_pixel_noise": values["distance"] - values["distance_pixel_noise"],
        "distance_copies": reference.distance(copies(model, reference.real)),
        "distance_real": reference.distance(reference.some_train),
        "check_real": reference.plain_distance(reference.some_train),
        "share_low": walk.share.low,
        "last_step": float(walk.motion.mean()) / walk.threshold,
        "coherent": coherent_share(pictures["walk"]),
        "coherent_real": coherent_share(reference.real),
        "pixel_sigma": sigma,
    }
    caption = "One landscape's way over 300 steps, from the left to the right."
    rows = {name.replace("_", " "): shown(frames) for name, frames in walks.items()}
    return Measurements(values=values, pictures={"ways": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
