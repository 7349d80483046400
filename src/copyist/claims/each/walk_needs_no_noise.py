"""Much of a walk's motion is the manifold's own instability."""

__all__ = ["CLAIM", "EXPERIMENT"]

from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    reference_for,
)
from copyist.claims.measures.walks import (
    Walkers,
    code_noise_in_pixels,
    shown,
    states,
    walk_frames,
    walk_without_code,
    walkers,
)
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.metrics.distortion import distance
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
    count = trial.pick(smoke=16, standard=64, gpu=64)
    x, sigma = reference.train[:count], code_noise_in_pixels(model, reference.train[:count], trial)
    frames = {
        "without": walk_frames(model, x, trial, noise=0.0),
        "with": walk_frames(model, x, trial),
        "pixels": walk_without_code(lambda images: copies(model, images), x, trial, sigma=sigma),
        "held_out": walk_frames(model, reference.test[:count], trial, noise=0.0),
        **{name: walk_frames(other, x, trial, noise=0.0) for name, other in others.items()},
    }
    found = {name: walkers(each, others.get(name, model), reference, trial) for name, each in frames.items()}
    worth = {f"{name}_states": appraise(states(frames[name], reference), reference) for name in ("without", "with")}
    quiet = found["without"]
    values = {
        "share": quiet.adjusted,
        "net": quiet.net,
        "net_over_with": quiet.net / found["with"].net,
        "net_over_pixels": quiet.net / found["pixels"].net,
        "spread": quiet.spread,
        **_moved(found),
        **appraisal_values(worth),
    }
    labels = {"without": "no noise", "with": "noise in the code", "end": "no noise, at the end"}
    rows = {
        f"{labels[name]}{', another' if number else ''}": shown(frames[name], walker=number)
        for name, numbers in {"with": (0,), "without": (0, 1, 2), "end": (0, 1)}.items()
        for number in numbers
    }
    caption = "Landscapes that were trained on, copied 300 times, from the left to the right."
    return Measurements(
        values=values,
        curves={"course": _course(frames["with"], frames["without"])},
        pictures={"ways": Pictures(caption=caption, rows=rows)},
    )


def _moved(found: dict[str, Walkers]) -> dict[str, float]:
    values: dict[str, float] = {}
    for way, each in found.items():
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


def _course(noisy: Tensor, quiet: Tensor) -> Curves:
    begun = quiet[1]  # O(x), as no noise was added
    return Curves(
        title="Distance from where the walk began",
        x_label="steps",
        y_label="mean distance from O(x)",
        x=range(1, len(noisy)),
        lines={
            name: [float(distance(frame, begun).mean()) for frame in frames[1:]]
            for name, frames in {"with noise": noisy, "without": quiet}.items()
        },
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
