"""Many training images give more coherent walks than few.

Landscapes of 16×16 have as many things in them as larger ones, and so more detail per pixel: after 2500 steps a net of
2048 copies them at about 30 dB. The source trained for 500 to 1000 epochs; 6000 steps are 750 of the few images.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, copies
from copyist.claims.measures.references import (
    INSTRUMENTS,
    RULES,
    Appraisal,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    ratios,
    reference_for,
)
from copyist.claims.measures.walks import KeptWalk, keep_walk, walk_frames
from copyist.claims.nets.ladder import small_ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, odds

SIZES = {"few": 256, "many": 2048}
"""Landscapes to train on."""

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="A model of many images walks more coherently than a model of few.",
    source='Badger, "Autoencoders: Learning by Copying", on 2048 landscapes against 256; there the resolution differs '
    "too, and here the number of images alone",
    regime=Regime(psnr=30.0, split="training", code=1.0),
    picture="walks",
    parts=(
        Part(
            name="kept_many_over_few",
            measure="odds that a state keeps all rules of landscapes, in those of 512 states of the second half of 64 "
            "walks (300 steps, noise of 0.2 in the code, from training images of both) that are generated, and not "
            "nearly a training image, as where a walker stays: model of 2048 landscapes of 16×16 over model of 256, at "
            "equal steps and batches",
            holds_when=Above(1.0),
            source=f"{PLACE}: walks of a model of 256 landscapes are globally somewhat incoherent, and those of 2048 "
            "much more coherent",
            scale="log",
            instruments=RULES,
        ),
        Part(
            name="distance_many_over_few",
            measure="Fréchet distance of these states to held-out landscapes: many over few",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="kept_of_all",
            measure="the same odds in all states, those at training images with them",
            holds_when=Above(1.0),
            scale="log",
            instruments=RULES,
        ),
        Part(
            name="kept_over_copies",
            measure="the second ratio, over that of the odds of single copies of held-out landscapes: whether the walk "
            "is more coherent beyond what one copy is",
            holds_when=Above(1.0),
            scale="log",
            instruments=RULES,
        ),
    ),
    controls=(
        *appraisal_controls(
            {
                **{size: f"states, model of {count} landscapes" for size, count in SIZES.items()},
                **{
                    f"copies_{size}": f"single copies of held-out landscapes, model of {count}"
                    for size, count in SIZES.items()
                },
                "real": "training landscapes",
            }
        ),
        *(
            Control(name=f"{name}_{size}", measure=f"{what}, model of {count} landscapes")
            for size, count in SIZES.items()
            for name, what in {
                "share": "share of walkers: a walk that stays where it began stays coherent",
                "spread": "median distance between two walkers in the end over that between two copies",
                "fresh": "share of the states that keep all rules and are not nearly an image of 2048",
                "new": "share of the states that are not nearly an image of 2048: what the first part is about",
                "psnr_training": "PSNR of copies of training images, dB",
                "psnr_held_out": "PSNR of copies of held-out images, dB",
            }.items()
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Two models, the same starts, which both were trained on."""
    counts = trial.pick(smoke={"few": 32, "many": 64}, standard=SIZES, gpu=SIZES)
    recipes = {size: small_ladder(trial, count=count) for size, count in counts.items()}
    reference = reference_for(trial, recipes["many"].data)
    models = {size: trial.autoencoder(recipe) for size, recipe in recipes.items()}
    check_instruments(reference, models["many"], trial)
    x = reference.train[: trial.pick(smoke=16, standard=64, gpu=64)]
    walks: dict[str, KeptWalk] = {}
    worth = {"real": appraise(reference.distances.real, reference)}
    values: dict[str, float] = {}
    for size, model in models.items():
        walks[size] = keep_walk(walk_frames(model, x, trial), model, reference, trial)
        worth[size] = appraise(walks[size].states, reference)
        worth[f"copies_{size}"] = appraise(copies(model, reference.real), reference)
        values |= {
            f"share_{size}": walks[size].found.share.mean,
            f"spread_{size}": walks[size].found.spread,
            f"fresh_{size}": worth[size].fresh / worth[size].count,
            f"new_{size}": worth[size].new / worth[size].count,
            f"psnr_training_{size}": clean_psnr(model, x),
            f"psnr_held_out_{size}": clean_psnr(model, reference.real),
        }
    ratio = _kept(worth["many"]) / _kept(worth["few"])
    caption = "Walks of 300 steps from the same landscapes, from the left to the right."
    rows = {
        f"{counts[size]} images, walk {number + 1}": walks[size].strip(walker=number)
        for size in SIZES
        for number in range(3)
    }
    return Measurements(
        values={
            "kept_many_over_few": {"rules": _generated(worth["many"]) / _generated(worth["few"])},
            "kept_of_all": {"rules": ratio},
            "distance_many_over_few": ratios(worth["many"].distance, worth["few"].distance),
            "kept_over_copies": {"rules": ratio / (_kept(worth["copies_many"]) / _kept(worth["copies_few"]))},
            **appraisal_values(worth),
            **values,
        },
        pictures={"walks": Pictures(caption=caption, rows=rows)},
    )


def _generated(found: Appraisal) -> float:
    """The odds among states that are not nearly a training image; 1, which says nothing, where there is none."""
    return odds(found.fresh, found.new) if found.new else 1.0


def _kept(found: Appraisal) -> float:
    return odds(found.kept, found.count)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
