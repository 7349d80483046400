"""Encode, perturb, decode, again: the walk leaves its start and stays near the data."""

__all__ = ["CLAIM", "EXPERIMENT"]

from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    INSTRUMENTS,
    RULES,
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.walks import (
    KeptWalk,
    code_noise_in_pixels,
    keep_walk,
    walk_frames,
    walk_without_code,
)
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, adjusted_share
from copyist.models.contracts import Autoencoder

WAYS = {
    "walk": "states of the walk",
    "no_noise": "states of walks without noise",
    "copied_pixel_noise": "states where noise as strong as one step's in the code is put in the pixels, and copied",
    "pixel_noise": "states with that noise in the pixels alone",
    "held_out": "states of the walk from held-out landscapes",
    "end": "states of the walk by the same net at the end of its training",
}
"""The walk, and what may take its place."""

AT = 33.0
"""PSNR of held-out copies, in dB, of the snapshot that walks: the first of the regime, since training stills walks."""

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="Encoding, perturbing the code and decoding again and again leaves the image it began with, and stays "
    "near the data.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=33.0, code=1.0),
    picture="ways",
    parts=(
        Part(
            name="share",
            measure="share of 64 walkers (training landscapes in batches of 32) whose distance from O(x) after 300 "
            "steps with noise of 0.2 in the code exceeds half the median distance between two images' copies; by the "
            f"snapshot that first copied at {AT:g} dB",
            holds_when=Above(0.5),
            source=f"{PLACE}: repeated many times, this explores the latent space",
            scale="logit",
        ),
        Part(
            name="nearness",
            measure="median distance of 512 states of the second half to the nearest training image, over that of "
            "held-out images",
            holds_when=Below(1.5),
            source=f"{PLACE}: the walk is one along the learned manifold, and its pictures are locally realistic",
            scale="log",
        ),
        Part(
            name="spread",
            measure="median distance between two walkers in the end over that between two copies: walkers that all "
            "fade into one picture have left their starts as well, and explore nothing",
            holds_when=Above(0.5),
            scale="log",
        ),
        Part(
            name="kept",
            measure="share of the states that keep all rules of landscapes, (k + ½) / (n + 1)",
            holds_when=Above(0.5),
            scale="logit",
            instruments=RULES,
        ),
        Part(
            name="against_pixel_noise",
            measure="Fréchet distance of the states to held-out landscapes over that with equal noise in the pixels "
            "alone",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="against_copied_pixel_noise",
            measure="the same over that with this noise in the pixels, followed by O: whether the code is what matters",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="coverage_over_no_noise",
            measure="share of held-out landscapes with a state in their ball (5th neighbor) over that without noise",
            holds_when=Above(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=(
        *appraisal_controls(WAYS | {"copies": "copies of training landscapes", "real": "training landscapes"}),
        *(Control(name=f"share_{name}", measure=f"share of walkers: {what}") for name, what in WAYS.items()),
        *(Control(name=f"spread_{name}", measure=f"spread: {what}") for name, what in WAYS.items()),
        *(
            Control(name=f"net_{name}", measure=f"net displacement over 50 steps, in halves of the median: {what}")
            for name, what in WAYS.items()
        ),
        Control(name="share_low", measure="lower end of the share's binomial 95 % interval"),
        Control(name="share_high", measure="upper end of it"),
        Control(name="pixel_sigma", measure="standard deviation in pixels of one step's noise in the code"),
    ),
)


def run(trial: Trial) -> Measurements:
    """One model, one set of starts, and four ways to go on from them; and the walk from others."""
    reference, model = reference_for(trial), trial.autoencoder(ladder(trial), at=AT)
    check_instruments(reference, model, trial)
    ways, sigma = _ways(model, trial.autoencoder(ladder(trial)), reference, trial)
    worth = {name: appraise(each.states, reference) for name, each in ways.items()}
    worth |= {
        "copies": appraise(copies(model, reference.distances.real), reference),
        "real": appraise(reference.distances.real, reference),
    }
    walk, found = worth["walk"], ways["walk"].found
    values = {
        "share": found.adjusted,
        "nearness": walk.remembered,
        "spread": found.spread,
        "kept": {"rules": adjusted_share(walk.kept, walk.count)},
        **{
            f"against_{name}": ratios(walk.distance, worth[name].distance)
            for name in ("pixel_noise", "copied_pixel_noise")
        },
        "coverage_over_no_noise": ratios(walk.coverage, worth["no_noise"].coverage),
        **appraisal_values(worth),
        **_moved(ways),
        "share_low": found.share.low,
        "share_high": found.share.high,
        "pixel_sigma": sigma,
    }
    labels = {"walk": "noise in the code", "copied_pixel_noise": "noise in pixels, copied"}
    rows = {
        f"{labels.get(name, name.replace('_', ' '))}{', another' if number else ''}": ways[name].strip(walker=number)
        for name in ("walk", "no_noise", "copied_pixel_noise", "pixel_noise")
        for number in range(2 if name == "walk" else 1)
    }
    caption = (
        "Training landscapes over 300 steps, from the left to the right: two with noise in the code; the first of them "
        "without noise, with equal noise in the pixels and a copy at each step, and with that noise alone."
    )
    return Measurements(values=values, pictures={"ways": Pictures(caption=caption, rows=rows)})


def _ways(
    model: Autoencoder, end: Autoencoder, reference: Reference, trial: Trial
) -> tuple[dict[str, KeptWalk], float]:
    """What is left of each, and the standard deviation of the noise in pixels."""
    count = trial.pick(smoke=16, standard=64, gpu=64)
    x = reference.train[:count]
    sigma = code_noise_in_pixels(model, x, trial)

    def watch(frames: Tensor, by: Autoencoder = model) -> KeptWalk:
        return keep_walk(frames, by, reference, trial)

    ways = {
        "walk": watch(walk_frames(model, x, trial)),
        "no_noise": watch(walk_frames(model, x, trial, noise=0.0)),
        "copied_pixel_noise": watch(walk_without_code(lambda images: copies(model, images), x, trial, sigma=sigma)),
        "pixel_noise": watch(walk_without_code(lambda images: images, x, trial, sigma=sigma)),
        "held_out": watch(walk_frames(model, reference.test[:count], trial)),
        "end": watch(walk_frames(end, x, trial), end),
    }
    return ways, sigma


def _moved(ways: dict[str, KeptWalk]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, each in ways.items():
        found = each.found
        values |= {f"share_{name}": found.share.mean, f"spread_{name}": found.spread, f"net_{name}": found.net}
    return values


EXPERIMENT = Experiment(claim=CLAIM, run=run)
