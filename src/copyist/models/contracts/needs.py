"""The check that a model keeps a contract, made once, at the start of what works with it."""

__all__ = ["Contract", "lacks", "needs"]

from typing import ClassVar, TypeVar

from copyist.errors import ContractError


class Contract:
    """The base class of everything that `needs` checks for: contracts of models, and of their settings."""

    refusal: ClassVar[str]
    """Why `needs` refuses what does not keep the contract, with `{verb}`, and the `{name}` of the class given."""


C = TypeVar("C", bound=Contract)


def needs(model: object, contract: type[C], *, verb: str) -> C:
    """Return the model as the type of a contract, or refuse it in the contract's own sentence.

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
    """The error, in the contract's own sentence, for a model that does not keep it."""
    return ContractError(contract.refusal.format(verb=verb, name=type(model).__name__))
