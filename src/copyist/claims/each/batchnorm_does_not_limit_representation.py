"""With batch normalization or without it, a trained output represents its input alike."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, held_out
from copyist.claims.measures.inversion_measures import known
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Claim, Control, Part, Regime, Within

MARGIN = 0.02
"""Of pixel values: five gray levels of 255."""

NETS = ("with", "without")

CLAIM = Claim(
    sentence="With or without batch normalization the trained output of a U-Net represents its input equally well.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="missed_difference",
            measure="root mean square error of inversions of the output (mean of two starts, channels aligned), "
            "without minus with batch normalization; converged inversions of 32 held-out photographs, one batch",
            holds_when=Within(MARGIN),
        ),
        Part(
            name="disagreement_difference",
            measure="1 − correlation of inversions from noise and from gray, without minus with",
            holds_when=Within(0.1),
        ),
    ),
    controls=(
        *(
            Control(name=f"{what}_{net}", measure=f"{words}, {net} batch normalization")
            for net in NETS
            for what, words in (
                ("missed", "error of inversions"),
                ("disagreement", "1 − correlation of inversions from two starts"),
                ("noise", "noise in the inversion from noise over its spread"),
                ("converged", "share of inversions that converged"),
                ("psnr", "clean PSNR, dB"),
            )
        ),
        *(
            Control(name=f"missed_untrained_{net}", measure=f"error of inversions before training, {net}")
            for net in NETS
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train both, and invert both outputs, before and after."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=4, standard=32, gpu=32))
    values: dict[str, float] = {}
    rows = {"image": x[:8]}
    for net in NETS:
        recipe = photos_unet(trial, statistics="batch" if net == "with" else "none")
        model = trial.trained(recipe)
        found = known(model, x, trial)
        values |= {
            f"missed_{net}": found.missed,
            f"disagreement_{net}": found.disagreement,
            f"noise_{net}": found.noise,
            f"converged_{net}": found.converged,
            f"psnr_{net}": clean_psnr(model, held_out(trial, photos(trial))),
            f"missed_untrained_{net}": known(trial.untrained(recipe), x, trial).missed,
        }
        rows |= {f"{net}, from noise": found.from_noise[:8], f"{net}, from gray": found.from_constant[:8]}
    for what in ("missed", "disagreement"):
        values[f"{what}_difference"] = values[f"{what}_without"] - values[f"{what}_with"]
    caption = "Images whose outputs equal the top row's, found from two starts."
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
