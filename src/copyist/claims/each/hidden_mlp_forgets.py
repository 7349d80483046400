"""With a hidden module the U-Net copies and denoises well, and its output represents the input badly."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.baselines.linear_copier import LinearCopier
from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, held_out
from copyist.claims.measures.inversion_measures import known
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import psnr

NETS = ("hidden", "plain")
UNITS = 100
"""The narrowest layer of the module."""

CLAIM = Claim(
    sentence="With a hidden module of three narrow layers a U-Net still copies accurately and denoises, but its output "
    "no longer represents the input accurately.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="psnr_lost",
            measure="clean PSNR of the plain U-Net minus that with the hidden module, dB, held-out photographs",
            holds_when=Below(3.0),
        ),
        Part(
            name="blend_ratio",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ with the hidden module, blend at α = 0.3, batches of 64",
            holds_when=Below(1.0),
        ),
        Part(
            name="missed_difference",
            measure="root mean square error of inversions of the output (mean of two starts, channels aligned), hidden "
            "minus plain; converged inversions of 32 held-out photographs, one batch",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        Control(name="psnr_axes", measure=f"clean PSNR of {UNITS} principal axes, dB: the module's narrowest layer"),
        *(
            Control(name=f"{what}_{net}", measure=f"{words}, {net}")
            for net in NETS
            for what, words in (
                ("psnr", "clean PSNR, dB"),
                ("training_psnr", "PSNR of copies of training photographs, dB"),
                ("gaussian_ratio", "denoising ratio at σ = 0.2"),
                ("missed", "error of inversions"),
                ("disagreement", "1 − correlation of inversions from two starts"),
                ("converged", "share of inversions that converged"),
            )
        ),
        Control(name="blend_ratio_plain", measure="denoising ratio of the blend at α = 0.3, plain"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train both, and invert both outputs."""
    x = held_out(trial, photos(trial))
    few = x[: trial.pick(smoke=4, standard=32, gpu=32)]
    train = trial.splits(photos(trial)).train.images().to(trial.device)
    nets = {net: trial.trained(photos_unet(trial, hidden=net == "hidden")) for net in NETS}
    values: dict[str, float] = {}
    rows = {"image": few[:8]}
    for net, model in nets.items():
        found = known(model, few, trial)
        values |= {
            f"psnr_{net}": clean_psnr(model, x),
            f"training_psnr_{net}": clean_psnr(model, train[: len(x)]),
            f"gaussian_ratio_{net}": denoising_ratio(model, x, GaussianNoise(0.2), trial),
            f"missed_{net}": found.missed,
            f"disagreement_{net}": found.disagreement,
            f"converged_{net}": found.converged,
        }
        rows[f"copy, {net}"] = copies(model, few)[:8]
        rows[f"inverted, {net}"] = found.from_noise[:8]
    values["psnr_lost"] = values["psnr_plain"] - values["psnr_hidden"]
    values["blend_ratio"] = denoising_ratio(nets["hidden"], x, Blend(0.3), trial)
    values["blend_ratio_plain"] = denoising_ratio(nets["plain"], x, Blend(0.3), trial)
    values["missed_difference"] = values["missed_hidden"] - values["missed_plain"]
    axes = LinearCopier(mean=train.mean(0), axes=PrincipalBasis.fitted(train).axes[:UNITS])
    values["psnr_axes"] = float(psnr(axes(x), x).mean())
    caption = "Copies, and images whose outputs equal the top row's."
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
