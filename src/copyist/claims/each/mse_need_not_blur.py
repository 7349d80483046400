"""Trained on squared error, small models blur and large ones need not."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, held_out
from copyist.claims.nets import photos, photos_unet, variational, widened
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy, radial_spectrum
from copyist.models.contracts import Reconstructor
from copyist.procedures import Prior, sample
from copyist.tensors import Images

FACTORS = (0.25, 0.5, 1.0, 2.0)
"""On the maps of the usual U-Net, at every level."""

CLAIM = Claim(
    sentence="Small models that are trained on squared error blur their copies and large ones do not; samples of a "
    "variational autoencoder blur.",
    source='Badger, "Autoencoders: Learning by Copying", on Gaussian mixtures as universal approximators',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="small_detail",
            measure="energy above half of Nyquist's frequency in copies by the U-Net with a quarter of the usual maps, "
            "of the photographs' own; held-out photographs, batches of 64",
            holds_when=Below(0.5),
        ),
        Part(
            name="large_detail",
            measure="the same by the U-Net with twice the usual maps",
            holds_when=Above(0.9),
        ),
        Part(
            name="large_missed",
            measure="energy above half of Nyquist's frequency in what that U-Net's copies are off by, of the "
            "photographs' own: 1 for a blur and 2 for as much detail in wrong places",
            holds_when=Below(0.5),
        ),
        Part(
            name="detail_by_size",
            measure="the share of detail in copies by the largest U-Net minus that by the smallest",
            holds_when=Above(0.0),
        ),
        Part(
            name="vae_detail",
            measure="energy above half of Nyquist's frequency in samples of a variational autoencoder of usual size "
            "over held-out photographs'",
            holds_when=Below(0.5),
        ),
    ),
    controls=(
        Control(
            name="linear_copier_detail",
            measure="share of detail kept by as many principal axes as copy as well as "
            "the largest U-Net: what a map without capacity keeps at that error",
        ),
        Control(name="small_trained_longer", measure="share of detail by the smallest after three times the steps"),
        Control(name="large_detail_training", measure="share of detail by the largest on training photographs"),
        Control(name="large_missed_training", measure="share missed by the largest on training photographs"),
        Control(name="small_missed", measure="share missed by the smallest on held-out photographs"),
        Control(name="small_noise", measure="noise level of its copies minus the photographs', wavelet estimate"),
        Control(name="large_noise", measure="the same for the largest: noise counts as detail"),
        Control(name="small_psnr", measure="PSNR of the copies by the smallest, dB"),
        Control(name="large_psnr", measure="PSNR of the copies by the largest, dB"),
        Control(
            name="vae_detail_with_noise",
            measure="the same of the variational autoencoder's samples with the noise of its pixels: its samples are "
            "otherwise the means of p(x | z)",
        ),
        Control(name="vae_copies_detail", measure="share of detail in its copies of held-out photographs"),
        Control(name="usual_detail", measure="share of detail in copies by the U-Net of usual size, which copies only"),
        Control(name="vae_noise", measure="noise level of its samples minus the photographs', wavelet estimate"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train U-Nets of four widths on photographs, the smallest also for longer, and a variational autoencoder."""
    x = held_out(trial, photos(trial))
    train = trial.splits(photos(trial)).train.images().to(trial.device)
    nets = [trial.trained(widened(photos_unet(trial), factor=factor)) for factor in FACTORS]
    x_hats = [copies(net, x) for net in nets]
    longer = trial.trained(widened(photos_unet(trial, share=3.0), factor=FACTORS[0]))
    known = train[: len(x)]
    small, large, remembered = x_hats[0], x_hats[-1], copies(nets[-1], known)
    quality = clean_psnr(nets[-1], x)
    vae = trial.trained(variational(photos_unet(trial)))
    drawn = _samples(vae, len(x), trial)
    values = {
        "vae_detail": _detail(drawn, x),
        "vae_detail_with_noise": _detail(_samples(vae, len(x), trial, with_noise=True), x),
        "vae_copies_detail": _detail(copies(vae, x), x),
        "usual_detail": _detail(x_hats[FACTORS.index(1.0)], x),
        "vae_noise": _noise(drawn, x),
        "small_detail": _detail(small, x),
        "large_detail": _detail(large, x),
        "large_missed": _missed(large, x),
        "detail_by_size": _detail(large, x) - _detail(small, x),
        "linear_copier_detail": _detail(linear_copier(train, x, clean_psnr=quality)(x), x),
        "small_trained_longer": _detail(copies(longer, x), x),
        "large_detail_training": _detail(remembered, known),
        "large_missed_training": _missed(remembered, known),
        "small_missed": _missed(small, x),
        "small_noise": _noise(small, x),
        "large_noise": _noise(large, x),
        "small_psnr": clean_psnr(nets[0], x),
        "large_psnr": quality,
    }
    shown = {f"{factor:g} times the maps": x_hat for factor, x_hat in zip(FACTORS, x_hats, strict=True)}
    pictures = {"photograph": x, **shown, "variational, copies": copies(vae, x), "variational, samples": drawn}
    rows = {label: images[:8] for label, images in pictures.items()}
    return Measurements(
        values=values,
        curves={"spectra": _spectra(shown, x), "width": _over_width(x_hats, x)},
        pictures={
            "copies": Pictures(
                caption="Held-out photographs, copied by U-Nets of four widths, and a variational autoencoder.",
                rows=rows,
            )
        },
    )


def _samples(vae: Reconstructor, count: int, trial: Trial, *, with_noise: bool = False) -> Images:
    """Images from the prior, as means of p(x | z) or with the noise of their pixels."""
    draws = trial.generator("draws of the prior")
    method = Prior(with_noise=with_noise)
    return sample(vae, count=count, method=method, generator=draws, precision="float32")


def _detail(x_hat: Images, x: Images) -> float:
    """Over all images together, since one smooth photograph would decide a mean of shares."""
    return float(high_frequency_energy(x_hat).mean() / high_frequency_energy(x).mean())


def _missed(x_hat: Images, x: Images) -> float:
    return _detail(x_hat - x, x)


def _noise(x_hat: Images, x: Images) -> float:
    return float((noise_level(x_hat) - noise_level(x)).mean())


def _spectra(shown: Mapping[str, Images], x: Images) -> Curves:
    own = radial_spectrum(x)
    power = own.power.mean(0)
    return Curves(
        title="Power of the copies over frequency",
        x_label="cycles per pixel",
        y_label="power, of the photographs'",
        x=own.frequency.tolist(),
        lines={name: (radial_spectrum(x_hat).power.mean(0) / power).tolist() for name, x_hat in shown.items()},
    )


def _over_width(x_hats: list[Images], x: Images) -> Curves:
    return Curves(
        title="Detail over width",
        x_label="maps, of the usual",
        y_label="energy above half of Nyquist's frequency, of the photographs'",
        x=FACTORS,
        lines={
            "in the copy": [_detail(x_hat, x) for x_hat in x_hats],
            "in what it missed": [_missed(x_hat, x) for x_hat in x_hats],
        },
        log_x=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
