"""Walks and samples on landscapes, and how far their pictures are from real ones: shared by the claims about both."""

__all__ = [
    "BLURS",
    "Reference",
    "blurred_samples",
    "code_noise_in_pixels",
    "coherent_share",
    "diagnose",
    "mean_step",
    "noisy_pixels",
    "one_pass",
    "reference_for",
    "samples",
    "shown",
    "spread",
    "states",
    "walk_frames",
    "ways",
]

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from copyist.baselines.filters import MatchedBlur
from copyist.baselines.principal_axes import PCAFeatures
from copyist.claims.measures.copy_measures import copies
from copyist.claims.nets import scenes, scenes_classifier
from copyist.claims.trial import Trial
from copyist.metrics.distribution import frechet_distance
from copyist.metrics.neighbors import memorization
from copyist.metrics.scenes import scene_rules
from copyist.metrics.walkers import LONGEST_CYCLE, WalkDiagnostics, walk_diagnostics
from copyist.models.contracts import Autoencoder, Classifier, Reconstructor
from copyist.models.in_batches import apply_in_batches, in_batches
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.procedures.walk import walk
from copyist.randomness import draw_normal
from copyist.schedules import linear
from copyist.tensors import Images

NOISE = 0.2
"""Standard deviation of a walk's noise in the code."""

MEAN, STD = 0.7, 0.2
"""Of the noise that samples begin with."""

BLURS = (0.8, 1.4, 2.0, 3.0)
"""Standard deviations in pixels of the blurs that may take a model's place."""


LAST = 2 * LONGEST_CYCLE + 1
"""Frames that tell whether a walker rests or goes round."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """The landscapes that pictures are compared with, and the features in which they are."""

    train: Images
    """All that the models were trained on."""

    real: Images
    """Held-out ones, as many as there are pictures of each kind."""

    starts: Images
    """Others, held out too: one batch, from which walks begin."""

    classifier: Classifier
    """Its features are those that claims are judged by; the same classifier for every seed."""

    axes: PCAFeatures
    """The training images' principal axes, as many as the classifier has features: the check."""

    def distance(self, x: Images, other: Images | None = None) -> float:
        """Fréchet distance between pictures and `other` ones, or held-out landscapes, in the classifier's features."""
        return frechet_distance(self._features(x), self._features(self.real if other is None else other))

    def plain_distance(self, x: Images, other: Images | None = None) -> float:
        """The same on principal axes."""
        return frechet_distance(self.axes(x), self.axes(self.real if other is None else other))

    def remembered(self, x: Images) -> float:
        """Median distance to the nearest training image over that of held-out images; far below 1 is remembered."""
        return memorization(x, train=self.train, held_out=self.real, flipped=True).ratio

    @property
    def some_train(self) -> Images:
        """As many training images as there are held-out ones, for the distance of real from real."""
        return self.train[: len(self.real)]

    def accuracy(self, labels: Tensor) -> float:
        """Share of held-out landscapes, labels (B,), that the classifier names rightly."""
        named = in_batches(self.classifier, self.classifier, self.real).argmax(1)
        return float((named == labels.to(named.device)).double().mean())

    def _features(self, x: Images) -> Tensor:
        with torch.no_grad():
            return in_batches(self.classifier, self.classifier.features, x.to(self.real.device)).double()


def reference_for(trial: Trial) -> Reference:
    """Landscapes and features at this scale: 256 pictures of each kind at scale standard, and 64 walkers."""
    splits = trial.splits(scenes(trial))
    train, test = (part.images().to(trial.device) for part in (splits.train, splits.test))
    count, walkers = _count(trial), trial.pick(smoke=16, standard=64, gpu=64)
    return Reference(
        train=train,
        real=test[:count],
        starts=test[count : count + walkers],
        # One for all seeds: each classifier has features, and so distances, of its own unit.
        classifier=replace(trial, seed=0).classifier(scenes_classifier(trial)),
        axes=PCAFeatures.fit(train, dimensions=trial.pick(smoke=8, standard=32, gpu=32)),
    )


def walk_frames(model: Autoencoder, x: Images, trial: Trial, *, noise: float = NOISE) -> Tensor:
    """The frames of a walk in float32, (T + 1, B, C, H, W); T is 300, and 5 at scale smoke."""
    draws = trial.generator("walk")
    return walk(model, x, steps=_steps(trial), noise=noise, generator=draws, precision="float32")


def noisy_pixels(copy: Callable[[Images], Images], x: Images, trial: Trial, *, sigma: float) -> Tensor:
    """The frames of xₙ₊₁ = copy(xₙ + N(0, σ²)): a walk whose noise is in the picture instead of in a code."""
    draws, frames = trial.generator("walk of pixels"), [x.cpu()]
    for _ in range(_steps(trial)):
        x = copy(x + draw_normal(x.shape, std=sigma, generator=draws, like=x))
        frames.append(x.cpu())
    return torch.stack(frames)


def ways(model: Autoencoder, x: Images, trial: Trial, *, sigma: float) -> dict[str, Tensor]:
    """The frames of a walk, and of what may take its place: no noise, or noise in the pixels, copied or as it is.

    Args:
        model: which walks.
        x: one batch of starts (B, C, H, W).
        trial: from whose seed all is derived.
        sigma: standard deviation of the noise in the pixels.
    """
    return {
        "walk": walk_frames(model, x, trial),
        "no_noise": walk_frames(model, x, trial, noise=0.0),
        "copied_pixel_noise": noisy_pixels(lambda images: copies(model, images), x, trial, sigma=sigma),
        "pixel_noise": noisy_pixels(lambda images: images, x, trial, sigma=sigma),
    }


@torch.no_grad()
def code_noise_in_pixels(model: Autoencoder, x: Images, trial: Trial) -> float:
    """What one step's noise in the code changes in the picture: root mean square of D(E(x) + ε) − D(E(x))."""
    z = in_batches(model, model.encode, x)
    noise = draw_normal(z.shape, std=NOISE, generator=trial.generator("code noise"), like=z)
    moved, still = (in_batches(model, model.decode, code) for code in (z + noise, z))
    return float((moved - still).square().mean().sqrt())


def states(frames: Tensor, trial: Trial) -> Images:
    """Pictures of a walk's second half, at evenly spaced steps up to the last, as many as `Reference.real` holds."""
    length, per_walker = len(frames) - 1, _count(trial) // frames.shape[1]
    chosen = torch.linspace(length / 2, length, per_walker + 1)[1:].round().long()
    return frames[chosen].flatten(0, 1).to(trial.device)


def diagnose(frames: Tensor, model: Reconstructor, reference: Reference, *, whole: bool = False) -> WalkDiagnostics:
    """What became of the walkers in the end; `whole` asks for the images passed on the way too, which takes longer."""
    return walk_diagnostics(
        frames if whole else frames[-LAST:],
        copies=copies(model, reference.starts).cpu(),
        data=reference.train.cpu(),
        held_out=reference.real.cpu(),
        features=PCAFeatures.fit(reference.train.cpu(), dimensions=4),
        flipped=True,
    )


def mean_step(frames: Tensor, *, last: int = 50) -> float:
    """Mean length of a step over the last ones, Euclidean over all values of a picture."""
    return float(frames[-last - 1 :].diff(dim=0).flatten(2).norm(dim=2).mean())


def spread(frames: Tensor, model: Reconstructor, reference: Reference) -> float:
    """Median distance between walkers in the end over that between the starts' copies; 0 if all became one picture."""
    ends, begun = frames[-1], copies(model, reference.starts)
    return float(torch.pdist(ends.flatten(1)).median() / torch.pdist(begun.flatten(1)).median())


def samples(model: Reconstructor, trial: Trial, *, steps: int) -> Images:
    """Diffusion with no diffusion in float32, as many pictures as `Reference.real` holds."""
    draws = trial.generator("samples")
    method = NoDiffusion(steps=steps, mean=MEAN, std=STD)
    return sample(model, count=_count(trial), method=method, generator=draws, precision="float32")


def one_pass(model: Reconstructor, reference: Reference, trial: Trial) -> Images:
    """Copies of the pure noise that samples begin with."""
    a = draw_normal(reference.real.shape, mean=MEAN, std=STD, generator=trial.generator("samples"), like=reference.real)
    return copies(model, a)


def blurred_samples(reference: Reference, trial: Trial, *, blur: float, steps: int, batch_size: int) -> Images:
    """The same schedule and noise, with a blur matched to the training data's mean and spread in the model's place."""
    blurred = MatchedBlur.fitted(reference.train, blur=blur)
    draws = trial.generator("samples")
    a = draw_normal(reference.real.shape, mean=MEAN, std=STD, generator=draws, like=reference.real)
    x_hat = a
    for share in linear(steps):
        x_hat = apply_in_batches(blurred, a, batch_size=batch_size)
        noise = draw_normal(a.shape, mean=MEAN, std=STD, generator=draws, like=a)
        a = share * x_hat + (1 - share) * noise
    return x_hat


def coherent_share(x: Images) -> float:
    """Share of pictures that keep every rule of the landscapes; gray ones keep none."""
    return float(scene_rules(x).coherent.double().mean())


def shown(frames: Tensor, *, walker: int = 0, pictures: int = 8) -> Images:
    """One walker's frames, evenly spaced from the start to the end."""
    return frames[torch.linspace(0, len(frames) - 1, pictures).round().long(), walker]


def _count(trial: Trial) -> int:
    return trial.pick(smoke=32, standard=256, gpu=448)


def _steps(trial: Trial) -> int:
    return trial.pick(smoke=5, standard=300, gpu=300)
