"""Several models' codes as features, beside what needs no training: the pixels, their axes, and random weights."""

__all__ = ["ProbeTable", "probe_table", "why_unprobed"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, final

from copyist.drawing.text import text_table
from copyist.evaluation.documents import Document
from copyist.metrics.probes import Probes, probes

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.data.splits import Splits
    from copyist.models.contracts import Model
    from copyist.tensors import Examples

_AXES = 64
"""Principal components that stand beside the codes, where images vary in so many directions."""


@final
@dataclass(frozen=True, kw_only=True)
class ProbeTable(Document):
    """Accuracy of probes of several kinds of features on the same test images."""

    schema: Literal["copyist.probes"] = "copyist.probes"
    version: Literal[1] = 1

    accuracies: Mapping[str, Probes]
    """By what the features are; empty where no model has a code, or no probe can be fitted to the labels."""

    def text(self) -> str:
        """One line for each kind of features."""
        lines = [["classes found from", "linear probe", "5 nearest"]]
        for name, row in self.accuracies.items():
            lines.append([name, f"{100 * row.linear:.1f} %", f"{100 * row.neighbors:.1f} %"])
        return text_table(lines)


def probe_table(
    models: "Mapping[str, Model]", splits: "Splits", *, num_images: int, batch_size: int | None = None, seed: int = 0
) -> ProbeTable:
    """Probe each model that has a code, the same with random weights, the pixels and their principal components.

    Args:
        models: by name; those without a code are left out.
        splits: as for `probe`; images whose labels can teach no probe give an empty table.
        num_images: at most so many test images, spread evenly over all.
        batch_size: images per batch; None takes each model's own.
        seed: of the random weights.

    Returns:
        Accuracies by name; those of one model and of its random weights come one after the other.

    Raises:
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        DataError: there is one training row only.
        ArgumentError: `batch_size` is less than 1.
    """
    import torch

    from copyist.baselines.principal_axes import PCAFeatures
    from copyist.models.contracts import Autoencoder
    from copyist.procedures.probing import code_features, labeled
    from copyist.training.run_data import fit_standardization

    coded = {name: model for name, model in models.items() if isinstance(model, Autoencoder)}
    if not coded or splits.train.labels is None or splits.test.labels is None:
        return ProbeTable(accuracies={})
    for model in coded.values():
        model.check_columns(splits.train.columns)
    (x, labels), (held_out, truth) = labeled(splits, num_images=num_images)
    if len(torch.unique(labels)) < 2:
        return ProbeTable(accuracies={})

    def probed(features: "Callable[[Examples], Tensor]") -> Probes:
        return probes(features(x), labels, features(held_out), truth)

    found: dict[str, Probes] = {}
    for name, model in coded.items():
        for title, each in ((name, model), (f"{name}, random weights", _with_random_weights(model, seed=seed))):
            device = next(each.parameters()).device
            found[title] = probed(
                lambda images, m=each, d=device: code_features(m, images.to(d), batch_size=batch_size)
            )
    # Columns in thousands would hide the others from what goes by distances.
    plain: Callable[[Examples], Tensor] = (
        fit_standardization(splits.train) if splits.train.is_table else partial(torch.flatten, start_dim=1)
    )
    found["columns" if splits.train.is_table else "pixels"] = probed(plain)
    axes = min(_AXES, len(x) - 1, x[0].numel())
    pca = PCAFeatures.fit(plain(x), dimensions=axes, seed=seed)
    found[f"{axes} principal components"] = probed(lambda images: pca(plain(images)))
    return ProbeTable(accuracies=found)


def why_unprobed(splits: "Splits") -> str | None:
    """Why no probe can be fitted to the labels; None where one can, or there are none."""
    import numpy as np

    labels, noun = splits.train.labels, splits.train.noun
    if labels is None:
        return None
    count = len(np.unique(labels))
    if count == 1:
        return f"all {noun} to learn from are of one class"
    return f"each of the {noun} to learn from is of a class of its own" if count == len(labels) else None


def _with_random_weights(model: "Model", *, seed: int) -> "Model":
    """The same model untrained, on its device and in evaluation mode, with all that was set from the data as it is."""
    import torch

    from copyist.randomness import derive

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        built = model.config.build()
    built.trained_on = model.trained_on
    built.to(next(model.parameters()).device).eval()
    for name, buffer in model.named_buffers():
        if name.startswith("standardization."):
            built.get_buffer(name).copy_(buffer)
    return built
