"""An overcomplete fully connected net that learned to copy did not learn the identity."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, gain, held_out
from copyist.claims.nets import overcomplete, small_photos, small_photos_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.identity import projected_gain
from copyist.models.contracts import Reconstructor, needs

CLAIM = Claim(
    sentence="A fully connected net of five hidden layers, each wider than the input, that is trained to copy does not "
    "learn the identity.",
    source='Badger, "Autoencoders: Learning by Copying", on overcomplete autoencoders',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="gain",
            measure="projected gain ⟨O(x + δ) − O(x), δ⟩ / ‖δ‖² at σ = 0.1, held-out photographs (16×16): 1 for the "
            "identity",
            holds_when=Below(0.9),
        ),
        Part(
            name="clean_psnr",
            measure="PSNR of its copies of held-out photographs, dB: it does copy",
            holds_when=Above(20.0),
        ),
    ),
    controls=(
        Control(name="gain_linear_map", measure="gain of the same net without its nonlinearity: an overcomplete map"),
        Control(name="psnr_linear_map", measure="clean PSNR of that map, dB"),
        Control(name="gain_linear_copier", measure="gain of as many principal axes as copy equally well"),
        Control(name="gain_unet_with_skips", measure="gain of a U-Net with skips on the same images"),
        Control(name="psnr_unet_with_skips", measure="its clean PSNR, dB"),
        Control(name="gain_untrained", measure="gain of the net before training"),
        Control(name="training_psnr", measure="clean PSNR on training photographs, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train the net, the map and the U-Net on the same crops."""
    x = held_out(trial, small_photos(trial))
    train = trial.splits(small_photos(trial)).train.images().to(trial.device)
    net = trial.trained(overcomplete(trial))
    untrained = needs(trial.untrained(overcomplete(trial)), Reconstructor, verb="an experiment")
    linear, skips = trial.trained(overcomplete(trial, linear=True)), trial.trained(small_photos_unet(trial, skips=True))
    quality = clean_psnr(net, x)
    copier = linear_copier(train, x, clean_psnr=quality)
    axes_gain = projected_gain(copier, x, sigma=0.1, generator=trial.generator("gain"))
    return Measurements(
        values={
            "gain": gain(net, x, trial),
            "clean_psnr": quality,
            "gain_linear_map": gain(linear, x, trial),
            "psnr_linear_map": clean_psnr(linear, x),
            "gain_linear_copier": float(axes_gain.mean()),
            "gain_unet_with_skips": gain(skips, x, trial),
            "psnr_unet_with_skips": clean_psnr(skips, x),
            "gain_untrained": gain(untrained, x, trial),
            "training_psnr": clean_psnr(net, train[: len(x)]),
        }
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
