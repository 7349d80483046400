"""How much memory the weights of a model take, known before they do."""

__all__ = ["check_weights", "num_parameters"]

import math
from dataclasses import fields

import torch

from copyist.memory import check_memory
from copyist.models.contracts import ModelConfig

_COPIES = 5
"""In training: the weights, their gradients, two moments of each, and their running average; all in float32."""


def num_parameters(config: ModelConfig) -> float:
    """Parameters of the model of a config, without memory for them; infinite where no machine can count them.

    A config of a user's own that cannot be built without memory is given 0.
    """
    try:
        # Weights are drawn from torch's global generator, which is left as it was found.
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            return sum(weight.numel() for weight in config.build().parameters())
    except RuntimeError as error:
        return math.inf if "overflow" in str(error) else 0
    except (NotImplementedError, TypeError):
        return 0


def check_weights(config: ModelConfig) -> None:
    """Refuse a model that cannot be trained in the memory that there is.

    Raises:
        ArgumentError: its weights, and what training keeps for each, do not fit.
    """
    count = num_parameters(config)
    # The setting that is largest beside its default is the one to mend.
    sizes = {field.name: field.default for field in fields(config) if type(field.default) is int and field.default}
    largest = max(sizes, key=lambda name: (getattr(config, name) or 0) / sizes[name], default=None)
    smaller = "--set widths=256" if largest is None else f"--set {largest}={sizes[largest]}"
    what = "a model in training" if math.isinf(count) else f"a model of {count:,.0f} weights in training"
    check_memory(_COPIES * 4 * count, what, remedy=f"build a smaller model ({smaller})")
