"""Without batch normalization the output has no noise, but other statistics than the image."""

__all__ = ["CLAIM", "EXPERIMENT"]

from torch.nn import functional as F

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, held_out
from copyist.claims.measures.over_training import common_level
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.noise import noise_level
from copyist.tensors import Images

NOISES: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}
NETS = ("with", "without")

_WORDS = {"blend": "the blend at α = 0.3", "gaussian": "zero-mean noise of σ = 0.2"}

_SAID = (
    '"The Role of Batch Normalization in Denoising": without batch normalization in any convolution the outputs have '
)

CLAIM = Claim(
    sentence="Without batch normalization a U-Net's copies of noisy images hold no noise, but have other statistics "
    "than the clean images.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=30.0, code=1.0),
    picture="copies",
    parts=(
        *(
            Part(
                name=f"noise_left_{kind}",
                measure="noise in O(x̃) beyond the clean image's own over that in x̃, by the wavelet estimate, under "
                f"{noise}, held-out whole landscapes, without batch normalization, at the highest snapshot that all "
                "three nets reached",
                holds_when=Below(0.5),
                source=_SAID + "no noise as such" if kind == "blend" else "",
            )
            for kind, noise in _WORDS.items()
        ),
        Part(
            name="statistics_over_with",
            measure="error of each channel's mean over one image plus that of its standard deviation, under "
            f"{_WORDS['blend']}, without batch normalization, over the error with it (batches of 32)",
            holds_when=Above(1.0),
            scale="log",
            source=_SAID + "statistics quite different from the original image's",
        ),
        *(
            Part(
                name=f"{what}_over_{against}",
                measure=f"error of each channel's {words} over one image, under {_WORDS['blend']}, without batch "
                f"normalization, over {other}",
                holds_when=Above(1.0),
                scale="log",
            )
            for what, words in (("mean_error", "mean"), ("std_error", "standard deviation"))
            for against, other in (
                ("with", "the error with it (batches of 32)"),
                ("image", "the error of a net that normalizes by each image's own statistics"),
            )
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{what}_{net}", measure=f"{words} {normalized}, {noise}")
            for kind, noise in _WORDS.items()
            for net, normalized in (
                ("with", "with batch normalization"),
                ("without", "without"),
                ("image", "with each image's own statistics"),
            )
            for what, words in (
                ("mean_error", "error of the mean"),
                ("std_error", "error of the standard deviation"),
                ("ratio", "denoising ratio"),
                ("noise", "noise left"),
            )
        ),
        *(
            Control(name=f"{kind}_{what}_{which}", measure=f"{words} of {image}, {noise}")
            for kind, noise in _WORDS.items()
            for which, image in (
                ("noisy", "the noisy image itself"),
                ("blur", "a blur of it, by means over 5×5 pixels"),
            )
            for what, words in (("mean_error", "error of the mean"), ("std_error", "error of the standard deviation"))
        ),
        *(
            Control(name=f"{kind}_noise_blur", measure=f"noise left in a blur, by means over 5×5 pixels, {noise}")
            for kind, noise in _WORDS.items()
        ),
        *(
            Control(name=f"clean_{what}_{net}", measure=f"{words} of copies of clean images {net} batch normalization")
            for net in NETS
            for what, words in (("mean_error", "error of the mean"), ("std_error", "error of the standard deviation"))
        ),
        Control(name="psnr_with", measure="clean PSNR with batch normalization at that snapshot, dB"),
        Control(name="psnr_without", measure="clean PSNR without, dB"),
        Control(name="psnr_image", measure="clean PSNR with each image's own statistics, dB"),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same U-Net with and without normalization, and by each image's own statistics, where all copy alike."""
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    recipes = {"with": ladder(trial), "without": ladder(trial, "no-norm"), "image": ladder(trial, "per-image")}
    level = common_level(trial, *recipes.values())
    compared = {name: trial.trained(recipe, at=level, control=name == "image") for name, recipe in recipes.items()}
    values = {f"psnr_{name}": clean_psnr(net, x) for name, net in compared.items()}
    for net in NETS:
        mean_error, std_error = _errors(copies(compared[net], x), x)
        values |= {f"clean_mean_error_{net}": mean_error, f"clean_std_error_{net}": std_error}
    shown: dict[str, Images] = {"image": x}
    for kind, corruption in NOISES.items():
        x_tilde = corruption(x, generator=trial.generator("noise", kind))
        shown[kind] = x_tilde
        blurred = F.avg_pool2d(F.pad(x_tilde, (2, 2, 2, 2), mode="reflect"), 5, stride=1)
        for which, image in (("noisy", x_tilde), ("blur", blurred)):
            mean_error, std_error = _errors(image, x)
            values |= {f"{kind}_mean_error_{which}": mean_error, f"{kind}_std_error_{which}": std_error}
        values[f"{kind}_noise_blur"] = _noise(blurred, x) / _noise(x_tilde, x)
        for net, model in compared.items():
            x_hat = copies(model, x_tilde)
            shown[f"{kind}, {net}"] = x_hat
            mean_error, std_error = _errors(x_hat, x)
            values |= {
                f"{kind}_mean_error_{net}": mean_error,
                f"{kind}_std_error_{net}": std_error,
                f"{kind}_ratio_{net}": denoising_ratio(model, x, corruption, trial),
                f"{kind}_noise_{net}": _noise(x_hat, x) / _noise(x_tilde, x),
            }
        values[f"noise_left_{kind}"] = values[f"{kind}_noise_without"]
    without, with_it = (
        values[f"blend_mean_error_{net}"] + values[f"blend_std_error_{net}"] for net in ("without", "with")
    )
    values["statistics_over_with"] = without / with_it
    for what in ("mean_error", "std_error"):
        for against in ("with", "image"):
            values[f"{what}_over_{against}"] = values[f"blend_{what}_without"] / values[f"blend_{what}_{against}"]
    rows = {label: images[:8] for label, images in shown.items()}
    return Measurements(
        values=values,
        pictures={
            "copies": Pictures(
                caption="Copies of noisy landscapes with batch normalization, without, and by each image's own.",
                rows=rows,
            )
        },
    )


def _errors(x_hat: Images, x: Images) -> tuple[float, float]:
    means = (x_hat.mean((2, 3)) - x.mean((2, 3))).abs()
    spreads = (x_hat.std((2, 3)) - x.std((2, 3))).abs()
    return float(means.mean()), float(spreads.mean())


def _noise(x_hat: Images, x: Images) -> float:
    """Estimated noise beyond what the estimate finds in the clean images."""
    return float(noise_level(x_hat).mean() - noise_level(x).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run)
