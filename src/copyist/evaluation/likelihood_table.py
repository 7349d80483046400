"""How likely a source's test images are under each of several models."""

__all__ = ["LikelihoodTable", "likelihood_table"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

from copyist.evaluation.documents import Document
from copyist.metrics.nats import Nats

if TYPE_CHECKING:
    from copyist.data.splits import Splits
    from copyist.models.contracts import Model

_SHOWN = 6
"""Units of the code whose nats are written out."""


@final
@dataclass(frozen=True, kw_only=True)
class LikelihoodTable(Document):
    """Likelihoods of the same test images under those models that have one."""

    schema: Literal["copyist.likelihoods"] = "copyist.likelihoods"
    version: Literal[1] = 1

    models: Mapping[str, Nats]
    """By name; empty where no model has a likelihood."""

    noun: str = "images"
    """What is measured: images, or rows of a table."""

    def text(self) -> str:
        """A few lines per model."""
        return "\n".join(_lines(name, nats, self.noun) for name, nats in self.models.items())


def likelihood_table(
    models: "Mapping[str, Model]", splits: "Splits", *, num_images: int, samples: int, seed: int = 0
) -> LikelihoodTable:
    """Measure those models that have a likelihood on test images.

    Args:
        models: by name; those without a likelihood are left out.
        splits: everything is measured on its test images.
        num_images: at most so many, spread evenly over all.
        samples: codes per image.
        seed: of the codes.

    Returns:
        Nats per image by name.

    Raises:
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        DataError: the images have values that a model's likelihood gives no probability.
        ArgumentError: a number is out of its range.
    """
    from copyist.models.contracts import Variational
    from copyist.procedures.likelihood import likelihood
    from copyist.randomness import generator

    likely = {name: model for name, model in models.items() if isinstance(model, Variational)}
    for model in likely.values():
        model.check_columns(splits.train.columns)
    x = splits.test.subset(num_images).examples()
    found: dict[str, Nats] = {}
    for name, model in likely.items():
        device = next(model.parameters()).device
        draws = generator(seed, "likelihood")
        found[name] = likelihood(model, x.to(device), samples=samples, generator=draws)
    return LikelihoodTable(models=found, noun=splits.test.noun)


def _lines(name: str, nats: Nats, noun: str) -> str:
    largest = ", ".join(f"{each:.2f}" for each in nats.divergence_per_unit[:_SHOWN])
    units = len(nats.divergence_per_unit)
    return (
        f"Likelihood of {nats.num_images} test {noun} under {name}, in nats per {noun.removesuffix('s')}\n"
        f"  negative log-likelihood  {nats.negative_log_likelihood:.2f}  by {nats.samples} importance samples "
        f"({nats.bits_per_value:.3f} bits per value)\n"
        f"  negative ELBO            {nats.negative_elbo:.2f}  = reconstruction {nats.reconstruction:.2f} "
        f"+ divergence {nats.divergence:.2f}\n"
        f"  active units             {nats.active_units} of {units}, the largest with {largest} nats\n"
    )
