"""With more training fewer images walk."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr
from copyist.claims.measures.walks_and_samples import diagnose, reference_for, shown, spread, walk_frames
from copyist.claims.nets import scenes_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime

STAGES = {"early": 0.3, "usual": 1.0, "late": 3.0}
"""Shares of the usual training."""

CLAIM = Claim(
    sentence="With more training fewer images walk when they are copied again and again without noise.",
    source='Badger, "Autoencoders: Learning by Copying", second version, on the walk without noise: from 7 of 8 images '
    "to about 1 of 8 after 200 further epochs",
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="early_minus_late",
            measure="share of 64 walkers (one batch, held-out landscapes; farther from O(x) than half the median "
            "distance of two copies after 300 steps without noise) after 0.3 of the usual training, minus that after "
            "three times the usual training",
            holds_when=Above(0.0),
        ),
    ),
    controls=tuple(
        Control(name=f"{name}_{stage}", measure=f"{what}, {stage} in training")
        for name, what in {
            "share": "share of walkers",
            "share_low": "lower end of the share's binomial 95 % interval",
            "share_high": "upper end of the share's binomial 95 % interval",
            "displacement": "mean distance from O(x), in halves of the median distance of copies",
            "spread": "median distance between two walkers in the end over that between two copies: low where all fade "
            "into one picture, which counts as walking",
            "last_step": "mean length of the last step, in halves of the median distance of copies",
            "still": "share of walkers at rest in the end",
            "psnr": "clean PSNR of one copy, dB: a poor copier's errors add up to a way as well",
        }.items()
        for stage in STAGES
    ),
)


def run(trial: Trial) -> Measurements:
    """The same net after three lengths of training, and the same starts."""
    reference = reference_for(trial)
    values: dict[str, float] = {}
    pictures = {}
    steps: list[int] = []
    for stage, share in STAGES.items():
        recipe = scenes_unet(trial, share=share)
        steps.append(recipe.training.steps)
        model = trial.autoencoder(recipe)
        frames = walk_frames(model, reference.starts, trial, noise=0.0)
        found = diagnose(frames, model, reference)
        pictures[f"after {recipe.training.steps} steps"] = shown(frames)
        values |= {
            f"share_{stage}": found.share.mean,
            f"share_low_{stage}": found.share.low,
            f"share_high_{stage}": found.share.high,
            f"displacement_{stage}": float(found.displacement.mean()) / found.threshold,
            f"spread_{stage}": spread(frames, model, reference),
            f"last_step_{stage}": float(found.motion.mean()) / found.threshold,
            f"still_{stage}": float(found.fixed_point.double().mean()),
            f"psnr_{stage}": clean_psnr(model, reference.real),
        }
    values["early_minus_late"] = values["share_early"] - values["share_late"]
    course = Curves(
        title="Walking without noise over training",
        x_label="steps of training",
        y_label="share, or halves of the median distance of copies",
        x=steps,
        lines={
            "share of walkers": [values[f"share_{stage}"] for stage in STAGES],
            "displacement": [values[f"displacement_{stage}"] for stage in STAGES],
        },
        log_x=True,
    )
    caption = "One landscape, copied 300 times without noise, from the left to the right."
    return Measurements(
        values=values,
        curves={"training": course},
        pictures={"ways": Pictures(caption=caption, rows=pictures)},
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
