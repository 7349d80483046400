"""An overcomplete fully connected net that learned to copy did not learn the identity."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, gain, held_out
from copyist.claims.measures.over_training import learning_curve, learning_curves
from copyist.claims.nets import MLP_REGIME, scenes_mlp, small_scenes, small_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend
from copyist.evidence import Below, Claim, Control, Part
from copyist.metrics.identity import projected_gain
from copyist.models.contracts import Reconstructor, needs
from copyist.tensors import Images

CLAIM = Claim(
    sentence="A fully connected net of five hidden layers, each wider than the input, that is trained to copy does not "
    "learn the identity.",
    source='Badger, "Autoencoders: Learning by Copying", on overcomplete autoencoders',
    regime=MLP_REGIME,
    picture="copies",
    parts=(
        Part(
            name="gain",
            measure="projected gain ⟨O(x + δ) − O(x), δ⟩ / ‖δ‖² at σ = 0.1, held-out landscapes of 16×16: 1 for the "
            "identity, which passes all of δ on",
            holds_when=Below(0.5),
            source='"Overcomplete autoencoders do not learn the identity function": given noise, the output is not '
            "what was put in, as the identity's would be",
        ),
        Part(
            name="gain_beside_axes",
            measure="that gain minus the gain of as many principal axes as copy clean images equally well, a linear "
            "bottleneck: the net keeps less noise than its error alone asks it to",
            holds_when=Below(0.0),
        ),
        Part(
            name="gain_beside_linear_map",
            measure="that gain minus the gain of the same net without its nonlinearity, an overcomplete linear map",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        Control(name="gain_linear_map", measure="gain of the overcomplete linear map"),
        Control(name="psnr_linear_map", measure="clean PSNR of that map, dB"),
        Control(name="gain_axes", measure="gain of as many principal axes as copy equally well"),
        Control(name="num_axes", measure="how many these are"),
        Control(name="gain_skips", measure="gain of a U-Net with skips on the same images, near the identity"),
        Control(name="psnr_skips", measure="its clean PSNR, dB"),
        Control(name="gain_untrained", measure="gain of the net before training"),
        Control(name="gain_training", measure="gain on training images"),
        Control(name="psnr", measure="clean PSNR on held-out images, dB"),
        Control(name="psnr_training", measure="clean PSNR on training images, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train the net, the map and the U-Net on the same landscapes."""
    x = held_out(trial, small_scenes(trial))
    train = trial.splits(small_scenes(trial)).train.images().to(trial.device)
    net = trial.trained(scenes_mlp(trial))
    untrained = needs(trial.untrained(scenes_mlp(trial)), Reconstructor, verb="an experiment")
    linear = trial.trained(scenes_mlp(trial, linear=True), control=True)
    skips = trial.trained(small_unet(trial, skips=True), control=True)
    axes = linear_copier(train, x, clean_psnr=clean_psnr(net, x))
    own, of_axes, of_map = gain(net, x, trial), _gain_of_axes(train, x, trial, net), gain(linear, x, trial)
    rungs = trial.rungs(scenes_mlp(trial))
    lines = {
        "the net": learning_curve(rungs, lambda model: gain(model, x, trial)),
        "as many axes": learning_curve(rungs, lambda model: _gain_of_axes(train, x, trial, model)),
        "a U-Net with skips": learning_curve(
            trial.rungs(small_unet(trial, skips=True)), lambda model: gain(model, x, trial)
        ),
    }
    return Measurements(
        values={
            "gain": own,
            "gain_beside_axes": own - of_axes,
            "gain_beside_linear_map": own - of_map,
            "gain_linear_map": of_map,
            "psnr_linear_map": clean_psnr(linear, x),
            "gain_axes": of_axes,
            "num_axes": len(axes.axes),
            "gain_skips": gain(skips, x, trial),
            "psnr_skips": clean_psnr(skips, x),
            "gain_untrained": gain(untrained, x, trial),
            "gain_training": gain(net, train[: len(x)], trial),
            "psnr": clean_psnr(net, x),
            "psnr_training": clean_psnr(net, train[: len(x)]),
        },
        curves={"gain": learning_curves(lines, title="Gain over training", y_label="projected gain")},
        pictures={"copies": _pictures(net, skips, x, trial)},
    )


def _gain_of_axes(train: Images, x: Images, trial: Trial, model: Reconstructor) -> float:
    """The gain of as many principal axes as copy like a model."""
    copier = linear_copier(train, x, clean_psnr=clean_psnr(model, x))
    return float(projected_gain(copier, x, sigma=0.1, generator=trial.generator("gain")).mean())


def _pictures(net: Reconstructor, skips: Reconstructor, x: Images, trial: Trial) -> Pictures:
    x_tilde = Blend(0.5)(x[:8], generator=trial.generator("picture"))
    rows = {
        "image": x[:8],
        "its copy": copies(net, x)[:8],
        "noisy": x_tilde,
        "its copy, noisy": copies(net, x_tilde),
        "with skips": copies(skips, x_tilde),
    }
    return Pictures(
        caption="Held-out landscapes, and blended at α = 0.5: an identity would return the noisy ones.", rows=rows
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
