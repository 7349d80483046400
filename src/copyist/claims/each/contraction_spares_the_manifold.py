"""A price on the encoder's Jacobian makes it insensitive off the manifold only."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import clean_psnr, copies, held_out
from copyist.claims.nets import blobs, contracted
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.data.synthetic import blob_centers, blob_tangents
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.tangents import ManifoldSensitivity, manifold_sensitivity
from copyist.models.contracts import Autoencoder, needs
from copyist.tensors import Images, PerImage

WEIGHTS = (0.0, 0.01, 0.1, 1.0)
"""Of the price, from none to the strongest."""

DECAYS = (0.01, 0.1, 1.0)
"""Of the weights, per unit of the learning rate."""

SIGMA = 0.2
"""Of the noise that the denoiser undoes."""

NUM_NORMALS = 64

SOURCE = (
    "on contractive autoencoders: a penalty on the Jacobian of the encoder makes it insensitive to perturbations of "
    "the input, except along the manifold of the data"
)

CLAIM = Claim(
    sentence="A penalty on the Jacobian of the encoder makes it insensitive to what leads off the data's manifold, and "
    "only to that.",
    source='"Autoencoders & Denoising AEs", on contractive autoencoders',
    regime=Regime(psnr=None, why="the penalty is paid in copies, whose PSNR stands beside"),
    picture="price",
    parts=(
        Part(
            name="ratio",
            source=SOURCE,
            measure="‖J·t‖ / ‖J·n‖ at the strongest price, 1, root mean squares over unit tangents t and random unit "
            "normals n of a surface of two dimensions: held-out gray images of a spot that moves",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="growth",
            source=SOURCE,
            measure="that ratio over the ratio without a price",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="normal_kept",
            source=SOURCE,
            measure="‖J·n‖ at the strongest price over that without",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="against_decay",
            measure="the ratio at the strongest price over the largest that weight decay alone makes, of 0.01, 0.1, 1",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="within_the_span",
            measure="the growth from no price to the strongest with normals inside the space that all images of the "
            "data span (ways to other images, less their part along the tangents)",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="against_axes",
            measure="the ratio at the strongest price over that of a projection on as many principal axes as hold 99 % "
            "of the variance: a linear map that knows no manifold",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="tangent_kept",
            measure="‖J·t‖ at the strongest price over that without: what leads along the surface is spared where more "
            "than half of it stays, however little stays of the rest",
            holds_when=Above(0.5),
            scale="log",
        ),
    ),
    controls=(
        Control(name="ratio_without", measure="the ratio of the net without a price"),
        Control(name="ratio_untrained", measure="the ratio of the net before training"),
        Control(name="ratio_decay", measure="the largest ratio that weight decay alone makes"),
        Control(name="ratio_denoiser", measure="the ratio of the net trained to undo noise of σ = 0.2"),
        Control(
            name="ratio_principal_axes",
            measure="the ratio of a projection on as many principal axes as hold 99 % of the variance: a linear map",
        ),
        Control(name="within_without", measure="the ratio within the span, without a price"),
        Control(name="within_strongest", measure="the ratio within the span at the strongest price"),
        Control(name="least_growth", measure="the least factor by which the ratio grows from one price to the next"),
        Control(name="psnr_without", measure="PSNR of copies without a price, dB"),
        Control(name="psnr_strongest", measure="PSNR of copies at the strongest price, dB"),
        Control(name="psnr_decay", measure="PSNR of copies at the strongest decay, dB"),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Surface:
    """Held-out images, and the directions in which they may go."""

    trial: Trial
    x: Images
    tangents: Tensor

    def across(self, encode: Callable[[Images], Tensor], normals: Tensor | int = NUM_NORMALS) -> ManifoldSensitivity:
        draws = self.trial.generator("normals")
        return manifold_sensitivity(encode, self.x, self.tangents, normals=normals, generator=draws)


def run(trial: Trial) -> Measurements:
    """Train one net per price, decay and kind of noise, and differentiate each along and across the surface."""
    x = held_out(trial, blobs(trial), count=64)
    tangents = blob_tangents(blob_centers(len(x), split="test"), size=(x.shape[2], x.shape[3]))
    surface = _Surface(trial=trial, x=x, tangents=torch.from_numpy(tangents).to(x))
    nets = {weight: trial.autoencoder(contracted(trial, weight=weight)) for weight in WEIGHTS}
    found = [surface.across(net.encode) for net in nets.values()]
    ratios = [each.ratio for each in found]
    within = [surface.across(net.encode, _secants(x)).ratio for net in nets.values()]
    values = {
        "ratio": ratios[-1],
        "growth": ratios[-1] / ratios[0],
        "least_growth": _least_growth(ratios),
        "within_the_span": within[-1] / within[0],
        "ratio_without": ratios[0],
        "within_without": within[0],
        "within_strongest": within[-1],
        "tangent_kept": _kept(found[-1].tangent, found[0].tangent),
        "normal_kept": _kept(found[-1].normal, found[0].normal),
        "psnr_without": clean_psnr(nets[WEIGHTS[0]], x),
        "psnr_strongest": clean_psnr(nets[WEIGHTS[-1]], x),
    }
    controls = _controls(surface)
    values |= {
        "against_decay": ratios[-1] / controls["ratio_decay"],
        "against_axes": ratios[-1] / controls["ratio_principal_axes"],
        **controls,
    }
    curves = Curves(
        title="Sensitivity along the manifold over that across it",
        x_label="weight of the price on the Jacobian",
        y_label="‖J·t‖ / ‖J·n‖",
        x=WEIGHTS,
        lines={"random normals": ratios, "normals within the data's span": within},
    )
    shown = {f"copies at a price of {weight:g}": copies(net, x[:8]) for weight, net in nets.items()}
    pictures = Pictures(caption="A spot that moves, and its copies.", rows={"image": x[:8], **shown})
    return Measurements(values=values, curves={"price": curves}, pictures={"copies": pictures})


def _least_growth(ratios: Sequence[float]) -> float:
    return min(after / before for before, after in pairwise(ratios))


def _kept(after: PerImage, before: PerImage) -> float:
    """Root mean squares over the images, as in the ratio."""
    return float((after.square().mean() / before.square().mean()).sqrt())


def _controls(surface: _Surface) -> dict[str, float]:
    """The same ratio without a price on the Jacobian: by weight decay, by noise, by nothing, and of a linear map."""
    trial = surface.trial
    decayed = [trial.autoencoder(contracted(trial, weight=0.0, decay=decay), control=True) for decay in DECAYS]
    denoiser = trial.autoencoder(contracted(trial, weight=0.0, sigma=SIGMA), control=True)
    untrained = needs(trial.untrained(contracted(trial, weight=0.0)), Autoencoder, verb="an experiment")
    axes = _axes(trial.splits(blobs(trial)).train.images().to(trial.device))
    return {
        "ratio_decay": max(surface.across(net.encode).ratio for net in decayed),
        "psnr_decay": clean_psnr(decayed[-1], surface.x),
        "ratio_denoiser": surface.across(denoiser.encode).ratio,
        "ratio_untrained": surface.across(untrained.encode).ratio,
        "ratio_principal_axes": surface.across(lambda images: images.flatten(1) @ axes.T).ratio,
    }


def _secants(x: Images) -> Tensor:
    """The ways from each image to others, (B, K, C, H, W), spread evenly over all of them."""
    steps = range(1, len(x), max(1, len(x) // 16))
    return torch.stack([x.roll(step, 0) - x for step in steps], dim=1)


def _axes(train: Images) -> Tensor:
    """As few principal axes (K, D) as hold 99 % of the variance."""
    axes = PrincipalBasis.fitted(train).axes
    rows = (train - train.mean(0)).flatten(1)
    held = (rows @ axes.T).square().sum(0).cumsum(0) / rows.square().sum()
    return axes[: int((held < 0.99).sum()) + 1]


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
