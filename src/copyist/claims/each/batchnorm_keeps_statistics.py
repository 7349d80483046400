"""Without batch normalization the output has no noise, but other statistics than the image."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, held_out
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.noise import noise_level
from copyist.tensors import Images

KINDS = ("blend", "gaussian")
NETS = ("with", "without")

CLAIM = Claim(
    sentence="Without batch normalization a U-Net's copies of noisy images hold no noise, but have other statistics "
    "than the clean images.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="noise_left_without",
            measure="noise in O(x̃) beyond the clean image's own over that in x̃, by the wavelet estimate, zero-mean "
            "noise of σ = 0.2, without batch normalization",
            holds_when=Below(0.5),
        ),
        Part(
            name="mean_error_difference",
            measure="error of each channel's mean over one image, |mean O(x̃) − mean x|, blend at α = 0.3: without "
            "minus with batch normalization (batches of 64)",
            holds_when=Above(0.0),
        ),
        Part(
            name="std_error_difference",
            measure="the same for the standard deviation of each channel over one image",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{what}_{net}", measure=f"{words} {net} batch normalization, {kind}")
            for kind in KINDS
            for net in NETS
            for what, words in (
                ("mean_error", "error of the mean"),
                ("std_error", "error of the standard deviation"),
                ("ratio", "denoising ratio"),
            )
        ),
        *(
            Control(name=f"{kind}_{what}_noisy", measure=f"{words} of the noisy image itself, {kind}")
            for kind in KINDS
            for what, words in (("mean_error", "error of the mean"), ("std_error", "error of the standard deviation"))
        ),
        Control(name="noise_left_with", measure="noise left with batch normalization, zero-mean noise"),
        Control(name="psnr_with", measure="clean PSNR with batch normalization, dB"),
        Control(name="psnr_without", measure="clean PSNR without, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same U-Net trained with and without normalization."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    nets = {"with": trial.trained(photos_unet(trial)), "without": trial.trained(photos_unet(trial, statistics="none"))}
    noises: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}
    values = {f"psnr_{net}": clean_psnr(model, x) for net, model in nets.items()}
    shown: dict[str, Images] = {"image": x}
    for kind, corruption in noises.items():
        x_tilde = corruption(x, generator=trial.generator("noise", kind))
        shown[f"{kind}"] = x_tilde
        mean_error, std_error = _errors(x_tilde, x)
        values |= {f"{kind}_mean_error_noisy": mean_error, f"{kind}_std_error_noisy": std_error}
        for net, model in nets.items():
            x_hat = copies(model, x_tilde)
            shown[f"{kind}, {net} norm"] = x_hat
            mean_error, std_error = _errors(x_hat, x)
            values |= {f"{kind}_mean_error_{net}": mean_error, f"{kind}_std_error_{net}": std_error}
            values[f"{kind}_ratio_{net}"] = denoising_ratio(model, x, corruption, trial)
            if kind == "gaussian":
                values[f"noise_left_{net}"] = _noise(x_hat, x) / _noise(x_tilde, x)
    for what in ("mean_error", "std_error"):
        values[f"{what}_difference"] = values[f"blend_{what}_without"] - values[f"blend_{what}_with"]
    rows = {label: images[:8] for label, images in shown.items()}
    return Measurements(values=values, pictures={"copies": Pictures(caption="Copies of noisy images.", rows=rows)})


def _errors(x_hat: Images, x: Images) -> tuple[float, float]:
    means = (x_hat.mean((2, 3)) - x.mean((2, 3))).abs()
    spreads = (x_hat.std((2, 3)) - x.std((2, 3))).abs()
    return float(means.mean()), float(spreads.mean())


def _noise(x_hat: Images, x: Images) -> float:
    """Estimated noise beyond what the estimate finds in the clean images."""
    return float(noise_level(x_hat).mean() - noise_level(x).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run)
