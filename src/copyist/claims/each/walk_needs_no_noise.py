"""Most of a walk's motion is the manifold's own instability."""

__all__ = ["CLAIM", "EXPERIMENT"]

from torch import Tensor

from copyist.claims.measures.walks_and_samples import (
    diagnose,
    mean_step,
    reference_for,
    shown,
    spread,
    states,
    walk_frames,
)
from copyist.claims.nets import scenes_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.metrics.distortion import distance
from copyist.models.contracts import Autoencoder, needs

CLAIM = Claim(
    sentence="Most of a walk's motion needs no noise: copying a copy again and again moves along the manifold too.",
    source='Badger, "Autoencoders: Learning by Copying", on the walk without noise',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="displacement_ratio",
            measure="mean distance from O(x) after 300 steps without noise over that with noise of 0.2 in the code, 64 "
            "walkers (one batch, held-out landscapes)",
            holds_when=Above(0.5),
        ),
        Part(
            name="share_ratio",
            measure="share of walkers (farther from O(x) than half the median distance of two copies) without noise, "
            "over that with noise, or over one walker where none walks",
            holds_when=Above(0.5),
        ),
        Part(
            name="motion_ratio",
            measure="mean length of the last 50 steps without noise over that with noise",
            holds_when=Above(0.5),
        ),
        Part(
            name="spread_without",
            measure="median distance between two walkers after 300 steps without noise, over that between two images' "
            "copies: to fade into one picture is no walk",
            holds_when=Above(0.5),
        ),
    ),
    controls=(
        Control(
            name="displacement_untrained",
            measure="displacement of an untrained model's walkers without noise over "
            "the trained one's with, each in halves of its own copies' median distance",
        ),
        Control(name="share_untrained", measure="share of walkers of an untrained model without noise"),
        Control(name="spread_untrained", measure="spread of an untrained model's walkers without noise"),
        Control(name="share_with", measure="share of walkers with noise"),
        Control(name="share_without", measure="share of walkers without noise"),
        Control(name="share_without_low", measure="lower end of its binomial 95 % interval"),
        Control(name="share_without_high", measure="upper end of its binomial 95 % interval"),
        Control(name="spread_with", measure="spread with noise"),
        Control(name="last_step_with", measure="mean length of the last step, over half the median distance of copies"),
        Control(name="last_step_without", measure="the same without noise"),
        Control(name="still_without", measure="share of walkers at rest in the end, without noise"),
        Control(
            name="cycle_without", measure="share of walkers that go round in 2 to 8 steps in the end, without noise"
        ),
        Control(name="check_with", measure="Fréchet distance of the states with noise, in a classifier's features"),
        Control(name="check_without", measure="the same without noise"),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same starts, with noise, without, and without in an untrained model."""
    reference, recipe = reference_for(trial), scenes_unet(trial)
    model = trial.autoencoder(recipe)
    untrained = needs(trial.untrained(recipe), Autoencoder, verb="an experiment")
    noisy, quiet = (walk_frames(model, reference.starts, trial, noise=noise) for noise in (0.2, 0.0))
    random = walk_frames(untrained, reference.starts, trial, noise=0.0)
    found, still, wild = (
        diagnose(frames, net, reference) for frames, net in ((noisy, model), (quiet, model), (random, untrained))
    )
    moved = float(found.displacement.mean())
    values = {
        "displacement_ratio": float(still.displacement.mean()) / moved,
        "share_ratio": still.share.mean / max(found.share.mean, 1 / len(reference.starts)),
        "motion_ratio": mean_step(quiet) / mean_step(noisy),
        "spread_without": spread(quiet, model, reference),
        "displacement_untrained": float(wild.displacement.mean()) / wild.threshold / (moved / found.threshold),
        "share_untrained": wild.share.mean,
        "spread_untrained": spread(random, untrained, reference),
        "share_with": found.share.mean,
        "share_without": still.share.mean,
        "share_without_low": still.share.low,
        "share_without_high": still.share.high,
        "spread_with": spread(noisy, model, reference),
        "last_step_with": float(found.motion.mean()) / found.threshold,
        "last_step_without": float(still.motion.mean()) / still.threshold,
        "still_without": float(still.fixed_point.double().mean()),
        "cycle_without": float((still.cycle > 0).double().mean()),
        "check_with": reference.distance(states(noisy, trial)),
        "check_without": reference.distance(states(quiet, trial)),
    }
    course = _course(noisy, quiet, unit=found.threshold)
    rows = {"with noise": shown(noisy), "without": shown(quiet), "without, another": shown(quiet, walker=1)}
    caption = "One landscape's way over 300 steps, from the left to the right."
    return Measurements(
        values=values, curves={"course": course}, pictures={"ways": Pictures(caption=caption, rows=rows)}
    )


def _course(noisy: Tensor, quiet: Tensor, *, unit: float) -> Curves:
    begun = quiet[1]  # O(x), as no noise was added
    return Curves(
        title="Distance from where the walk began",
        x_label="steps",
        y_label="mean distance from O(x), in halves of the median distance of copies",
        x=range(1, len(noisy)),
        lines={
            name: [float(distance(frame, begun).mean()) / unit for frame in frames[1:]]
            for name, frames in {"with noise": noisy, "without": quiet}.items()
        },
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
