"""Resampling of dead units: a unit that has long been inactive is initialized toward a badly copied image."""

__all__ = ["DeadUnitResampling"]

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.checks import check_whole
from copyist.devices import gather_batch
from copyist.errors import ArgumentError
from copyist.models.contracts import Dictionary, Model, needs
from copyist.objectives.base import Repair
from copyist.objectives.sparsity import code_measures
from copyist.objectives.wrapper import Wrapper
from copyist.tensors import Codes, Images

_STRONGER = 1.1
"""A resampled unit is so many times as active for its image as the least active unit, and is among the k largest."""

_SHORTER = 0.2
"""Its column has this share of the usual length, so that it disturbs little."""

_RIDGE = 0.01
"""Share of the mean variance of a batch's directions that is added to all, as in ridge regression."""

_AT_ONCE = 20
"""At most one unit in so many is resampled after one step: the others have to make room."""


@final
@dataclass(frozen=True, kw_only=True)
class DeadUnitResampling(Wrapper):
    """A wrapper of another objective that resamples the dead units of a dictionary after each step.

    A unit is dead when none of the last `after` images of training has activated it; the images since each unit fired
    are counted in the model. Of the dead, at most a twentieth of all units and as many as the batch has images each get
    one image xⱼ of it, drawn without replacement in proportion to its squared error. With hⱼ what `to_code` takes for
    it, and m and Σ its mean and covariance over the batch,

        wᵢ = 2αv / ⟨v, u⟩,  v = (Σ + λI)⁻¹u,  u = hⱼ − m,  bᵢ = −α − ⟨wᵢ, m⟩,  so that wᵢhⱼ + bᵢ = α and wᵢm + bᵢ = −α,

    the direction that tells this image best from the others, so that the unit is active for few of them. λ is 1 % of
    tr Σ / B, the mean variance of the directions in which a batch of B can vary. Where k units may be active, α is a
    tenth more than the least activation of the image: more would drive out the units in use, and grow with each
    resampling. Where all may be active, α is the median activation. The unit's column points where the squared error
    of the copy falls fastest, which without hidden layers is the residual, at a fifth of the usual length. The unit is
    then active for its image, unless more units than k are resampled at once.

    Source:
        Bricken et al. (2023), "Towards Monosemanticity", on neuron resampling, there by the loss squared and at fixed
        steps, with rows that are the image itself. The moments of the optimizer need no reset: those of a unit without
        gradients have faded.
    """

    trains: ClassVar[type[Model]] = Dictionary

    after: int = 10_000
    """Images without an activation after which a unit is dead; of several batches to a step the last one counts."""

    def __post_init__(self) -> None:
        check_whole("after", self.after, 1)
        if self.objective.uses_labels:
            raise ArgumentError("units are resampled from what is copied badly, got an objective that copies nothing")

    def added_measures(self, model: Model, x: Images) -> dict[str, float]:
        """What is measured of any code, `dead_units`, and `revivals` so far."""
        dictionary = needs(model, Dictionary, verb="DeadUnitResampling")
        dead = dictionary.examples_since_fired >= self.after
        return {
            **code_measures(dictionary.encode(x)),
            "dead_units": float(dead.sum()),
            "revivals": float(dictionary.times_resampled.sum()),
        }

    @property
    def added_repair(self) -> Repair:
        return self._count_and_resample

    def _count_and_resample(self, model: Model, x: Images, *, step: int, generator: torch.Generator) -> None:
        dictionary = needs(model, Dictionary, verb="DeadUnitResampling")
        x = gather_batch(x)
        z = dictionary.encode(x)
        dictionary.examples_since_fired.add_(len(x)).masked_fill_((z > 0).any(0), 0)
        at_once = min(len(x), max(1, len(dictionary.examples_since_fired) // _AT_ONCE))
        dead = (dictionary.examples_since_fired >= self.after).nonzero()[:at_once, 0]
        if len(dead):
            _resample(dictionary, dead, x, z, generator)


def _resample(dictionary: Dictionary, dead: Tensor, x: Images, z: Tensor, generator: torch.Generator) -> None:
    """Give units of these indices images of the batch, at most as many as it has."""
    # What is not a number is for the loop to notice.
    errors = (dictionary.decode(z) - x).float().flatten(1).square().sum(1).nan_to_num(0.0, 0.0)
    # Even a perfect copy may be drawn, when there are more units than others.
    chances = (errors + 1e-6 * errors.mean() + 1e-30).double().cpu()
    chosen = torch.multinomial(chances, len(dead), generator=generator).to(x.device)
    alpha = _activations(z, chosen, only_k=dictionary.k is not None)
    h = dictionary.hidden(x).flatten(1)
    mean = h.mean(0)
    weights = 2 * alpha * _discriminants(h - mean, chosen)
    columns = F.normalize(_descent(dictionary, x[chosen], z[chosen]), dim=1)
    usual = dictionary.atoms.weight.norm(dim=0).mean()
    dictionary.to_code.weight[dead] = weights
    dictionary.to_code.bias[dead] = -alpha[:, 0] - weights @ mean
    dictionary.atoms.weight[:, dead] = _SHORTER * usual * columns.T
    dictionary.examples_since_fired[dead] = 0
    dictionary.times_resampled[dead] += 1


def _activations(z: Codes, chosen: Tensor, *, only_k: bool) -> Tensor:
    """α for each of the chosen images, (D, 1); 1 where no unit is active."""
    if only_k:
        own = z[chosen]
        least = own.masked_fill(own <= 0, torch.inf).amin(1, keepdim=True)
        return _STRONGER * least.masked_fill(least == torch.inf, 1.0)
    active = z[z > 0]
    return (active.median() if len(active) else z.new_ones(())).expand(len(chosen), 1)


def _discriminants(rows: Tensor, chosen: Tensor) -> Tensor:
    """v / ⟨v, u⟩ with v = (Σ + λI)⁻¹u for the chosen u of the rows (B, D), by a system of B equations alone.

    Rows that are all 0 give 0, and leave their units inactive.
    """
    u = rows[chosen]
    gram = rows @ rows.T / len(rows)  # (B, B)
    ridge = _RIDGE * gram.diagonal().mean().clamp_min(1e-12)
    system = gram + ridge * torch.eye(len(rows), device=rows.device, dtype=rows.dtype)
    v = u - torch.linalg.solve_ex(system, gram[:, chosen]).result.T @ rows
    return v / (v * u).sum(1, keepdim=True).clamp_min(1e-12)


def _descent(dictionary: Dictionary, x: Images, z: Tensor) -> Tensor:
    """Minus the gradient of ½‖x̂ − x‖² with respect to what the atoms hand on, (B, D)."""
    with torch.enable_grad():
        h = dictionary.atoms(z).detach().requires_grad_()
        error = (dictionary.decode_hidden(h) - x).square().sum() / 2
        (gradient,) = torch.autograd.grad(error, h)
    return -gradient
