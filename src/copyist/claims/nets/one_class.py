"""Nets that know one class of examples, and nothing of the others."""

__all__ = ["BENIGN", "CODE", "DIGITS", "one_class"]

from dataclasses import replace

from copyist import recipes
from copyist.claims.nets.scaling import resize
from copyist.claims.trial import Trial
from copyist.training import Recipe

CODE = 8
"""Units of the code, of a digit's 64 values and of a row's 30."""

DIGITS = 10
"""Classes of digits, each of which is the normal one in turn."""

BENIGN = 1
"""The class of benign tumors in `cancer`."""


def one_class(trial: Trial, *, place: str, normal: int, overcomplete: bool = False) -> Recipe:
    """A fully connected net trained to copy the examples of one class, with half of them set apart.

    2000 steps of 32 examples: some six seconds of one thread.

    Args:
        trial: decides sizes and steps.
        place: `digits` or `cancer`.
        normal: the class.
        overcomplete: with a code of four times as many units as a digit has values, in place of 8.
    """
    base = recipes.overcomplete_mlp(data=f"{place}?only={normal}&test=0.3&calibration=0.3")
    sized = resize(
        base,
        name=f"{place}-{normal}-{'overcomplete' if overcomplete else 'alone'}",
        steps=trial.pick(smoke=20, standard=2000, gpu=2000),
        batch_size=32,
        learning_rate=2e-3,
        sizes={"widths": (256,) if overcomplete else (64,), "code": None if overcomplete else CODE},
    )
    return replace(sized, training=replace(sized.training, flip=False))
