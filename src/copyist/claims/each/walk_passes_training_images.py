"""The walk moves between images of the training set."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Iterator

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import Reference, reference_for
from copyist.claims.measures.walks import KeptWalk, code_noise_in_pixels, keep_walk, walk_frames, walk_without_code
from copyist.claims.nets.ladder import by_heart, ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, adjusted_share
from copyist.metrics.neighbors import Neighbors, nearest
from copyist.models.contracts import Autoencoder
from copyist.tensors import Images

SMALL, AT = 64, 38.0
"""Landscapes of the small net, and the PSNR of its copies of them, in dB, from which on it knows them by heart."""

FIRST = 33.0
"""PSNR of held-out copies, in dB, of the large net's snapshot that walks: the first of the regime."""

WAYS = {
    "walk": "with noise of 0.2 in the code",
    "no_noise": "without noise",
    "copied_pixel_noise": "with equal noise in the pixels, copied",
    "pixel_noise": "with equal noise in the pixels alone",
}
"""The walk, and what may take its place."""

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="The walk moves between images of the training set.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=33.0, code=1.0),
    picture="passed",
    parts=(
        Part(
            name="passes",
            measure="share of 64 walkers (training landscapes in batches of 32, 300 steps with noise of 0.2 in the "
            "code) that come into the neighborhood of at least two different training images: nearest to it of all, "
            f"mirrored or not, and nearer than the median held-out image is to its nearest; snapshot of {FIRST:g} dB",
            holds_when=Above(0.5),
            source=f"{PLACE}: one sees movement between images learned from the training set",
            scale="logit",
        ),
        Part(
            name="nearness",
            measure="median distance of states of the second half to the nearest of 32 training images, over that to "
            "the nearest of as many held-out ones; walks from other held-out images, of a net that knows 64 "
            "landscapes of 16×16 by heart (copies of 38 dB)",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{way}", measure=f"{text} {what}")
            for way, what in WAYS.items()
            for name, text in {
                "two": "share of walkers that pass two training images",
                "passed": "mean number of training images passed",
                "held_out_passed": "mean number of held-out images passed (of 512), which nothing was trained on,",
                "same_passed": "mean number of as many training images passed",
            }.items()
        ),
        Control(name="preference", measure="the ratio of the second part for the net of 2048 landscapes of 32×32"),
        Control(
            name="preference_copies", measure="the same for single copies of held-out images that are not compared"
        ),
        Control(
            name="nearness_from_training",
            measure="the second part's ratio for walks from training images, to training images at which none began",
        ),
        Control(name="small_copies", measure="the second part's ratio for such copies by the small net"),
        Control(name="small_real", measure="the same for such held-out images themselves"),
        Control(
            name="small_passed", measure="mean number of its training images that a walker of the small net passes"
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Which training image each frame is nearest to, for the walk and what may take its place."""
    reference, model = reference_for(trial), trial.autoencoder(ladder(trial), at=FIRST)
    x = reference.train[: _walkers(trial)]
    values: dict[str, float] = {}
    walk: KeptWalk | None = None
    half = reference.count
    for way, each in _ways(model, x, trial):
        if way == "walk":
            walk = keep_walk(each, model, reference, trial)
        passed = _passed(each, reference.train, reference)
        values |= {
            f"two_{way}": float((passed >= 2).double().mean()),
            f"passed_{way}": float(passed.mean()),
            f"held_out_passed_{way}": float(_passed(each, reference.real, reference).mean()),
            f"same_passed_{way}": float(_passed(each, reference.train[-half:], reference).mean()),
        }
    number = round(values["two_walk"] * len(x))
    held_out = reference.test[len(reference.test) // 2 :]
    assert walk is not None
    path = walk.strip()
    images = reference.train.cpu()[nearest(path, reference.train.cpu(), flipped=True).index]
    caption = "A walk, and the training images it is nearest to, mirrored or not."
    return Measurements(
        values={
            "passes": adjusted_share(number, len(x)),
            **_by_heart(trial),
            **values,
            "preference": _preference(walk.states, reference),
            "preference_copies": _preference(copies(model, held_out), reference),
        },
        pictures={"passed": Pictures(caption=caption, rows={"walk": path, "nearest training image": images})},
    )


def _walkers(trial: Trial) -> int:
    return trial.pick(smoke=16, standard=64, gpu=64)


def _ways(model: Autoencoder, x: Images, trial: Trial) -> Iterator[tuple[str, Tensor]]:
    """Each when it is asked for: the frames of all of them are a gigabyte."""
    sigma = code_noise_in_pixels(model, x, trial)
    yield "walk", walk_frames(model, x, trial)
    yield "no_noise", walk_frames(model, x, trial, noise=0.0)
    yield "copied_pixel_noise", walk_without_code(lambda images: copies(model, images), x, trial, sigma=sigma)
    yield "pixel_noise", walk_without_code(lambda images: images, x, trial, sigma=sigma)


def _passed(frames: Tensor, images: Images, reference: Reference) -> Tensor:
    """How many of some images each walker passes, (B,).

    One is passed that is the nearest of them to a frame, and nearer than the median held-out image is to its nearest.
    """
    usual = reference.distances.memorization(reference.real).held_out.distance.median()
    found = nearest(frames.flatten(0, 1), images.cpu(), flipped=True)
    place = Neighbors(distance=found.distance.view(frames.shape[:2]), index=found.index.view(frames.shape[:2]))
    inside = place.distance < float(usual)
    numbers = [len(torch.unique(index[near])) for index, near in zip(place.index.T, inside.T, strict=True)]
    return torch.tensor(numbers, dtype=torch.float64)


def _preference(x: Images, reference: Reference, *, flipped: bool = True) -> float:
    """Distance to the nearest of equally many images of each kind; both are random draws of one law.

    The held-out ones are of the first half, and the training images as many of the last: no walker began at either.
    With `flipped` mirrored ones count too, as where training mirrors images.
    """
    count = min(len(reference.test) // 2, len(reference.train) // 2)
    kinds = reference.train[-count:], reference.test[:count]
    near, other = (nearest(x.to(reference.real), images, flipped=flipped).distance.median() for images in kinds)
    return float(near / other)


def _by_heart(trial: Trial) -> dict[str, float]:
    """The same for a net that knows few images by heart, from training images and from held-out ones."""
    recipe = by_heart(trial, count=SMALL)
    reference, model = reference_for(trial, recipe.data), trial.autoencoder(recipe, at=AT, control=True)
    held_out = reference.test[len(reference.test) // 2 :]
    trained, new = (walk_frames(model, x, trial) for x in (reference.train[: len(held_out)], held_out))
    return {
        "nearness": _preference(_second_half(new), reference, flipped=False),
        "nearness_from_training": _preference(_second_half(trained), reference, flipped=False),
        "small_copies": _preference(copies(model, held_out), reference, flipped=False),
        "small_real": _preference(held_out, reference, flipped=False),
        "small_passed": float(_passed(trained, reference.train, reference).mean()),
    }


def _second_half(frames: Tensor) -> Images:
    """Eight evenly spaced frames of each walker."""
    chosen = torch.linspace((len(frames) - 1) / 2, len(frames) - 1, 9)[1:].round().long()
    return frames[chosen].flatten(0, 1)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
