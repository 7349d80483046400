"""What small random convolutional nets add to what they represent is not Gaussian noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.random_maps import written_and_missed
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.residuals import residual_law
from copyist.procedures.inversion import invert
from copyist.randomness import derive
from copyist.tensors import Images

WINDOW = 5
"""Side of the filters that are taken off, in pixels."""

WIDTHS = (8, 16, 32, 64)
"""Maps of the first of two convolutions."""

DEPTHS = (2, 3, 4, 6)
"""Convolutions of 32 maps."""

NETS = {
    "conv": "two random convolutions of 3×3 with 16 maps and ReLU between, to half of the values",
    "deep": f"{DEPTHS[-1]} random convolutions with 32 maps, to half of the values",
    "dense": "two random linear layers with ReLU between, to half of the values",
}

CLAIM = Claim(
    sentence="What small random convolutional nets add to what they represent is not Gaussian noise, as that of dense "
    "ones is.",
    source="ours: the argument that non-invertible random maps add Gaussian noise is about dense layers, and its "
    "pictures are of convolutional nets",
    regime=Regime(psnr=None, why="the maps are random, and nothing is trained"),
    parts=(
        Part(
            name="conv_excess",
            measure="Kolmogorov–Smirnov distance from the normal law of the noise added, x̂ − start less its best "
            f"multiple of a − start, minus that of as many normal values (a uniform law: 0.057); {NETS['conv']}; "
            "converged inversions of 32 gray landscapes of 32×32, start 0.5",
            holds_when=Above(0.02),
        ),
        Part(name="dense_excess", measure=f"the same, {NETS['dense']}", holds_when=Below(0.02)),
        Part(
            name="conv_over_dense",
            measure="the first minus the second",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        *(
            control
            for net, about in NETS.items()
            for control in (
                Control(
                    name=f"filtered_{net}",
                    measure=f"the excess once the best filter of {WINDOW}×{WINDOW} of a − start is taken off too: what "
                    f"is left is not an image, blurred or sharpened; {about}",
                ),
                Control(name=f"kurtosis_{net}", measure=f"excess kurtosis of the noise, {about}"),
                Control(name=f"size_{net}", measure=f"size of the noise over that of a − start, {about}"),
                Control(name=f"converged_{net}", measure=f"share of converged inversions, {about}"),
            )
        ),
        Control(name="excess_deep", measure=f"the excess, {NETS['deep']}"),
        Control(name="excess_image", measure="the excess of a − start itself: of an inverse that is the image"),
    ),
    picture="found",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """What the inversions of one net added; not numbers where none converged."""

    excess: float
    filtered: float
    kurtosis: float
    size: float
    converged: float
    x_hat: Images


def run(trial: Trial) -> Measurements:
    """Invert random nets that differ in how far their layers see.

    About 3 minutes of one thread for each seed.
    """
    size = trial.pick(smoke=8, standard=32, gpu=32)
    count = trial.pick(smoke=4, standard=32, gpu=32)
    x = held_out(trial, f"scenes?size={size}&limit=64", count=count).cpu().mean(1, True)
    nets = {
        "conv": _convolutional(trial, maps=16, depth=2),
        "deep": _convolutional(trial, maps=32, depth=DEPTHS[-1]),
        "dense": _dense(trial, x[0].numel()),
    }
    found = {name: _added(trial, net, x) for name, net in nets.items()}
    values = {"excess_deep": found["deep"].excess, "excess_image": _excess(trial, x.flatten(1) - 0.5)}
    for name, one in found.items():
        values |= {
            f"filtered_{name}": one.filtered,
            f"kurtosis_{name}": one.kurtosis,
            f"size_{name}": one.size,
            f"converged_{name}": one.converged,
        }
    values |= {
        "conv_excess": found["conv"].excess,
        "dense_excess": found["dense"].excess,
        "conv_over_dense": found["conv"].excess - found["dense"].excess,
    }
    rows = {"image": x} | {NETS[name]: one.x_hat for name, one in found.items()}
    shown = {label: images[:8] for label, images in rows.items()}
    caption = "Landscapes, and images that a random net takes for them, found from gray."
    pictures = {"found": Pictures(caption=caption, rows=shown)}
    return Measurements(values=values, curves=_curves(trial, x), pictures=pictures)


def _curves(trial: Trial, x: Images) -> dict[str, Curves]:
    """How the excess depends on how many maps there are, and on how many convolutions."""
    wide = [_added(trial, _convolutional(trial, maps=maps, depth=2), x).excess for maps in WIDTHS]
    deep = [_added(trial, _convolutional(trial, maps=32, depth=depth), x).excess for depth in DEPTHS]
    label = "excess distance from normal"
    return {
        "width": Curves(title="By width", x_label="maps", y_label=label, x=WIDTHS, lines={"two convolutions": wide}),
        "depth": Curves(title="By depth", x_label="convolutions", y_label=label, x=DEPTHS, lines={"32 maps": deep}),
    }


def _convolutional(trial: Trial, *, maps: int, depth: int) -> nn.Module:
    """Convolutions of 3×3 with ReLU between them, the last of stride 2 to two maps."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "convolutions", maps, depth))
        layers: list[nn.Module] = []
        for index in range(depth - 1):
            layers += [nn.Conv2d(maps if index else 1, maps, 3, padding=1), nn.ReLU()]
        return nn.Sequential(*layers, nn.Conv2d(maps, 2, 3, stride=2, padding=1))


def _dense(trial: Trial, count: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "dense"))
        return nn.Sequential(nn.Flatten(), nn.Linear(count, 2 * count), nn.ReLU(), nn.Linear(2 * count, count // 2))


def _added(trial: Trial, net: nn.Module, x: Images) -> _Found:
    """What inversions of a net add to a gray start."""
    start = torch.full_like(x, 0.5)
    one = invert(net, x, start=start, tolerance=0.1, steps=trial.pick(smoke=50, standard=None, gpu=None))
    kept, nothing = one.converged, math.nan
    share = float(kept.float().mean())
    if not kept.any():
        return _Found(excess=nothing, filtered=nothing, kurtosis=nothing, size=nothing, converged=share, x_hat=one.x)
    written = (one.x - start)[kept]
    difference = (x - start)[kept]
    law = written_and_missed(
        one.x[kept], start=start[kept], a=x[kept], generator=trial.generator("resamples"), num_resamples=100
    )
    return _Found(
        excess=law.excess_distance,
        filtered=_excess(trial, _unfiltered(written, difference)),
        kurtosis=law.noise.kurtosis_interval.mean,
        size=float(law.noise_size.mean()),
        converged=share,
        x_hat=one.x,
    )


def _unfiltered(written: Images, difference: Images) -> Tensor:
    """What was written (B, 1, H, W) less the filter of a − start that fits it best, image by image; (B, H·W)."""
    shifted = F.unfold(difference, WINDOW, padding=WINDOW // 2).transpose(1, 2).double()  # (B, H·W, WINDOW²)
    target = written.flatten(2).transpose(1, 2).double()  # (B, H·W, 1)
    fitted = shifted @ torch.linalg.lstsq(shifted, target, driver="gelsd").solution
    return (target - fitted).squeeze(2)


def _excess(trial: Trial, noise: Tensor) -> float:
    """The distance of noise (B, n) from the normal law, less that of truly normal values of the same shape."""
    draws = trial.generator("excess")
    normal = torch.randn(noise.shape, generator=draws)
    first, second = (
        residual_law(each, generator=draws, num_resamples=100).distance_interval.mean for each in (noise, normal)
    )
    return first - second


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(7))
