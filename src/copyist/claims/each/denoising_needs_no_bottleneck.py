"""With the clean image for a target, an autoencoder denoises though its code is larger than the image."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.controls import ControlFitter
from copyist.claims.measures.copy_measures import copies, denoising_ratio, distance_ratio, gain, held_out
from copyist.claims.measures.denoising_parts import FIXED
from copyist.claims.nets import mlp_denoiser, scenes_mlp, small_scenes
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

SIGMA = 0.2

SIGMAS = (0.05, 0.1, 0.2, 0.3, 0.5)

NARROW = {"a twelfth": 12, "a third": 3}
"""The image's values over those of the smaller codes."""

_SAID = '"Autoencoders & Denoising AEs", on denoising autoencoders: they work with codes that are no bottleneck too'

CLAIM = Claim(
    sentence="Trained against the clean image, an autoencoder needs no bottleneck: with a code larger than its input "
    "it denoises, and no worse than with a smaller one.",
    source='"Autoencoders & Denoising AEs", on denoising autoencoders',
    regime=Regime(psnr=None, code=1.0, why="the nets are trained to denoise, and not to copy"),
    picture="answers",
    parts=(
        Part(
            name="overcomplete_ratio",
            measure="‖D(E(x̃)) − x‖ / ‖x̃ − x‖ at σ = 0.2 of the overcomplete net, trained against the clean image on "
            "Gaussian noise of σ from 0 to 0.5; held-out landscapes of 16×16",
            holds_when=Below(1.0),
            scale="log",
            source=_SAID,
        ),
        Part(
            name="gain",
            measure="projected gain at σ = 0.1 of the overcomplete net trained to denoise: 1 for the identity, which "
            "such a code could hold",
            holds_when=Below(0.5),
            source='"Autoencoders & Denoising AEs", on denoising autoencoders: to undo noise rules out the trivial '
            "identity map",
        ),
        Part(
            name="over_undercomplete",
            measure="that ratio over the lowest of two nets with codes of a twelfth and a third of the image's "
            "values; their other layers, noise, rate and steps are the same",
            holds_when=Below(1.05),
            scale="log",
        ),
        Part(
            name="over_linear",
            measure="that ratio over that of the linear map of least error under this noise: the net is good enough "
            "for a bottleneck to matter",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="over_copier",
            measure="that ratio over that of the same net trained only to copy, for twice as "
            "many steps: the clean target does it",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(
                name=name.replace(" ", "_"), measure=f"ratio of the control '{name}', set on training images for this σ"
            )
            for name in FILTERS
            if name != "identity"
        ),
        *(
            Control(name=name.replace(" ", "_"), measure=f"ratio of the '{name}', which knows nothing")
            for name in FIXED
        ),
        Control(name="overcomplete_copier", measure="ratio of the same net trained only to copy"),
        *(
            Control(
                name=name.replace(" ", "_"), measure=f"ratio with a code of {name} of the image's values, denoising"
            )
            for name in NARROW
        ),
        Control(name="gain_copier", measure="gain of the overcomplete net trained only to copy"),
        Control(name="gain_narrow", measure="gain with a code of a third, denoising"),
        Control(name="training_ratio", measure="ratio of the overcomplete denoiser on training images"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train nets with codes larger and smaller than their input, to denoise and to copy."""
    x = held_out(trial, small_scenes(trial))
    train = trial.splits(small_scenes(trial)).train.images().to(trial.device)
    codes = {"overcomplete": None, **{name: x[0].numel() // share for name, share in NARROW.items()}}
    nets = {
        name: trial.trained(mlp_denoiser(scenes_mlp(trial, code=code)), control=name != "overcomplete")
        for name, code in codes.items()
    }
    copier, noise = trial.trained(scenes_mlp(trial), control=True), GaussianNoise(SIGMA)
    ratios = {name: denoising_ratio(net, x, noise, trial) for name, net in nets.items()}
    own, copied, filtered = ratios["overcomplete"], denoising_ratio(copier, x, noise, trial), _filtered(train, x, trial)
    values = {
        "overcomplete_ratio": own,
        "gain": gain(nets["overcomplete"], x, trial),
        "over_undercomplete": own / min(ratios[name] for name in NARROW),
        "over_linear": own / filtered["linear"],
        "over_copier": own / copied,
        **filtered,
        "overcomplete_copier": copied,
        "a_twelfth": ratios["a twelfth"],
        "a_third": ratios["a third"],
        "gain_copier": gain(copier, x, trial),
        "gain_narrow": gain(nets["a third"], x, trial),
        "training_ratio": denoising_ratio(nets["overcomplete"], train[: len(x)], noise, trial),
    }
    shown = {**nets, "trained to copy": copier}
    return Measurements(
        values=values, curves={"sigma": _curves(shown, x, trial)}, pictures={"answers": _pictures(shown, x, trial)}
    )


def _filtered(train: Images, x: Images, trial: Trial) -> dict[str, float]:
    known = train[: trial.pick(smoke=8, standard=len(train), gpu=len(train))]
    fitter = ControlFitter(known, run=lambda control, images: control(images))
    filters = {**fitter.fit(GaussianNoise(SIGMA), generator=trial.generator("filters")), **FIXED}
    x_tilde = GaussianNoise(SIGMA)(x, generator=trial.generator("noise", "GaussianNoise"))
    return {
        name.replace(" ", "_"): distance_ratio(filters[name](x_tilde), x_tilde, x)
        for name in (*FILTERS, *FIXED)
        if name != "identity"
    }


def _curves(nets: dict[str, Reconstructor], x: Images, trial: Trial) -> Curves:
    return Curves(
        title="Denoising over the level of noise, by the size of the code",
        x_label="σ of the noise",
        y_label="distance to the clean image, of the noisy one's",
        x=SIGMAS,
        lines={
            name: [denoising_ratio(net, x, GaussianNoise(sigma), trial) for sigma in SIGMAS]
            for name, net in nets.items()
        },
    )


def _pictures(nets: dict[str, Reconstructor], x: Images, trial: Trial) -> Pictures:
    x_tilde = GaussianNoise(SIGMA)(x[:8], generator=trial.generator("picture"))
    rows = {"image": x[:8], "noisy": x_tilde, **{name: copies(net, x_tilde) for name, net in nets.items()}}
    return Pictures(caption="Held-out landscapes with noise of σ = 0.2, through codes of three sizes.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
