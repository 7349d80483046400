"""The output's representation of a noisy input has lost some of the noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_measures import known, noise_share, rms
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise, gaussian_blur
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import aligned
from copyist.metrics.spectra import high_frequency_energy
from copyist.tensors import Images

KINDS = ("gaussian", "blend")

CLAIM = Claim(
    sentence="The output of a trained U-Net represents a noisy input with less noise than the input has, and nearer to "
    "the clean image.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="noise_share",
            measure="noise in the inversion of O(x̃) from N(0.7, 0.05²) over that in x̃ (wavelet estimates, each over "
            "the image's own standard deviation), zero-mean noise of σ = 0.2; converged inversions of 32 held-out "
            "photographs, one batch",
            holds_when=Below(1.0),
        ),
        Part(
            name="distance_share",
            measure="root mean square distance of that inversion to the clean image over that of x̃, channels aligned "
            "in both",
            holds_when=Below(1.0),
        ),
    ),
    controls=(
        Control(name="blur_noise_share", measure="the first number for x̃ blurred by 0.6 pixels"),
        Control(name="blur_distance_share", measure="the second number for x̃ blurred by 0.6 pixels"),
        Control(name="untrained_noise_share", measure="the first number before training"),
        Control(name="untrained_distance_share", measure="the second number before training"),
        Control(name="blend_noise_share", measure="the first number under the blend at α = 0.3"),
        Control(name="blend_distance_share", measure="the second number under the blend at α = 0.3"),
        Control(name="sharpness", measure="energy of the inversion in high frequencies over the clean image's"),
        Control(name="sharpness_noisy", measure="the same for x̃"),
        Control(name="converged", measure="share of inversions that converged, zero-mean noise"),
        Control(name="blend_converged", measure="share of inversions that converged, blend"),
        Control(name="untrained_converged", measure="share of inversions that converged before training"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs for noisy photographs."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=4, standard=32, gpu=32))
    net, untrained = trial.trained(photos_unet(trial)), trial.untrained(photos_unet(trial))
    noises: dict[str, Corruption] = {"gaussian": GaussianNoise(0.2), "blend": Blend(0.3)}
    noisy = {kind: noise(x, generator=trial.generator("noise", kind)) for kind, noise in noises.items()}
    found = {kind: known(net, x_tilde, trial, original=x) for kind, x_tilde in noisy.items()}
    before = known(untrained, noisy["gaussian"], trial, original=x)
    values: dict[str, float] = {}
    for label, one, x_tilde in (
        ("", found["gaussian"], noisy["gaussian"]),
        ("blend_", found["blend"], noisy["blend"]),
        ("untrained_", before, noisy["gaussian"]),
    ):
        values |= _shares(label, one.from_noise[one.kept], x_tilde[one.kept], x[one.kept])
    clean, x_tilde = found["gaussian"], noisy["gaussian"]
    values |= _shares("blur_", gaussian_blur(x_tilde, sigma=0.6), x_tilde, x)
    values |= {
        "sharpness": clean.sharpness,
        "sharpness_noisy": _sharpness(x_tilde, x),
        "converged": clean.converged,
        "blend_converged": found["blend"].converged,
        "untrained_converged": before.converged,
    }
    rows = {"image": x, "noisy": x_tilde, "from noise": clean.from_noise, "from gray": clean.from_constant}
    rows |= {"blend": noisy["blend"], "blend, from noise": found["blend"].from_noise}
    shown = {label: images[:8] for label, images in rows.items()}
    caption = "Images whose outputs equal those of the noisy ones."
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=shown)})


def _shares(label: str, x_hat: Images, x_tilde: Images, x: Images) -> dict[str, float]:
    """What is left of a noisy image's noise and distance; not a number where no inversion converged."""
    if len(x_hat) == 0:
        return {f"{label}noise_share": float("nan"), f"{label}distance_share": float("nan")}
    return {
        f"{label}noise_share": noise_share(x_hat) / noise_share(x_tilde),
        f"{label}distance_share": _distance(x_hat, x) / _distance(x_tilde, x),
    }


def _distance(x_tilde: Images, x: Images) -> float:
    return rms(aligned(x_tilde, x) - x)


def _sharpness(x_tilde: Images, x: Images) -> float:
    return float(high_frequency_energy(x_tilde).sum() / high_frequency_energy(x).sum())


EXPERIMENT = Experiment(claim=CLAIM, run=run)
