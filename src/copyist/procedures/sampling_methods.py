"""The sampling methods by name, and which one a model is sampled by."""

__all__ = ["METHODS", "default_method", "name_of", "named_method"]

from collections.abc import Mapping

from copyist.checks import check_choice
from copyist.corruption import CORRUPTIONS, Corruption
from copyist.models.contracts import Diffusion, Model, Variational
from copyist.procedures.diffusion import Ancestral, DPMSolver, Euler, Heun, StochasticEDM
from copyist.procedures.gaussian_codes import GaussianCodes
from copyist.procedures.implicit_prior import ImplicitPrior
from copyist.procedures.langevin import Langevin
from copyist.procedures.method import Method
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.prior import Prior
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.procedures.walkback import Walkback
from copyist.settings import change

METHODS: Mapping[str, type[Method]] = {
    "no-diffusion": NoDiffusion,
    "repeated-copying": RepeatedCopying,
    "gaussian-codes": GaussianCodes,
    "langevin": Langevin,
    "walkback": Walkback,
    "implicit-prior": ImplicitPrior,
    "prior": Prior,
    "dpm-solver": DPMSolver,
    "heun": Heun,
    "euler": Euler,
    "ancestral": Ancestral,
    "stochastic-edm": StochasticEDM,
}
"""The class of each sampling method, by its name in `copyist sample`."""


def default_method(model: Model) -> str:
    """The name of the method that samples a model unless another is requested."""
    if isinstance(model, Diffusion):
        return "dpm-solver"
    return "prior" if isinstance(model, Variational) else "no-diffusion"


def name_of(method: Method) -> str:
    """The name of a method in `METHODS`, or else that of its class."""
    return next((name for name, kind in METHODS.items() if type(method) is kind), type(method).__name__)


def named_method(name: str, assignments: Mapping[str, str]) -> Method:
    """A method with some of its settings changed, each given as a text, as `copyist sample --set` does.

    Args:
        name: of the method, one of `METHODS`.
        assignments: texts by the names of settings, in full (`corruption.sigma`) or by the last part (`sigma`).

    Raises:
        UnknownNameError: there is no such method, or it has no such setting; the nearest or all are offered.
        ArgumentError: a value is of the wrong type or out of its range.
    """
    check_choice("method", name, METHODS)
    return change(METHODS[name](), assignments, {Corruption: CORRUPTIONS}, of=name)
