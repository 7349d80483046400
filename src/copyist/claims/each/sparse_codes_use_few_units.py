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
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import psnr
from copyist.metrics.sparsity import active_units, dead_units, effective_share
from copyist.models.contracts import Autoencoder
from copyist.tensors import Images
from copyist.training import Recipe

WEIGHTS = (0.0, 0.01, 0.03, 0.1)
"""Of either penalty, from none to the strongest."""

FEW = 0.2
"""What share of the units is few."""

EXACT = 60.0
"""Decibels above which a linear copy is as good as exact: an error of a quarter of a step of 8 bits."""

SOURCE = (
    "on sparse autoencoders: an L1 penalty on hidden activations, or a KL divergence from a Bernoulli's, forces each "
    "input to use only a few latent dimensions"
)

CLAIM = Claim(
    sentence="An L1 penalty on the code, or one on the divergence of its mean activations from a small rate, makes "
    "each image use only a few of the units.",
    source='"Autoencoders & Denoising AEs", on sparse autoencoders',
    regime=Regime(psnr=None, why="the penalty is paid in copies, whose error is judged beside"),
    picture="penalty",
    parts=(
        Part(
            name="l1_share",
            source=SOURCE,
            measure="share of the units in use, (Σ|c|)² / (K·Σc²) for the lengths c that units add to the copy, mean "
            "over held-out gray photographs; rectified units, L1 in units of the image at its strongest, 0.1",
            holds_when=Below(FEW),
            scale="logit",
        ),
        Part(
            name="kl_share",
            source=SOURCE,
            measure="the same for sigmoid units drawn to a rate of 5 % at a weight of 0.1",
            holds_when=Below(FEW),
            scale="logit",
        ),
        Part(
            name="l1_of_none",
            source=SOURCE,
            measure="that share with the strongest L1 over that of the same net without",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="kl_of_none",
            source=SOURCE,
            measure="the same for KL, over sigmoid units without",
            holds_when=Below(1.0),
            scale="log",
        ),
        *(
            Part(
                name=f"{price}_error",
                measure=f"squared error of copies with the strongest {words} over that of the mean image: a code that "
                "copies nothing is sparse too",
                holds_when=Below(0.25),
                scale="log",
            )
            for price, words in {"l1": "L1", "kl": "KL"}.items()
        ),
        *(
            Part(
                name=f"{price}_halved",
                measure=f"the share in use with the strongest {words} over that without, as an effect that matters",
                holds_when=Below(0.5),
                scale="log",
            )
            for price, words in {"l1": "L1", "kl": "KL"}.items()
        ),
    ),
    controls=(
        Control(name="l1_none_share", measure="share of rectified units in use without a penalty"),
        Control(name="kl_none_share", measure="share of sigmoid units in use without a penalty"),
        Control(name="pca_share", measure="share of principal axes in use, all of them, each by its part in the image"),
        *(
            Control(name=f"{price}_against_pca", measure=f"PSNR of copies {words}, minus that of so many axes, dB")
            for price, words in {
                "l1": "with the strongest L1 (longer than 1 % of the longest of all is active)",
                "kl": "with the strongest KL",
                "largest": "where the largest twentieth speaks",
            }.items()
        ),
        Control(
            name="l1_axes_at_equal_error",
            measure="principal axes that copy as well as the strongest L1, over its active units per image",
        ),
        Control(name="kl_axes_at_equal_error", measure="the same for KL"),
        Control(name="plain_l1_share", measure="share in use with L1 on the bare numbers of the code"),
        Control(
            name="plain_l1_code", measure="mean |z| with L1 on bare numbers over that with L1 in units of the image"
        ),
        Control(name="largest_share", measure="share in use where the largest twentieth of the units speaks"),
        Control(name="l1_active", measure="share of active units with the strongest L1"),
        Control(name="kl_active", measure="share of active units with the strongest KL"),
        Control(name="l1_against_adaptive_pca", measure="PSNR with L1 minus that of each image's own largest axes, dB"),
        Control(
            name="none_at_that_number",
            measure="squared error of the net without a penalty, with only as many units per image as L1 has active, "
            "the longest, over that with L1",
        ),
        Control(name="l1_dead", measure="share of units that no held-out photograph activates, L1"),
        Control(name="l1_psnr", measure="PSNR of copies with the strongest L1, dB"),
        Control(name="kl_psnr", measure="PSNR of copies with the strongest KL, dB"),
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
    """Train one net per penalty and weight, and count what of its code each photograph uses."""
    source = sparse(trial, price="l1").data
    x, train = held_out(trial, source), trial.splits(source).train.images().to(trial.device)
    l1s, kls = (
        [_seen(trial, x, sparse(trial, price=price, weight=weight)) for weight in WEIGHTS] for price in ("l1", "kl")
    )
    bare, largest = (_seen(trial, x, sparse(trial, price=price), control=True) for price in ("plain-l1", "largest"))
    none, l1, kl = l1s[0], l1s[-1], kls[-1]
    pca = LinearCopier(mean=train.mean(0), axes=PrincipalBasis.fitted(train).axes)
    parts, mean_error = (x - pca.mean).flatten(1) @ pca.axes.T, squared_error(pca.mean.expand_as(x), x)
    values = {
        "l1_share": l1.share,
        "kl_share": kl.share,
        "l1_of_none": l1.share / none.share,
        "kl_of_none": kl.share / kls[0].share,
        "l1_halved": l1.share / none.share,
        "kl_halved": kl.share / kls[0].share,
        "l1_error": l1.error / mean_error,
        "kl_error": kl.error / mean_error,
        "l1_none_share": none.share,
        "kl_none_share": kls[0].share,
        "pca_share": float(effective_share(parts).mean()),
        "l1_against_pca": _lead(l1.psnr, pca, x, l1.number),
        "kl_against_pca": _lead(kl.psnr, pca, x, kl.number),
        "largest_against_pca": _lead(largest.psnr, pca, x, largest.number),
        "l1_axes_at_equal_error": _axes_at(l1.error, pca, x) / l1.number,
        "kl_axes_at_equal_error": _axes_at(kl.error, pca, x) / kl.number,
        "plain_l1_share": bare.share,
        "plain_l1_code": float(bare.z.abs().mean() / l1.z.abs().mean()),
        "largest_share": largest.share,
        "l1_active": l1.active,
        "kl_active": kl.active,
        "l1_against_adaptive_pca": l1.psnr - _capped((_longest(parts, l1.number) @ pca.axes).view_as(x) + pca.mean, x),
        "none_at_that_number": squared_error(none.net.decode(none.z * _kept(none.lengths, l1.number)), x) / l1.error,
        "l1_dead": float(dead_units(l1.lengths).float().mean()),
        "l1_psnr": l1.psnr,
        "kl_psnr": kl.psnr,
        "none_psnr": none.psnr,
    }
    curves = Curves(
        title="Units in use over the weight of the penalty",
        x_label="weight of the penalty",
        y_label="share of the units",
        x=WEIGHTS,
        lines={"L1, rectified units": [each.share for each in l1s], "KL, sigmoid units": [each.share for each in kls]},
    )
    rows = {"no penalty": none, "L1": l1, "KL": kl, "the largest": largest}
    shown = {name: copies(each.net, x[:8]) for name, each in rows.items()}
    pictures = Pictures(caption="Held-out photographs, copied with few units.", rows={"photograph": x[:8], **shown})
    return Measurements(values=values, curves={"penalty": curves}, pictures={"copies": pictures})


def _seen(trial: Trial, x: Images, recipe: Recipe, *, control: bool = False) -> _Net:
    """What a net does whose decoder is one linear layer: a unit's column is what it adds when it alone speaks."""
    net = trial.autoencoder(recipe, control=control)
    z = net.encode(x)
    lit = torch.eye(z.shape[1], device=z.device, dtype=z.dtype)
    columns = (net.decode(lit) - net.decode(torch.zeros_like(lit))).flatten(1).norm(dim=1)
    return _Net(net=net, z=z, lengths=z.abs() * columns, error=squared_error(net.decode(z), x), psnr=clean_psnr(net, x))


def _lead(decibels: float, pca: LinearCopier, x: Images, number: int) -> float:
    """How far copies of that PSNR are above those of the first principal axes, dB."""
    return decibels - _capped(LinearCopier(mean=pca.mean, axes=pca.axes[:number])(x), x)


def _axes_at(error: float, pca: LinearCopier, x: Images) -> int:
    """The fewest principal axes whose copies have at most this squared error; all where none have."""
    parts = ((x - pca.mean).flatten(1) @ pca.axes.T).square().mean(0)
    left = (x - pca.mean).flatten(1).square().sum(1).mean() - parts.cumsum(0)
    return min(int((left > error * x[0].numel()).sum()) + 1, len(pca.axes))


def _capped(x_hat: Images, x: Images) -> float:
    """Mean PSNR in which an image that is exact counts as `EXACT`."""
    return float(psnr(x_hat, x).clamp(max=EXACT).mean())


def _kept(lengths: Tensor, number: int) -> Tensor:
    """1 for the longest of each image, 0 for the others, (B, K)."""
    chosen = lengths.topk(min(number, lengths.shape[1])).indices
    return torch.zeros_like(lengths).scatter(1, chosen, 1.0)


def _longest(parts: Tensor, number: int) -> Tensor:
    return parts * _kept(parts.abs(), number)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
