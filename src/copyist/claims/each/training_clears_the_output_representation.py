"""A trained model's output represents its input with less noise than an untrained one's."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_measures import known, noise_share
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.randomness import draw_normal

NETS = ("trained", "untrained", "untrained_plain")

WHAT = {
    "noise": "noise in the inversion from noise over its spread",
    "disagreement": "1 − correlation of inversions from two starts",
    "missed": "root mean square error of the inversions' mean, aligned",
    "sharpness": "energy in high frequencies over the original's",
    "converged": "share of inversions whose distance is below that of a shift by N(0, (1/18)²)",
}
"""Numbers of `Known`, in words."""

CLAIM = Claim(
    sentence="The output of a trained U-Net represents the input with less noise than that of an untrained one.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="noise_difference",
            measure="noise (wavelet estimate) in inversions of the output that start from N(0.7, 0.05²), over their "
            "own standard deviation, trained minus untrained; converged inversions of 32 held-out photographs",
            holds_when=Below(0.0),
        ),
        Part(
            name="disagreement_difference",
            measure="1 − correlation of inversions from noise and from gray, trained minus untrained",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        Control(
            name="noise_of_start", measure="the same for the start itself: what is left where nothing is known of x"
        ),
        Control(name="noise_of_image", measure="the same for the photographs"),
        *(
            Control(name=f"{what}_{net}", measure=f"{words}, {net.replace('_', ', ')} net")
            for net in NETS
            for what, words in WHAT.items()
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs of a U-Net after training and before it, and of one without normalization before it."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=4, standard=32, gpu=32))
    recipe = photos_unet(trial)
    found = {
        "trained": known(trial.trained(recipe), x, trial),
        "untrained": known(trial.untrained(recipe), x, trial),
        "untrained_plain": known(trial.untrained(photos_unet(trial, statistics="none")), x, trial),
    }
    values: dict[str, float] = {}
    for net, one in found.items():
        values |= {f"{what}_{net}": getattr(one, what) for what in WHAT}
    start = draw_normal(x.shape, mean=0.7, std=0.05, generator=trial.generator("start"), like=x)
    values |= {"noise_of_start": noise_share(start), "noise_of_image": noise_share(x)}
    for what in ("noise", "disagreement"):
        values[f"{what}_difference"] = values[f"{what}_trained"] - values[f"{what}_untrained"]
    rows = {"image": x}
    for net, one in found.items():
        rows |= {f"{net}, from noise": one.from_noise, f"{net}, from gray": one.from_constant}
    shown = {label: images[:8] for label, images in rows.items()}
    caption = "Images whose outputs equal the top row's, found from two starts."
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=shown)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
