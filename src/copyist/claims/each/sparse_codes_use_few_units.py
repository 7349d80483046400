"""L1 and KL penalties give codes that use few units per image."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from copyist.baselines.linear_copier import LinearCopier
from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import clean_psnr, copies, held_out, squared_error
from copyist.claims.nets import sparse
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import psnr
from copyist.metrics.sparsity import active_units, dead_units, effective_share
from copyist.models.contracts import Autoencoder
from copyist.tensors import Images

FEW = 0.2
"""What share of the units is few."""

EXACT = 60.0
"""Decibels above which a linear copy is as good as exact: an error of a quarter of a step of 8 bits."""

CLAIM = Claim(
    sentence="An L1 penalty on the code, or one on the divergence of its mean activations from a small rate, makes "
    "each image use only a few of the units.",
    source='"Autoencoders & Denoising AEs", on sparse autoencoders',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="l1_share",
            measure="share of the units in use, (Σ|c|)² / (K·Σc²) for the lengths c that units add to the copy, mean "
            "over held-out gray photographs; rectified units, L1 in units of the image",
            holds_when=Below(FEW),
        ),
        Part(name="kl_share", measure="the same for sigmoid units drawn to a rate of 5 %", holds_when=Below(FEW)),
        Part(name="l1_of_none", measure="that share with L1 over that of the same net without", holds_when=Below(0.5)),
        Part(name="kl_of_none", measure="the same for KL, over sigmoid units without", holds_when=Below(0.5)),
        Part(
            name="l1_against_pca",
            measure="PSNR of copies with L1 minus that of as many principal axes as it has active units per image on "
            "average (longer than 1 % of the longest of all), dB, held-out photographs; 60 dB is the most that axes "
            "get, since as many of them as an image has values are exact",
            holds_when=Above(0.0),
        ),
        Part(name="kl_against_pca", measure="the same for KL", holds_when=Above(0.0)),
    ),
    controls=(
        Control(name="none_share", measure="share of rectified units in use without a penalty"),
        Control(name="none_sigmoid_share", measure="share of sigmoid units in use without a penalty"),
        Control(name="pca_share", measure="share of principal axes in use, all of them, each by its part in the image"),
        Control(name="plain_l1_share", measure="share in use with L1 on the bare numbers of the code"),
        Control(
            name="plain_l1_code", measure="mean |z| with L1 on bare numbers over that with L1 in units of the image"
        ),
        Control(name="largest_share", measure="share in use where the largest twentieth of the units speaks"),
        Control(name="l1_active", measure="share of active units with L1"),
        Control(name="kl_active", measure="share of active units with KL"),
        Control(
            name="l1_against_adaptive_pca",
            measure="the same for L1 and each image's own largest axes",
        ),
        Control(
            name="none_at_that_number",
            measure="squared error of the net without a penalty, with only as many units per image as L1 has active, "
            "the longest, over that with L1",
        ),
        Control(name="largest_against_pca", measure="the lead over principal axes where the largest speak, dB"),
        Control(name="l1_axes", measure="how many principal axes L1 is held against; an image of 12×12 has 144"),
        Control(name="kl_axes", measure="how many KL is held against"),
        Control(name="l1_dead", measure="share of units that no held-out photograph activates, L1"),
        Control(name="l1_psnr", measure="PSNR of copies with L1, dB"),
        Control(name="kl_psnr", measure="PSNR of copies with KL, dB"),
        Control(name="none_psnr", measure="PSNR of copies without a penalty, dB"),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Net:
    """What one net's code does to held-out images."""

    net: Autoencoder
    z: Tensor
    lengths: Tensor
    """(B, K), of what each unit adds to the copy: |z| times the length of its column."""

    error: float

    psnr: float
    """Mean over the images, dB."""

    @property
    def share(self) -> float:
        return float(effective_share(self.lengths).nan_to_num(0.0).mean())

    @property
    def active(self) -> float:
        return float(active_units(self.lengths).float().mean())

    @property
    def number(self) -> int:
        """Active units per image."""
        return max(1, math.ceil(self.active * self.z.shape[1]))


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train one net per penalty, and count what of its code each photograph uses."""
    x = held_out(trial, sparse(trial, price="none").data)
    plain, sigmoid = (_seen(trial.autoencoder(sparse(trial, price=price)), x) for price in ("none", "none-sigmoid"))
    l1, bare = (_seen(trial.autoencoder(sparse(trial, price=price)), x) for price in ("l1", "plain-l1"))
    kl, largest = (_seen(trial.autoencoder(sparse(trial, price=price)), x) for price in ("kl", "largest"))
    train = trial.splits(sparse(trial, price="none").data).train.images().to(trial.device)
    pca = LinearCopier(mean=train.mean(0), axes=PrincipalBasis.fitted(train).axes)
    parts = (x - pca.mean).flatten(1) @ pca.axes.T
    values = {
        "l1_share": l1.share,
        "kl_share": kl.share,
        "l1_of_none": l1.share / plain.share,
        "kl_of_none": kl.share / sigmoid.share,
        "l1_against_pca": _lead(l1.psnr, pca, x, l1.number),
        "kl_against_pca": _lead(kl.psnr, pca, x, kl.number),
        "none_share": plain.share,
        "none_sigmoid_share": sigmoid.share,
        "pca_share": float(effective_share(parts).mean()),
        "plain_l1_share": bare.share,
        "plain_l1_code": float(bare.z.abs().mean() / l1.z.abs().mean()),
        "largest_share": largest.share,
        "l1_active": l1.active,
        "kl_active": kl.active,
        "l1_against_adaptive_pca": l1.psnr - _capped((_longest(parts, l1.number) @ pca.axes).view_as(x) + pca.mean, x),
        "none_at_that_number": squared_error(plain.net.decode(plain.z * _kept(plain.lengths, l1.number)), x) / l1.error,
        "largest_against_pca": _lead(largest.psnr, pca, x, largest.number),
        "l1_axes": min(l1.number, len(pca.axes)),
        "kl_axes": min(kl.number, len(pca.axes)),
        "l1_dead": float(dead_units(l1.lengths).float().mean()),
        "l1_psnr": l1.psnr,
        "kl_psnr": kl.psnr,
        "none_psnr": plain.psnr,
    }
    rows = {"no penalty": plain, "L1": l1, "KL": kl, "the largest": largest}
    shown = {name: copies(each.net, x[:8]) for name, each in rows.items()}
    pictures = Pictures(caption="Held-out photographs, copied with few units.", rows={"photograph": x[:8], **shown})
    return Measurements(values=values, pictures={"copies": pictures})


def _seen(net: Autoencoder, x: Images) -> _Net:
    """What a net does whose decoder is one linear layer: a unit's column is what it adds when it alone speaks."""
    z = net.encode(x)
    lit = torch.eye(z.shape[1], device=z.device, dtype=z.dtype)
    columns = (net.decode(lit) - net.decode(torch.zeros_like(lit))).flatten(1).norm(dim=1)
    return _Net(net=net, z=z, lengths=z.abs() * columns, error=squared_error(net.decode(z), x), psnr=clean_psnr(net, x))


def _lead(decibels: float, pca: LinearCopier, x: Images, number: int) -> float:
    """How far copies of that PSNR are above those of the first principal axes, dB."""
    return decibels - _capped(LinearCopier(mean=pca.mean, axes=pca.axes[:number])(x), x)


def _capped(x_hat: Images, x: Images) -> float:
    """Mean PSNR in which an image that is exact counts as `EXACT`."""
    return float(psnr(x_hat, x).clamp(max=EXACT).mean())


def _kept(lengths: Tensor, number: int) -> Tensor:
    """1 for the longest of each image, 0 for the others, (B, K)."""
    chosen = lengths.topk(min(number, lengths.shape[1])).indices
    return torch.zeros_like(lengths).scatter(1, chosen, 1.0)


def _longest(parts: Tensor, number: int) -> Tensor:
    return parts * _kept(parts.abs(), number)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
