"""Asking a model for a contract, once, at the door of whatever works with it."""

__all__ = ["Contract", "lacks", "needs"]

from typing import ClassVar, TypeVar

from copyist.errors import ContractError


class Contract:
    """What can be asked for by `needs`: the root of all contracts of models, and of those of their settings."""

    refusal: ClassVar[str]
    """Why `needs` refuses what does not keep the contract, with `{verb}`, and the `{name}` of the class given."""


C = TypeVar("C", bound=Contract)


def needs(model: object, contract: type[C], *, verb: str) -> C:
    """The model as one that keeps a contract, for a verb that needs it.

    Args:
        model: any model, or its settings.
        contract: an abstract class of `copyist.models.contracts`.
        verb: what asks, as its sentence is to begin: "walk", "the ELBO".

    Raises:
        ContractError: the model does not keep it, in the contract's own sentence, with the remedy.
    """
    if isinstance(model, contract):
        return model
    raise lacks(model, contract, verb=verb)


def lacks(model: object, contract: type[Contract], *, verb: str) -> ContractError:
    """The error that says, in the contract's own sentence, that a model does not keep it."""
    return ContractError(contract.refusal.format(verb=verb, name=type(model).__name__))
