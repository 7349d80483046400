"""Trained and used with each image's own statistics, batch normalization does the same."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, held_out
from copyist.claims.measures.over_training import LearningCurve, common_level, learning_curve, learning_curves
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime, Within

MARGIN = 0.25
"""Of a ratio: "around the same" is within a quarter."""

NOISES: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}

_WORDS = {"blend": "the blend at α = 0.3", "gaussian": "zero-mean noise of σ = 0.2"}

_SAID = (
    '"The Role of Batch Normalization in Denoising": trained and evaluated on batches of one, which removes the index '
    "of the image and keeps that of the position, "
)

CLAIM = Claim(
    sentence="A U-Net that is trained and used with each image's own statistics, as in batches of one, denoises about "
    "as it does with those of a batch.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=30.0, code=1.0),
    picture="copies",
    parts=(
        Part(
            name="blend_of_one",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3, held-out whole landscapes, each image's own "
            "statistics in training and use, at the highest snapshot that both nets reached",
            holds_when=Below(1.0),
            scale="log",
            source=_SAID + "the net denoises",
        ),
        Part(
            name="blend_one_over_batch",
            measure="that ratio over the one with the statistics of batches of 32, at the same snapshot",
            holds_when=Within(MARGIN, around=1.0),
            scale="log",
            source=_SAID + "it has around the same ability as with normal batches, of 8 or 16",
        ),
        Part(
            name="gaussian_one_over_batch",
            measure="the same under zero-mean noise of σ = 0.2",
            holds_when=Within(MARGIN, around=1.0),
            scale="log",
        ),
        *(
            Part(
                name=f"{kind}_one_over_batch_at_equal_visits",
                measure=f"the same under {noise}, after as many images in training as the net with each image's own "
                "statistics has seen at its end (between two snapshots of the other)",
                holds_when=Within(MARGIN, around=1.0),
                scale="log",
            )
            for kind, noise in _WORDS.items()
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{net}", measure=f"ratio {words}, at the common snapshot, {noise}")
            for kind, noise in _WORDS.items()
            for net, words in (
                ("image", "with each image's own statistics"),
                ("batch", "with those of batches of 32"),
                ("batch_of_8", "of the net of batches of 32 used in batches of 8"),
                ("batch_of_16", "of that net used in batches of 16"),
                ("batch_of_1", "of that net used in batches of one, for which it was not trained"),
                ("no_norm", "of a net without normalization, at its own last snapshot"),
            )
        ),
        Control(name="psnr_image", measure="clean PSNR with each image's own statistics at that snapshot, dB"),
        Control(name="psnr_batch", measure="clean PSNR with those of batches at that snapshot, dB"),
        Control(name="level", measure="the common snapshot, dB; not a number where they are compared at their ends"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Two nets, alike but for whose statistics they use."""
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    recipes = {"image": ladder(trial, "per-image"), "batch": ladder(trial)}
    level = common_level(trial, *recipes.values())
    nets = {name: trial.trained(recipe, at=level) for name, recipe in recipes.items()}
    bare = trial.rungs(ladder(trial, "no-norm"))
    values = {"level": math.nan if level is None else level}
    values |= {f"psnr_{name}": clean_psnr(net, x) for name, net in nets.items()}
    for kind, noise in NOISES.items():
        own, company = (denoising_ratio(net, x, noise, trial) for net in nets.values())
        values |= {f"{kind}_image": own, f"{kind}_batch": company, f"{kind}_one_over_batch": own / company}
        values |= {
            f"{kind}_batch_of_{size}": denoising_ratio(nets["batch"], x, noise, trial, batch_size=size)
            for size in (1, 8, 16)
        }
        lines = {
            name: learning_curve(trial.rungs(recipe), lambda net: denoising_ratio(net, x, noise, trial))  # noqa: B023
            for name, recipe in recipes.items()
        }
        values |= {
            f"{kind}_no_norm": learning_curve(bare[-1:], lambda net: denoising_ratio(net, x, noise, trial)).values[0],  # noqa: B023
            f"{kind}_one_over_batch_at_equal_visits": _at_equal_visits(lines["image"], lines["batch"]),
        }
    values["blend_of_one"] = values["blend_image"]
    x_tilde = NOISES["blend"](x, generator=trial.generator("picture"))
    shown = {
        "image": x,
        "noisy": x_tilde,
        **{f"statistics of the {n}": copies(net, x_tilde) for n, net in nets.items()},
    }
    return Measurements(
        values=values,
        curves={kind: _curves(trial, kind) for kind in NOISES},
        pictures={
            "copies": Pictures(
                caption="Held-out landscapes, blended at α = 0.3, where both nets copy clean ones alike.",
                rows={label: images[:8] for label, images in shown.items()},
            )
        },
    )


def _at_equal_visits(own: LearningCurve, company: LearningCurve) -> float:
    """The last ratio of one net, over that of the other after as many images."""
    return own.values[-1] / company.at_visits(own.visits[-1])


def _curves(trial: Trial, kind: str) -> Curves:
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    recipes = {
        "the batch": ladder(trial), "each image": ladder(trial, "per-image"), "none": ladder(trial, "no-norm")
    }  # fmt: skip
    lines = {
        name: learning_curve(trial.rungs(recipe), lambda net: denoising_ratio(net, x, NOISES[kind], trial))
        for name, recipe in recipes.items()
    }
    return learning_curves(
        lines,
        title=f"Denoising by whose statistics normalize: {kind}",
        y_label="distance to the clean image, of the noisy one's",
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
