"""With batch normalization or without it, a trained output represents its input alike."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import find_inversion
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_rows,
    inversion_values,
    over,
)
from copyist.claims.measures.over_training import common_level
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Below, Claim, Control, Part, Regime, Within
from copyist.models.contracts import Reconstructor, needs
from copyist.training import Recipe

MARGIN = 0.2
"""Relative: errors that differ by less than a fifth count as alike."""

ALIKE = "at the highest snapshot that both reached"

NETS = {
    "with": f"with batch normalization, {ALIKE}",
    "without": f"without, {ALIKE}",
    "with_visits": "with, at the snapshot nearest in image visits to the end of the net without",
    "without_visits": "without, at its end",
}

CLAIM = Claim(
    sentence="With or without batch normalization the trained output of a U-Net represents its input equally well.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=30.0, code=1.0),
    parts=(
        Part(
            name="missed_ratio",
            measure="error of what converged inverses of the output from N(0.7, 0.05²) and from gray share, channels "
            f"aligned, without over with batch normalization, both {ALIKE}; 16 held-out landscapes in one "
            "batch",
            holds_when=Within(MARGIN, around=1.0),
            instruments=(INVERSION,),
            source="on the role of batch normalization in denoising: with it or without, the trained U-Net's output "
            "layer is equally able to represent the input",
            scale="log",
        ),
        Part(
            name="missed_ratio_visits",
            measure="the same at equal image visits: the end of the net without, and the other's nearest snapshot",
            holds_when=Within(MARGIN, around=1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="noise_ratio",
            measure=f"√(1 − correlation of those inverses), without over with, {ALIKE}",
            holds_when=Within(MARGIN, around=1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        *(
            Part(
                name=f"known_{net}",
                measure=f"the error over the originals' contrast, {net} batch normalization, there: inverses "
                "that know nothing would be alike too",
                holds_when=Below(0.5),
                instruments=(INVERSION,),
                scale="log",
            )
            for net in ("with", "without")
        ),
    ),
    controls=(
        *floor_controls(),
        *(
            control
            for name, about in NETS.items()
            for control in (
                Control(name=f"psnr_{name}", measure=f"clean PSNR, dB, {about}"),
                *inversion_controls(name, about),
            )
        ),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs of both nets at equal PSNR, and at equal image visits.

    About 7 minutes of one thread for each seed.
    """
    normalized, plain = ladder(trial), ladder(trial, "no-norm")
    x = held_out(trial, normalized.data, count=trial.pick(smoke=4, standard=16, gpu=32))
    check_inversion(trial, x)
    level, end = common_level(trial, normalized, plain), trial.rungs(plain)[-1]
    nets = {
        "with": trial.trained(normalized, at=level),
        "without": trial.trained(plain, at=level),
        "with_visits": _after(trial, normalized, visits=end.record.visits),
        "without_visits": needs(end.model, Reconstructor, verb="an experiment"),
    }
    found = {name: find_inversion(net, x, trial) for name, net in nets.items()}
    values = floor_values(found["with"])
    for name, net in nets.items():
        values |= inversion_values(name, found[name]) | {
            f"psnr_{name}": clean_psnr(net, held_out(trial, normalized.data))
        }
    values |= {
        "missed_ratio": over(values["missed_without"], values["missed_with"]),
        "missed_ratio_visits": over(values["missed_without_visits"], values["missed_with_visits"]),
        "noise_ratio": over(values["unforgotten_without"], values["unforgotten_with"]),
        "known_with": values["missed_with"],
        "known_without": values["missed_without"],
    }
    rows = inversion_rows(x, {name: found[name] for name in ("with", "without")})
    caption = "Landscapes, and images whose outputs equal theirs, with batch normalization and without."
    return Measurements(
        values=by_inversion(CLAIM, values), pictures={"inversions": Pictures(caption=caption, rows=rows)}
    )


def _after(trial: Trial, recipe: Recipe, *, visits: int) -> Reconstructor:
    """The net on its way that has seen the nearest number of images."""
    rung = min(trial.rungs(recipe), key=lambda each: abs(each.record.visits - visits))
    return needs(rung.model, Reconstructor, verb="an experiment")


EXPERIMENT = Experiment(claim=CLAIM, run=run)
