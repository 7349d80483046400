"""A copier removes blur as well without batch normalization as with it."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.wiener import fit_linear, linear_bases
from copyist.claims.measures.copy_measures import copies, held_out
from copyist.claims.nets import denoiser, photos, photos_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blur
from copyist.evidence import Above, Claim, Control, Part, Regime, Within
from copyist.metrics.distortion import psnr
from copyist.tensors import Images

SIGMAS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
JUDGED = 1.0

CLAIM = Claim(
    sentence="Removing batch normalization does not affect how well a copier deblurs.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="gain_with",
            measure="PSNR of O(x̃) minus that of x̃, dB, for a Gaussian blur of 1 pixel, held-out photographs, with "
            "batch normalization (batches of 64)",
            holds_when=Above(0.0),
        ),
        Part(name="gain_without", measure="the same without batch normalization", holds_when=Above(0.0)),
        Part(name="difference", measure="gain without minus gain with, dB", holds_when=Within(0.5)),
    ),
    controls=(
        Control(name="psnr_blurred", measure="PSNR of the blurred images, dB: what the identity leaves"),
        Control(name="gain_linear", measure="gain of the linear map fitted to this blur on training images, dB"),
        Control(name="gain_denoiser", measure="gain of an equal U-Net trained to remove noise, dB"),
        Control(name="psnr_with", measure="PSNR of copies of clean images with batch normalization, dB"),
        Control(name="psnr_without", measure="the same without, dB"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Blur held-out photographs, and copy them."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    train = trial.splits(photos(trial)).train.images(0, 1024).to(trial.device)
    recipe = photos_unet(trial)
    nets = {
        "with": trial.trained(recipe),
        "without": trial.trained(photos_unet(trial, statistics="none")),
        "denoiser": trial.trained(denoiser(recipe)),
    }
    lines: dict[str, list[float]] = {net: [] for net in nets}
    for sigma in SIGMAS:
        x_tilde = _blurred(x, sigma)
        for net, model in nets.items():
            lines[net].append(_psnr(copies(model, x_tilde), x) - _psnr(x_tilde, x))
    x_tilde = _blurred(x, JUDGED)
    linear = fit_linear(linear_bases(train[::2]), clean=train[1::2], noisy=_blurred(train[1::2], JUDGED))
    at = SIGMAS.index(JUDGED)
    values = {
        "gain_with": lines["with"][at],
        "gain_without": lines["without"][at],
        "difference": lines["without"][at] - lines["with"][at],
        "psnr_blurred": _psnr(x_tilde, x),
        "gain_linear": _psnr(linear(x_tilde), x) - _psnr(x_tilde, x),
        "gain_denoiser": lines["denoiser"][at],
        "psnr_with": _psnr(copies(nets["with"], x), x),
        "psnr_without": _psnr(copies(nets["without"], x), x),
    }
    curves = Curves(
        title="Deblurring", x_label="blur in pixels", y_label="gain in PSNR, dB", x=SIGMAS, lines=dict(lines)
    )
    shown = {"image": x, "blurred": x_tilde} | {
        f"{net} norm": copies(nets[net], x_tilde) for net in ("with", "without")
    }
    rows = {label: images[:8] for label, images in shown.items()}
    return Measurements(
        values=values,
        curves={"blur": curves},
        pictures={"copies": Pictures(caption="Copies of images blurred by 1 pixel.", rows=rows)},
    )


def _blurred(x: Images, sigma: float) -> Images:
    return Blur(sigma)(x, generator=torch.Generator().manual_seed(0))


def _psnr(x_hat: Images, x: Images) -> float:
    return float(psnr(x_hat, x).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run)
