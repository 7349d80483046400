"""The walk moves between images of the training set."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch
from torch import Tensor

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.walks_and_samples import (
    Reference,
    code_noise_in_pixels,
    diagnose,
    reference_for,
    shown,
    states,
    walk_frames,
    ways,
)
from copyist.claims.nets import scenes_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.neighbors import nearest
from copyist.metrics.walkers import WalkDiagnostics
from copyist.models.contracts import Autoencoder

CLAIM = Claim(
    sentence="The walk moves between images of the training set.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="passed",
            measure="mean number of different training images that are nearest to a walker at some of 300 steps with "
            "noise of 0.2 in the code, 64 walkers (one batch, held-out landscapes), counted from step 30",
            holds_when=Above(2.0),
        ),
        Part(
            name="nearness",
            measure="median distance of the frames to the nearest training image over that of held-out images",
            holds_when=Below(1.0),
        ),
        Part(
            name="training_against_held_out",
            measure="median distance of the second half's states to the nearest of some training images over that to "
            "the nearest of as many held-out ones: 1 for what is near landscapes of any kind",
            holds_when=Below(1.0),
        ),
    ),
    controls=(
        Control(name="passed_pixel_noise", measure="training images passed with equal noise in the pixels alone"),
        Control(name="passed_copied_pixel_noise", measure="the same with that noise followed by O"),
        Control(name="passed_no_noise", measure="the same without noise"),
        Control(name="nearness_pixel_noise", measure="nearness with equal noise in the pixels alone"),
        Control(name="nearness_copied_pixel_noise", measure="nearness with that noise followed by O"),
        Control(name="nearness_no_noise", measure="nearness without noise"),
        Control(name="nearness_copies", measure="nearness of held-out images' copies, which are smoother than images"),
        Control(name="preference_real", measure="the ratio to training and held-out images, for the starts themselves"),
        Control(name="preference_copies", measure="the same for the copies of the starts"),
        Control(name="changes", measure="mean number of changes of the nearest training image over all steps"),
        Control(name="passed_small", measure="training images passed by a model of 256 landscapes (smoke: 32)"),
        Control(name="preference_small", measure="its states' ratio to its training images and to as many held-out"),
    ),
)

SETTLED = 30
"""Steps after which a walker has left what it began with."""


def run(trial: Trial) -> Measurements:
    """Which training image each frame is nearest to, for the walk and what may take its place."""
    reference = reference_for(trial)
    model = trial.autoencoder(scenes_unet(trial))
    sigma = code_noise_in_pixels(model, reference.starts, trial)
    walks = ways(model, reference.starts, trial, sigma=sigma)
    found = {name: diagnose(frames, model, reference, whole=True) for name, frames in walks.items()}
    frames = walks["walk"]
    values = {
        "passed": _passed(found["walk"]),
        "nearness": found["walk"].nearness,
        "training_against_held_out": _preference(states(frames, trial), reference.train, reference.real),
        "nearness_copies": reference.remembered(copies(model, reference.real)),
        "preference_real": _preference(reference.starts, reference.train, reference.real),
        "preference_copies": _preference(copies(model, reference.starts), reference.train, reference.real),
        "changes": float(found["walk"].changes.double().mean()),
    }
    for name in ("pixel_noise", "copied_pixel_noise", "no_noise"):
        values[f"passed_{name}"] = _passed(found[name])
        values[f"nearness_{name}"] = found[name].nearness
    values |= _few(trial, reference)
    path = shown(frames)
    images = reference.train.cpu()[nearest(path, reference.train.cpu(), flipped=True).index]
    rows = {"walk": path, "nearest training image": images}
    return Measurements(
        values=values,
        pictures={"passed": Pictures(caption="A walk, and the training images it is nearest to.", rows=rows)},
    )


def _passed(found: WalkDiagnostics) -> float:
    late = found.passed.index[min(SETTLED, len(found.passed.index) // 2) :]  # (T', B)
    return sum(len(torch.unique(each)) for each in late.T) / late.shape[1]


def _preference(x: Tensor, train: Tensor, held_out: Tensor) -> float:
    """Distance to the nearest of equally many images of each kind; both are random draws of one law."""
    count = min(len(train), len(held_out))
    near, other = (nearest(x, images[:count], flipped=True).distance.median() for images in (train, held_out))
    return float(near / other)


def _few(trial: Trial, reference: Reference) -> dict[str, float]:
    """The same for a model of few images, which may remember them."""
    recipe = scenes_unet(trial, count=trial.pick(smoke=32, standard=256, gpu=256))
    train = trial.splits(recipe.data).train.images().to(trial.device)
    model: Autoencoder = trial.autoencoder(recipe)
    frames = walk_frames(model, reference.starts, trial)
    indices = torch.stack(
        [nearest(frame, train.cpu(), flipped=True).index for frame in frames[min(SETTLED, len(frames) // 2) :]]
    )
    return {
        "passed_small": sum(len(torch.unique(each)) for each in indices.T) / indices.shape[1],
        "preference_small": _preference(states(frames, trial), train, reference.real),
    }


EXPERIMENT = Experiment(claim=CLAIM, run=run)
