"""Many training images give more coherent walks than few."""

__all__ = ["CLAIM", "EXPERIMENT"]


from copyist.claims.measures.copy_measures import clean_psnr, copies
from copyist.claims.measures.landscapes import shuffled
from copyist.claims.measures.walks_and_samples import (
    coherent_share,
    diagnose,
    reference_for,
    shown,
    spread,
    states,
    walk_frames,
)
from copyist.claims.nets import scenes_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.neighbors import memorization
from copyist.metrics.scenes import scene_rules

WHAT = {
    "coherent": "share of the states that keep every rule of the landscapes",
    "score": "mean of the rules' grades in [0, 1]",
    "gray": "share of the states that are gray or noise, which keep no rule",
    "remembered": "median distance to the nearest image of the model's own training set over held-out images'",
    "distance": "Fréchet distance to held-out landscapes in a classifier's features",
    "check": "the same on principal axes",
    "share": "share of walkers: a walk that stays where it began stays coherent",
    "spread": "median distance between two walkers in the end over that between two copies",
    "copies_coherent": "share of held-out images' single copies that keep every rule",
    "psnr": "clean PSNR of the copies of held-out images, dB",
}

CLAIM = Claim(
    sentence="A model of many images walks more coherently than a model of few.",
    source='Badger, "Autoencoders: Learning by Copying", on 2048 landscapes against 256; there the resolution differs '
    "too, and here the number of images alone",
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="score_difference",
            measure="mean grade of the rules of landscapes over the second half's states of 64 walks (300 steps, noise "
            "of 0.2 in the code), of a model of 2048 landscapes minus that of a model of 256; steps and batches equal",
            holds_when=Above(0.0),
        ),
        Part(
            name="distance_difference",
            measure="Fréchet distance of these states to held-out landscapes in a classifier's features: many − few",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        *(
            Control(name=f"{name}_{size}", measure=f"{what}, model of {size} landscapes")
            for size in ("few", "many")
            for name, what in WHAT.items()
        ),
        Control(name="score_real", measure="the rules' mean grade for held-out landscapes"),
        Control(name="coherent_real", measure="share of held-out landscapes that keep every rule"),
        Control(name="score_shuffled", measure="the grade of held-out landscapes with their sixteen patches shuffled"),
        Control(name="distance_real", measure="Fréchet distance of as many training images: the floor"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Two models, the same starts."""
    reference = reference_for(trial)
    recipes = {
        "few": scenes_unet(trial, count=trial.pick(smoke=32, standard=256, gpu=256)),
        "many": scenes_unet(trial),
    }
    values: dict[str, float] = {}
    rows = {}
    for size, recipe in recipes.items():
        model = trial.autoencoder(recipe)
        frames = walk_frames(model, reference.starts, trial)
        found, x = diagnose(frames, model, reference), states(frames, trial)
        rules = scene_rules(x)
        train = trial.splits(recipe.data).train.images().to(trial.device)
        single = copies(model, reference.real)
        measured = {
            "coherent": coherent_share(x),
            "score": float(rules.score.mean()),
            "gray": float((~rules.not_gray).double().mean()),
            "remembered": memorization(x, train=train, held_out=reference.real).ratio,
            "distance": reference.distance(x),
            "check": reference.plain_distance(x),
            "share": found.share.mean,
            "spread": spread(frames, model, reference),
            "copies_coherent": coherent_share(single),
            "psnr": clean_psnr(model, reference.real),
        }
        values |= {f"{name}_{size}": value for name, value in measured.items()}
        rows |= {f"{size} images, walk {walker + 1}": shown(frames, walker=walker) for walker in range(2)}
    values |= {
        "score_difference": values["score_many"] - values["score_few"],
        "distance_difference": values["distance_many"] - values["distance_few"],
        "score_real": float(scene_rules(reference.real).score.mean()),
        "coherent_real": coherent_share(reference.real),
        "score_shuffled": float(scene_rules(shuffled(reference.real, trial)).score.mean()),
        "distance_real": reference.distance(reference.some_train),
    }
    caption = "Walks of 300 steps from the same landscapes, from the left to the right."
    return Measurements(values=values, pictures={"walks": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run)
