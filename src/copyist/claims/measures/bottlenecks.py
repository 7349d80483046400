"""Nets of several code sizes on digits, beside as many principal axes: what claims about the bottleneck share."""

__all__ = ["Bottlenecks", "code_sizes", "trained_bottlenecks"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from copyist.baselines.linear_copier import LinearCopier
from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import copies, squared_error
from copyist.claims.nets import bottleneck
from copyist.claims.trial import Trial
from copyist.errors import RegimeError
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True, eq=False)
class Bottlenecks:
    """Copiers by the size of their code, rising."""

    sizes: Sequence[int]

    nets: Sequence[Reconstructor]

    axes: Sequence[LinearCopier]
    """Those of as many principal axes of the training images."""

    train: Images

    held_out: Images


@torch.no_grad()
def trained_bottlenecks(trial: Trial) -> Bottlenecks:
    """One net for each size of the code, on digits.

    Raises:
        RegimeError: a net copies training images worse than as many principal axes do: it is not trained, and says
            nothing of its code. At scale smoke none is.
    """
    sizes = code_sizes(trial)
    nets = [trial.trained(bottleneck(trial, code=code)) for code in sizes]
    splits = trial.splits(bottleneck(trial, code=sizes[0]).data)
    train, held_out = (part.images().to(trial.device) for part in (splits.train, splits.test))
    mean, basis = train.mean(0), PrincipalBasis.fitted(train).axes
    axes = [LinearCopier(mean=mean, axes=basis[:code]) for code in sizes]
    for code, net, linear in zip(sizes, nets, axes, strict=True):
        ratio = squared_error(copies(net, train), train) / squared_error(linear(train), train)
        if ratio > 1 and trial.scale != "smoke":
            raise RegimeError(
                f"a code of {code} copies training images with {ratio:.2f} times the error of as many axes"
            )
    return Bottlenecks(sizes=sizes, nets=nets, axes=axes, train=train, held_out=held_out)


def code_sizes(trial: Trial) -> Sequence[int]:
    """Of the codes, each twice the one before; a digit has 64 values."""
    return trial.pick(smoke=(2, 4, 8), standard=(2, 4, 8, 16, 32), gpu=(2, 4, 8, 16, 32))
