"""Trained on squared error, small models blur and large ones need not."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, held_out
from copyist.claims.nets import scenes, small_unet, variational
from copyist.claims.nets.ladder import ladder
from copyist.claims.nets.shapes import shape
from copyist.claims.nets.training import SEEDS
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.noise import noise_level
from copyist.metrics.spectra import high_frequency_energy, radial_spectrum
from copyist.models.contracts import Reconstructor
from copyist.procedures import Prior, sample
from copyist.tensors import Images

WIDTHS = (0.125, 0.25, 0.5, 1.0, 2.0)
"""Factors on the usual maps, of which there are 24 at the highest level."""

BLURRED = 0.9
"""What keeps less than this share of the energy above half of Nyquist's frequency is blurred; what keeps more is not.

Energy is squared contrast, of which 5 % are lost at this share.
"""

SOURCE = 'third version, "Overcomplete autoencoders do not learn the identity function"'

ENERGY = "energy above half of Nyquist's frequency"

CLAIM = Claim(
    sentence="Small models that are trained on squared error blur their copies and large ones need not; samples of a "
    "variational autoencoder blur.",
    source='Badger, "Autoencoders: Learning by Copying", on Gaussian mixtures as universal approximators',
    regime=Regime(psnr=33.0, code=1.0),
    picture="copies",
    parts=(
        Part(
            name="small_detail",
            source=f"{SOURCE}: that squared error blurs is true of a sufficiently small model",
            measure=f"{ENERGY} in copies by the U-Net with 3 maps at its highest level, an eighth of the usual, of the "
            "scenes' own; held-out scenes of 16×16, batches of 32, equal image visits for all widths",
            holds_when=Below(BLURRED),
            scale="log",
        ),
        Part(
            name="large_detail",
            source=f"{SOURCE}: a very large model need not give blurred outputs, since a mixture of enough Gaussians "
            "approximates anything",
            measure="the same by the U-Net with 24 maps, the usual, whose code is twice the image, after four times as "
            "many visits: a large net that has learned to copy",
            holds_when=Above(BLURRED),
            scale="log",
        ),
        Part(
            name="vae_detail",
            source='third version, "Introduction": samples of variational autoencoders are blurred',
            measure=f"{ENERGY} in samples of a variational autoencoder of usual size, over held-out scenes'",
            holds_when=Below(BLURRED),
            scale="log",
        ),
        Part(
            name="detail_by_size",
            measure="the share of detail in copies by the widest U-Net, of 48 maps, over that by the narrowest, after "
            "equal image visits: size, and not training",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="large_missed",
            measure=f"{ENERGY} in what the large U-Net's copies are off by, of the scenes' own: 1 for a blur and 2 for "
            "as much detail in wrong places",
            holds_when=Below(0.5),
            scale="log",
        ),
        Part(
            name="vae_against_copies",
            measure="detail in the variational autoencoder's samples over that in copies by the U-Net of its size",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(
            name="linear_copier_detail",
            measure="share of detail kept by as many principal axes as copy as well as the large U-Net: what a map "
            "without capacity keeps at that error",
        ),
        Control(name="ladder_detail", measure="share of detail in copies by the standard ladder's plain net, 32×32"),
        Control(name="ladder_missed", measure="share missed by it"),
        Control(name="usual_detail", measure="share of detail in copies by the U-Net of usual size, which copies only"),
        Control(name="widest_detail", measure="share of detail in copies by the widest, after equal image visits"),
        Control(name="widest_missed", measure="share missed by it"),
        Control(name="widest_psnr", measure="PSNR of its copies, dB"),
        Control(name="large_detail_training", measure="share of detail by the large U-Net on training scenes"),
        Control(name="large_missed_training", measure="share missed by it on training scenes"),
        Control(name="small_missed", measure="share missed by the smallest on held-out scenes"),
        Control(name="small_noise", measure="noise level of its copies minus the scenes', wavelet estimate"),
        Control(name="large_noise", measure="the same for the large U-Net: noise counts as detail"),
        Control(name="small_psnr", measure="PSNR of the copies by the smallest, dB"),
        Control(name="large_psnr", measure="PSNR of the copies by the large U-Net, dB"),
        Control(
            name="vae_detail_with_noise",
            measure="detail in the variational autoencoder's samples with the noise of its pixels: its samples are "
            "otherwise the means of p(x | z)",
        ),
        Control(name="vae_copies_detail", measure="share of detail in its copies of held-out scenes"),
        Control(name="vae_noise", measure="noise level of its samples minus the scenes', wavelet estimate"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Copy held-out scenes by a U-Net that trained long and by five widths; sample from a variational autoencoder."""
    usual = shape(trial)
    x = held_out(trial, usual.data)
    train = trial.splits(usual.data).train.images().to(trial.device)
    nets = [trial.trained(shape(trial, width=width), control=True) for width in WIDTHS]
    net = trial.trained(small_unet(trial))
    x_hats, known = [copies(each, x) for each in nets], train[: len(x)]
    small, widest, large, remembered = x_hats[0], x_hats[-1], copies(net, x), copies(net, known)
    quality = clean_psnr(net, x)
    recipe = variational(replace(usual, training=replace(usual.training, snapshots=())))
    vae = trial.trained(recipe, control=True)
    drawn, usual_detail = _samples(vae, len(x), trial), _detail(x_hats[WIDTHS.index(1.0)], x)
    values = {
        "small_detail": _detail(small, x),
        "large_detail": _detail(large, x),
        "detail_by_size": _detail(widest, x) / _detail(small, x),
        "widest_detail": _detail(widest, x),
        "widest_missed": _detail(widest - x, x),
        "widest_psnr": clean_psnr(nets[-1], x),
        "large_missed": _detail(large - x, x),
        "vae_detail": _detail(drawn, x),
        "vae_against_copies": _detail(drawn, x) / usual_detail,
        "vae_detail_with_noise": _detail(_samples(vae, len(x), trial, with_noise=True), x),
        "vae_copies_detail": _detail(copies(vae, x), x),
        "vae_noise": _noise(drawn, x),
        "usual_detail": usual_detail,
        "linear_copier_detail": _detail(linear_copier(train, x, clean_psnr=quality)(x), x),
        "large_detail_training": _detail(remembered, known),
        "large_missed_training": _detail(remembered - known, known),
        "small_missed": _detail(small - x, x),
        "small_noise": _noise(small, x),
        "large_noise": _noise(large, x),
        "small_psnr": clean_psnr(nets[0], x),
        "large_psnr": quality,
    }
    shown = {f"{width:g} times the maps": x_hat for width, x_hat in zip(WIDTHS, x_hats, strict=True)}
    rows = {
        "scene": x,
        **shown,
        "the large U-Net": large,
        "variational, copies": copies(vae, x),
        "variational, samples": drawn,
    }
    pictures = Pictures(
        caption="Held-out scenes, copied by U-Nets of five widths and by one that trained long, and a variational "
        "autoencoder's copies and samples.",
        rows={label: images[:8] for label, images in rows.items()},
    )
    return Measurements(
        values=values | _on_the_ladder(trial),
        curves={"spectra": _spectra(shown, x), "width": _over_width(x_hats, x)},
        pictures={"copies": pictures},
    )


def _on_the_ladder(trial: Trial) -> dict[str, float]:
    """The same of the standard ladder's plain net; not numbers for a seed that it has not."""
    if trial.seed not in SEEDS:
        return {"ladder_detail": torch.nan, "ladder_missed": torch.nan}
    x = held_out(trial, scenes(trial))
    x_hat = copies(trial.trained(ladder(trial), control=True), x)
    return {"ladder_detail": _detail(x_hat, x), "ladder_missed": _detail(x_hat - x, x)}


def _samples(vae: Reconstructor, count: int, trial: Trial, *, with_noise: bool = False) -> Images:
    """Images from the prior, as means of p(x | z) or with the noise of their pixels."""
    draws = trial.generator("draws of the prior")
    method = Prior(with_noise=with_noise)
    return sample(vae, count=count, method=method, generator=draws, precision="float32")


def _detail(x_hat: Images, x: Images) -> float:
    """Over all images together, since one smooth image would decide a mean of shares."""
    return float(high_frequency_energy(x_hat).mean() / high_frequency_energy(x).mean())


def _noise(x_hat: Images, x: Images) -> float:
    return float((noise_level(x_hat) - noise_level(x)).mean())


def _spectra(shown: Mapping[str, Images], x: Images) -> Curves:
    own = radial_spectrum(x)
    power = own.power.mean(0)
    return Curves(
        title="Power of the copies over frequency",
        x_label="cycles per pixel",
        y_label="power, of the scenes'",
        x=own.frequency.tolist(),
        lines={name: (radial_spectrum(x_hat).power.mean(0) / power).tolist() for name, x_hat in shown.items()},
    )


def _over_width(x_hats: Sequence[Images], x: Images) -> Curves:
    return Curves(
        title="Detail over width",
        x_label="maps, of the usual",
        y_label="energy above half of Nyquist's frequency, of the scenes'",
        x=WIDTHS,
        lines={
            "in the copy": [_detail(x_hat, x) for x_hat in x_hats],
            "in what it missed": [_detail(x_hat - x, x) for x_hat in x_hats],
        },
        log_x=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
