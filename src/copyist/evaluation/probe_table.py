"""Several models' codes as features, beside what needs no training: the pixels, their axes, and random weights."""

__all__ = ["probe_table", "probe_text"]

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from copyist.baselines.principal_axes import PCAFeatures
from copyist.data.base import Splits
from copyist.data.scaling import Scaling
from copyist.metrics.probes import Probes, probes
from copyist.models.base import Model
from copyist.procedures.probing import code_features, labeled
from copyist.randomness import derive
from copyist.tensors import Examples

_AXES = 64
"""Principal components that stand beside the codes, where images vary in so many directions."""


def probe_table(
    models: Mapping[str, Model], splits: Splits, *, num_images: int, batch_size: int | None = None, seed: int = 0
) -> dict[str, Probes]:
    """Probe each model that has a code, the same with random weights, the pixels and their principal components.

    Args:
        models: by name; those without a code are left out.
        splits: as for `probe`; images without labels, or of one class, give an empty table.
        num_images: at most so many test images, spread evenly over all.
        batch_size: images per batch; None takes each model's own.
        seed: of the random weights.

    Returns:
        Accuracies by name; empty where no model has a code.

    Raises:
        ShapeError: a model does not take the images, or a table's columns are not those it was trained on.
        DataError: a column of a table is constant in the training rows.
        ArgumentError: `batch_size` is less than 1.
    """
    coded = {name: model for name, model in models.items() if model.has_code}
    if not coded or splits.train.labels is None or splits.test.labels is None:
        return {}
    for model in coded.values():
        model.check_columns(splits.train.columns)
    (x, labels), (held_out, truth) = labeled(splits, num_images=num_images)
    if len(torch.unique(labels)) < 2:
        return {}

    def probed(features: Callable[[Examples], Tensor]) -> Probes:
        return probes(features(x), labels, features(held_out), truth)

    table: dict[str, Probes] = {}
    for name, model in coded.items():
        for title, each in ((name, model), (f"{name}, random weights", _fresh(model, seed=seed))):
            device = next(each.parameters()).device
            table[title] = probed(
                lambda images, m=each, d=device: code_features(m, images.to(d), batch_size=batch_size)
            )
    # Columns in thousands would hide the others from what goes by distances.
    plain: Callable[[Examples], Tensor] = (
        Scaling.of(splits.train).standardized if splits.train.is_table else partial(torch.flatten, start_dim=1)
    )
    table["columns" if splits.train.is_table else "pixels"] = probed(plain)
    axes = min(_AXES, len(x) - 1, x[0].numel())
    pca = PCAFeatures.fit(plain(x), dimensions=axes, seed=seed)
    table[f"{axes} principal components"] = probed(lambda images: pca(plain(images)))
    return table


def probe_text(table: Mapping[str, Probes]) -> str:
    """The table in aligned columns."""
    lines = [("classes found from", "linear probe", "5 nearest")]
    lines += [(name, f"{100 * row.linear:.1f} %", f"{100 * row.neighbors:.1f} %") for name, row in table.items()]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return "\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in lines)


def _fresh(model: Model, *, seed: int) -> Model:
    """The same model with random weights, on its device and in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        built = model.config.build()
    built.batch_size = model.batch_size
    return built.to(next(model.parameters()).device).eval()
