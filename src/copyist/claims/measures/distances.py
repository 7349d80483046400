"""How far pictures are from real ones as a distribution: several instruments, each of which must first be checked."""

__all__ = ["Distances", "scene_distances"]

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from copyist.baselines.instruments import SAMPLES_PER_FEATURE, FeatureMap, feature_maps
from copyist.checks import check_images, check_whole
from copyist.claims.measures.instruments import mean_colored, shuffled_patches, upside_down
from copyist.claims.nets import scenes, scenes_classifier
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Trial
from copyist.errors import ArgumentError
from copyist.metrics.distribution import Coverage, coverage, frechet_distance
from copyist.metrics.neighbors import Memorization, memorization
from copyist.models.contracts import Classifier
from copyist.models.in_batches import in_batches
from copyist.randomness import draw_normal_law
from copyist.tensors import Images

MOST_FLOORS = 4
"""At most so many sets of real images measure how far real ones are from real ones."""

TIMES_COPIES, TIMES_FLOOR = 2.0, 10.0
"""Spoiled images must be farther than so many times the copies, and so many times real ones."""

DEVIATIONS = 2.0
"""Copies may be nearer than real images by so many standard deviations of the sets of real ones, and no more."""

FAR = ("upside_down", "shuffled", "mean_colored", "decoded", "pixel_law", "negatives")
"""Controls that must be far."""

RULE = (
    f"real <= copies < one_pass, where copies may fall below the mean of the real sets by {DEVIATIONS:g} of their "
    f"standard deviations; {', '.join(FAR)} each above {TIMES_COPIES:g} x copies and above {TIMES_FLOOR:g} x real"
)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Distances:
    """Fréchet distances from held-out images, in the features of several instruments; see `fit`.

    All sets are of one size, since the distance is biased by few samples, and are taken as they would be shown: clipped
    to [0, 1]. Distances are in squared units of the features, and not comparable between instruments.
    """

    reference: Images
    """Held-out images (N, C, H, W) that all others are compared with."""

    train: Images
    """All that models were trained on (M, C, H, W), M at least 2·N."""

    instruments: Mapping[str, FeatureMap]
    """Features by name, in the order in which they may judge: the first that passes `check` does."""

    def __post_init__(self) -> None:
        check_images(self.reference, name="held-out images")
        check_images(self.train, name="training images")
        count = len(self.reference)
        if len(self.train) < 2 * count:
            raise ArgumentError(
                f"distances from {count} held-out images need at least {2 * count} training images, for two sets of "
                f"real ones, got {len(self.train)}; take fewer held-out images"
            )
        for name, features in self._reference_features.items():
            if count < SAMPLES_PER_FEATURE * features.shape[1]:
                raise ArgumentError(
                    f"a distance in {features.shape[1]} features needs at least "
                    f"{SAMPLES_PER_FEATURE * features.shape[1]} images, got {count} for '{name}'; "
                    "take more images, or fewer features"
                )

    @classmethod
    def fit(
        cls, *, train: Images, held_out: Images, count: int = 512, classifier: Classifier | None = None
    ) -> "Distances":
        """The instruments `axes`, `layout`, `appearance` and, where one is given, `classifier`, of one source.

        axes        32 principal axes of the training images, or a quarter of the number of held-out images
        layout      `layout_features` on the grids 1, 2, 4, 8, as many as leave four images per feature
        appearance  means, contrasts and coarse edges on fewer grids, each over its spread (`feature_maps`)
        classifier  its last hidden layer

        Args:
            train: what models were trained on (M, C, H, W).
            held_out: images of the same source (N, C, H, W).
            count: of the first held-out images that are compared with; fewer where there are fewer of either kind.
            classifier: of images of this source.

        Raises:
            ShapeError: either is not (B, C, H, W).
            ArgumentError: there are fewer than 4 images per feature, or `count` is below 1.
        """
        check_whole("count", count, 1)
        reference = held_out[: min(count, len(train) // 2)]
        instruments = feature_maps(train, count=len(reference))
        if classifier is not None:
            instruments["classifier"] = lambda x: in_batches(classifier, classifier.features, x)
        return cls(reference=reference, train=train, instruments=instruments)

    @property
    def real(self) -> Images:
        """Training images, as many as are compared with: those whose copies `check` asks for."""
        return self.train[: len(self.reference)]

    @cached_property
    def floors(self) -> dict[str, tuple[float, ...]]:
        """By instrument the distances of up to four sets of real images, no image in two of them."""
        sets = self.train.split(len(self.reference))[: min(MOST_FLOORS, len(self.train) // len(self.reference))]
        found = [self.distance(each) for each in sets]
        return {name: tuple(each[name] for each in found) for name in self.instruments}

    def distance(self, x: Images) -> dict[str, float]:
        """The distance of pictures (N, C, H, W) from the held-out ones, by instrument.

        Raises:
            ArgumentError: they are not as many as the held-out ones.
        """
        return {
            name: frechet_distance(features, self._reference_features[name])
            for name, features in self._features(x).items()
        }

    def in_floors(self, x: Images) -> dict[str, float]:
        """The same over the mean distance of real images: about 1 for pictures as good as real ones."""
        return {name: value / _mean(self.floors[name]) for name, value in self.distance(x).items()}

    def coverage(self, x: Images) -> dict[str, Coverage]:
        """Precision, recall, density and coverage of pictures (N, C, H, W), by instrument.

        Raises:
            ArgumentError: they are not as many as the held-out ones.
        """
        return {name: coverage(self._reference_features[name], found) for name, found in self._features(x).items()}

    def memorization(self, x: Images) -> Memorization:
        """How near pictures come to a training image, mirrored or not, beside how near held-out ones come."""
        return memorization(x.clamp(0, 1), train=self.train, held_out=self.reference, flipped=True)

    def check(self, *, copies: Images, one_pass: Images, decoded: Images) -> dict[str, InstrumentCheck]:
        """Which instruments may judge, in their order.

        Copies are compared with the images `reference`, of which they are no copies, as real ones are. An instrument
        that sees what copies lose puts them farther than real images; one that does not, at the same distance but for
        the scatter of sets of so many images, which is why copies may fall a little below.

        The controls are made from `real`, but the draws of the normal law of all training pixels (`draw_normal_law`),
        which need no net: an instrument that puts these near compares means and covariances of what is linear in
        pixels; and one that does so with negatives is blind to color and brightness. Images upside down are far from
        pictures that have an up, and so the check is for sources of landscapes, faces and things, not of textures.

        Args:
            copies: of `real` (N, C, H, W), by a copier of the claim.
            one_pass: its copies of the noise that samples begin with (N, C, H, W).
            decoded: its pictures of codes from N(0, I), (N, C, H, W).

        Raises:
            ArgumentError: one of them is not as many images as the held-out ones.
        """
        order = torch.Generator().manual_seed(0)
        kinds = {
            "copies": copies,
            "one_pass": one_pass,
            "upside_down": upside_down(self.real),
            "shuffled": shuffled_patches(self.real, generator=order),
            "mean_colored": mean_colored(self.real),
            "decoded": decoded,
            "negatives": 1 - self.real,
            "pixel_law": draw_normal_law(self.train, count=len(self.reference), generator=order),
        }
        found = {kind: self.distance(images) for kind, images in kinds.items()}
        return {
            name: self._check_of(name, {kind: each[name] for kind, each in found.items()}) for name in found["copies"]
        }

    def _check_of(self, name: str, found: dict[str, float]) -> InstrumentCheck:
        real, spread = _mean(self.floors[name]), _deviation(self.floors[name])
        copies = found["copies"]
        ordered = real - DEVIATIONS * spread <= copies < found["one_pass"]
        far = all(found[kind] > max(TIMES_COPIES * copies, TIMES_FLOOR * real) for kind in FAR)
        values = {"real": real, "real_deviation": spread, **found}
        return InstrumentCheck(name=name, values=values, passed=ordered and far, rule=RULE)

    @cached_property
    def _reference_features(self) -> dict[str, Tensor]:
        return self._features(self.reference)

    @torch.no_grad()
    def _features(self, x: Images) -> dict[str, Tensor]:
        if len(x) != len(self.reference):
            raise ArgumentError(
                f"sets that are compared must be of one size, {len(self.reference)}, got {len(x)} images"
            )
        shown = x.detach().to(self.reference).clamp(0, 1)
        return {name: features(shown).double() for name, features in self.instruments.items()}


def scene_distances(trial: Trial, source: str = "", *, classifier: bool = False) -> Distances:
    """Distances from held-out landscapes at this scale: 512 of them, 32 at scale smoke.

    Args:
        trial: whose data; the classifier is that of seed 0 for every seed, so that all distances have one unit.
        source: of the landscapes; those of the standard ladder unless given.
        classifier: whether a classifier's features are the last of the instruments. It is trained for a minute, and
            known to fail: landscapes upside down are nearer in it than copies of real ones.
    """
    splits = trial.splits(source or scenes(trial))
    train, test = (part.images().to(trial.device) for part in (splits.train, splits.test))
    named = replace(trial, seed=0).classifier(scenes_classifier(trial)) if classifier else None
    count = trial.pick(smoke=32, standard=512, gpu=512)
    return Distances.fit(train=train, held_out=test, count=count, classifier=named)


def _mean(values: tuple[float, ...]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: tuple[float, ...]) -> float:
    center = _mean(values)
    return math.sqrt(math.fsum((value - center) ** 2 for value in values) / (len(values) - 1))
