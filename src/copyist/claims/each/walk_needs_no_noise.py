"""Much of a walk's motion is the manifold's own instability."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
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
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Autoencoder, needs

AT = 33.0
"""PSNR of held-out copies, in dB, of the snapshot that walks: the first of the regime, since training stills walks."""

WAYS = {
    "without": "without noise",
    "with": "with noise of 0.2 in the code",
    "pixels": "with equal noise in the pixels, copied",
    "held_out": "without noise, from held-out landscapes",
    "end": "without noise, by the same net at the end of its training",
    "untrained": "without noise, by the untrained net",
}
"""How walks go on from 64 landscapes."""

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="Much of a walk's motion needs no noise: copying a copy again and again moves along the manifold too.",
    source='Badger, "Autoencoders: Learning by Copying", on the walk without noise',
    regime=Regime(psnr=33.0, code=1.0),
    picture="ways",
    parts=(
        Part(
            name="share",
            measure="share of 64 walkers (training landscapes in batches of 32, 300 steps without noise; farther from "
            "O(x) than half the median distance of two copies), by the snapshot that first copied at 33 dB",
            holds_when=Above(0.5),
            source=f"{PLACE}: without noise at each step the walk is qualitatively alike; 7 of 8 images walk",
            scale="logit",
        ),
        Part(
            name="net",
            measure="mean net displacement over windows of 50 steps in the second half, without noise, in halves of "
            "the median distance of two copies: at a sixth, six windows in one direction are a walk",
            holds_when=Above(1 / 6),
            source=f"{PLACE}: much of the tendency to move is the manifold's instability",
            scale="log",
        ),
        Part(
            name="net_over_with",
            measure="net displacement over 50 steps without noise, over that with noise in the code",
            holds_when=Above(0.5),
            scale="log",
        ),
        Part(
            name="net_over_pixels",
            measure="net displacement over 50 steps without noise, over that with equal noise in the pixels, copied",
            holds_when=Above(0.5),
            scale="log",
        ),
        Part(
            name="spread",
            measure="median distance between two walkers in the end, without noise, over that between two copies: to "
            "fade into one picture is no walk",
            holds_when=Above(0.5),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{way}", measure=f"{text} {what}")
            for way, what in WAYS.items()
            for name, text in {
                "share": "share of walkers",
                "low": "lower end of its binomial 95 % interval",
                "high": "upper end of it",
                "displacement": "mean distance from O(x), in halves of the median distance of copies,",
                "net": "net displacement over 50 steps",
                "spread": "spread",
                "at_rest": "share of walkers that rest or go round in the end",
            }.items()
        ),
        *appraisal_controls({"without_states": "states without noise", "with_states": "states with noise"}),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same starts with noise in the code, in the pixels, and without; and without noise by other nets."""
    reference, recipe = reference_for(trial), ladder(trial)
    model = trial.autoencoder(recipe, at=AT)
    others = {
        "end": trial.autoencoder(recipe),
        "untrained": needs(trial.untrained(recipe), Autoencoder, verb="an experiment"),
    }
    check_instruments(reference, model, trial)
    walks = _walks(model, others, reference, trial)
    worth = {f"{name}_states": appraise(walks[name].states, reference) for name in ("without", "with")}
    quiet = walks["without"].found
    values = {
        "share": quiet.adjusted,
        "net": quiet.net,
        "net_over_with": quiet.net / walks["with"].found.net,
        "net_over_pixels": quiet.net / walks["pixels"].found.net,
        "spread": quiet.spread,
        **_moved(walks),
        **appraisal_values(worth),
    }
    labels = {"without": "no noise", "with": "noise in the code", "end": "no noise, at the end"}
    rows = {
        f"{labels[name]}{', another' if number else ''}": walks[name].strip(walker=number)
        for name, numbers in {"with": (0,), "without": (0, 1, 2), "end": (0, 1)}.items()
        for number in numbers
    }
    caption = "Landscapes that were trained on, copied 300 times, from the left to the right."
    return Measurements(
        values=values,
        curves={"path": _path(walks)},
        pictures={"ways": Pictures(caption=caption, rows=rows)},
    )


def _walks(
    model: Autoencoder, others: Mapping[str, Autoencoder], reference: Reference, trial: Trial
) -> dict[str, KeptWalk]:
    """The net's walks, and those of others from the same starts without noise."""
    count = trial.pick(smoke=16, standard=64, gpu=64)
    x = reference.train[:count]
    sigma = code_noise_in_pixels(model, x, trial)

    def watch(frames: Tensor, by: Autoencoder = model) -> KeptWalk:
        return keep_walk(frames, by, reference, trial)

    return {
        "without": watch(walk_frames(model, x, trial, noise=0.0)),
        "with": watch(walk_frames(model, x, trial)),
        "pixels": watch(walk_without_code(lambda images: copies(model, images), x, trial, sigma=sigma)),
        "held_out": watch(walk_frames(model, reference.test[:count], trial, noise=0.0)),
        **{name: watch(walk_frames(other, x, trial, noise=0.0), other) for name, other in others.items()},
    }


def _moved(walks: dict[str, KeptWalk]) -> dict[str, float]:
    values: dict[str, float] = {}
    for way, walk in walks.items():
        each = walk.found
        values |= {
            f"share_{way}": each.share.mean,
            f"low_{way}": each.share.low,
            f"high_{way}": each.share.high,
            f"displacement_{way}": each.displacement,
            f"net_{way}": each.net,
            f"spread_{way}": each.spread,
            f"at_rest_{way}": each.at_rest,
        }
    return values


def _path(walks: dict[str, KeptWalk]) -> Curves:
    lines = {WAYS[name]: walks[name].path.tolist() for name in ("with", "pixels", "without", "held_out", "end")}
    return Curves(
        title="Distance from where the walk began",
        x_label="steps",
        y_label="mean distance from O(x), in halves of the median distance of copies",
        x=range(1, len(walks["with"].path) + 1),
        lines=lines,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
