"""How likely a source's test images are under each of several models, as numbers and as text."""

__all__ = ["likelihoods", "likelihoods_text"]

from collections.abc import Mapping

from copyist.data.examples import Splits
from copyist.models.contracts import Model, Variational
from copyist.procedures.likelihood import Nats, likelihood
from copyist.randomness import generator

_SHOWN = 6
"""Units of the code whose nats are written out."""


def likelihoods(
    models: Mapping[str, Model], splits: Splits, *, num_images: int, samples: int, seed: int = 0
) -> dict[str, Nats]:
    """Measure those models that have a likelihood on test images.

    Args:
        models: by name; those without a likelihood are left out.
        splits: everything is measured on its test images.
        num_images: at most so many, spread evenly over all.
        samples: codes per image.
        seed: of the codes.

    Returns:
        Nats per image by name; empty where no model has a likelihood.

    Raises:
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        DataError: the images have values that a model's likelihood gives no probability.
        ArgumentError: a number is out of its range.
    """
    likely = {name: model for name, model in models.items() if isinstance(model, Variational)}
    for model in likely.values():
        model.check_columns(splits.train.columns)
    x = splits.test.subset(num_images).examples()
    found: dict[str, Nats] = {}
    for name, model in likely.items():
        device = next(model.parameters()).device
        draws = generator(seed, "likelihood")
        found[name] = likelihood(model, x.to(device), samples=samples, generator=draws)
    return found


def likelihoods_text(found: Mapping[str, Nats]) -> str:
    """A few lines per model; nothing where none has a likelihood."""
    return "\n".join(_lines(name, nats) for name, nats in found.items())


def _lines(name: str, nats: Nats) -> str:
    largest = ", ".join(f"{each:.2f}" for each in nats.divergence_per_unit[:_SHOWN])
    units = len(nats.divergence_per_unit)
    return (
        f"Likelihood of {nats.num_images} test images under {name}, in nats per image\n"
        f"  negative log-likelihood  {nats.negative_log_likelihood:.2f}  by {nats.samples} importance samples "
        f"({nats.bits_per_value:.3f} bits per value)\n"
        f"  negative ELBO            {nats.negative_elbo:.2f}  = reconstruction {nats.reconstruction:.2f} "
        f"+ divergence {nats.divergence:.2f}\n"
        f"  active units             {nats.active_units} of {units}, the largest with {largest} nats\n"
    )
