"""Walks of a copier, what may take a walk's place, and what became of the walkers."""

__all__ = [
    "KeptWalk",
    "WalkSummary",
    "code_noise_in_pixels",
    "keep_walk",
    "walk_frames",
    "walk_without_code",
]

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import Reference
from copyist.claims.trial import Trial
from copyist.evidence import Interval, adjusted_share
from copyist.metrics.distortion import distance
from copyist.metrics.walkers import LONGEST_CYCLE, net_displacement, walk_diagnostics
from copyist.models.contracts import Autoencoder, Reconstructor
from copyist.models.in_batches import in_batches
from copyist.procedures.walk import walk
from copyist.randomness import draw_normal
from copyist.tensors import Images

NOISE = 0.2
"""Standard deviation of a walk's noise in the code."""

LAST = 2 * LONGEST_CYCLE + 1
"""Frames that tell whether a walker rests or goes round."""


@final
@dataclass(frozen=True, kw_only=True)
class WalkSummary:
    """What became of a batch of walkers; lengths are in halves of the median distance between two starts' copies.

    A walker is one that ends farther than 1 from its start's copy.
    """

    count: int
    """Starts."""

    walked: int
    """Those that walked."""

    share: Interval
    """Of them, with its binomial 95 % interval."""

    displacement: float
    """Mean distance of the last frame from the start's copy."""

    net: float
    """Mean net displacement over the windows of 50 steps of the second half: what moves steadily, and what rests."""

    spread: float
    """Median distance between two walkers in the end over that between two copies; 0 where all became one picture."""

    at_rest: float
    """Share at a fixed point, or on a cycle of 2 to 8 steps, in the end."""

    @property
    def adjusted(self) -> float:
        """The share of those that walked, never 0 or 1."""
        return adjusted_share(self.walked, self.count)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class KeptWalk:
    """What is kept of a walk, whose frames are a quarter of a gigabyte at scale standard."""

    found: WalkSummary

    states: Images
    """Pictures of its second half, evenly spaced up to the last step, as many as a set of the reference has."""

    path: Tensor
    """(T,), mean distance of each step from the starts' copies, in halves of the median distance between them."""

    strips: Tensor
    """(T + 1, 4, C, H, W), the frames of the first four walkers."""

    def strip(self, *, walker: int = 0, pictures: int = 8) -> Images:
        """One walker's frames, evenly spaced from the start to the end."""
        chosen = torch.linspace(0, len(self.strips) - 1, pictures).round().long()
        return self.strips[chosen, walker]


def _steps(trial: Trial) -> int:
    """Steps of every walk: 300."""
    return trial.pick(smoke=6, standard=300, gpu=300)


def walk_frames(model: Autoencoder, x: Images, trial: Trial, *, noise: float = NOISE) -> Tensor:
    """The frames of a walk in float32, (T + 1, B, C, H, W), in batches of the model's own size."""
    draws = trial.generator("walk")
    return walk(model, x, steps=_steps(trial), noise=noise, generator=draws, precision="float32")


def walk_without_code(copy: Callable[[Images], Images], x: Images, trial: Trial, *, sigma: float) -> Tensor:
    """The frames of xₙ₊₁ = copy(xₙ + N(0, σ²)): a walk whose noise is in the picture instead of in a code."""
    draws, frames = trial.generator("walk of pixels"), [x.cpu()]
    for _ in range(_steps(trial)):
        x = copy(x + draw_normal(x.shape, std=sigma, generator=draws, like=x))
        frames.append(x.cpu())
    return torch.stack(frames)


@torch.no_grad()
def code_noise_in_pixels(model: Autoencoder, x: Images, trial: Trial) -> float:
    """What one step's noise in the code changes in the picture: root mean square of D(E(x) + ε) − D(E(x))."""
    z = in_batches(model, model.encode, x)
    noise = draw_normal(z.shape, std=NOISE, generator=trial.generator("code noise"), like=z)
    moved, still = (in_batches(model, model.decode, code) for code in (z + noise, z))
    return float((moved - still).square().mean().sqrt())


def keep_walk(frames: Tensor, model: Reconstructor, reference: Reference, trial: Trial) -> KeptWalk:
    """What is kept of the frames, which begin with the starts; `model` makes the copies that they are held against."""
    begun = copies(model, frames[0].to(trial.device)).cpu()
    found = walk_diagnostics(
        frames[-LAST:],
        copies=begun,
        data=reference.train.cpu(),
        held_out=reference.real.cpu(),
        features=lambda x: x.mean((2, 3)),
    )
    windows = net_displacement(frames, window=trial.pick(smoke=2, standard=50, gpu=50))
    walkers = WalkSummary(
        count=len(begun),
        walked=int(found.walked.sum()),
        share=found.share,
        displacement=float(found.displacement.mean()) / found.threshold,
        net=float(windows[len(windows) // 2 :].mean()) / found.threshold,
        spread=float(torch.pdist(frames[-1].flatten(1)).median() / torch.pdist(begun.flatten(1)).median()),
        at_rest=float((found.fixed_point | (found.cycle > 0)).double().mean()),
    )
    path = torch.stack([distance(frame, begun).mean() for frame in frames[1:]]) / found.threshold
    return KeptWalk(found=walkers, states=_states(frames, reference), path=path, strips=frames[:, :4].clone())


def _states(frames: Tensor, reference: Reference) -> Images:
    length, per_walker = len(frames) - 1, max(1, reference.count // frames.shape[1])
    chosen = torch.linspace(length / 2, length, per_walker + 1)[1:].round().long()
    return frames[chosen].flatten(0, 1).to(reference.real)
