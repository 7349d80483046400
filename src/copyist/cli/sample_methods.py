"""How `copyist sample` comes by its method: options of its own for the default, settings by name for the others."""

__all__ = ["Asked", "Plan", "check_asked", "described", "plan_of"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copyist.models import Reconstructor
    from copyist.procedures import Method


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says of the method."""

    method: str | None
    """Its name; None leaves it to the model."""

    steps: int | None
    """Of the chain; None takes the method's own."""

    assignments: Sequence[str]
    """`name=value` each, for other methods than the default."""

    own: Mapping[str, Any]
    """Options of the default alone, by name with underscores; None where they were not given."""

    size: str | None
    """Of the images; None takes that of the model's."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How samples are made."""

    name: str
    """Of the method."""

    method: "Method"

    shape: tuple[int, ...] | None
    """(C, H, W) of one image, or (D,) of one row; None where it is not known."""

    schedule: str | None
    """Its name, where one was given."""

    sizes: Sequence[tuple[int, int]]
    """That samples grow to."""


def check_asked(asked: Asked) -> None:
    """Refuse, before a model is opened, what no model can be asked for.

    Raises:
        UnknownNameError, ArgumentError: as `plan_of`.
    """
    if asked.method is not None:
        _method_of(asked.method, asked, sizes=())


def plan_of(model: "Reconstructor", asked: Asked) -> Plan:
    """How this model makes samples: of a variational autoencoder codes are decoded, unless a method was named.

    Raises:
        UnknownNameError: there is no such method, schedule or setting; the nearest is offered.
        ArgumentError: an option belongs to another method or to images, a number is out of its range, or no size.
        ShapeError: a side is no multiple of what the model takes.
        ContractError: the model takes tables, and the method makes pictures.
    """
    from copyist.errors import ArgumentError
    from copyist.models.contracts import Variational
    from copyist.procedures import METHODS

    name = asked.method or ("prior" if isinstance(model, Variational) else "no-diffusion")
    if not METHODS[name].takes_tables:
        model.check_pictures(verb="sample")
    if model.takes_tables and asked.size is not None:
        raise ArgumentError(f"--size is of images, and this model takes tables, got {asked.size}; leave it out")
    shape = model.image_shape
    if asked.size is not None and shape is not None and len(shape) == 3:
        shape = (shape[0], *_sizes_of("--size", [asked.size], model.size_multiple)[0])
    sizes = _sizes_of("--grow", asked.own["grow"] or (), model.size_multiple)
    method = _method_of(name, asked, sizes=sizes)
    return Plan(name=name, method=method, shape=shape, schedule=asked.own["schedule"], sizes=sizes)


def described(name: str, schedule: str | None, sizes: Sequence[tuple[int, int]]) -> str:
    """How samples were made, as the end of a clause."""
    if name != "no-diffusion":
        return f"by {name}"
    grown = "".join(f", grown to {height}x{width}" for height, width in sizes)
    return f"on a {schedule or 'linear'} schedule{grown}"


def _method_of(name: str, asked: Asked, *, sizes: Sequence[tuple[int, int]]) -> "Method":
    """The method of that name."""
    from copyist.checks import check_at_least, check_choice
    from copyist.corruption import CORRUPTIONS, Corruption
    from copyist.errors import ArgumentError
    from copyist.procedures import METHODS
    from copyist.settings import change, read_assignments

    check_choice("method", name, METHODS)
    if asked.steps is not None:
        check_at_least("steps", asked.steps, 1)
        if name == "prior":
            raise ArgumentError("--steps goes with chains, and prior draws codes in one step; leave it out")
    if name == "no-diffusion":
        if asked.assignments:
            raise ArgumentError(
                f"--set goes with other methods, got no-diffusion and {asked.assignments[0]}; use its options"
            )
        return _no_diffusion(asked.steps, asked.own, sizes)
    for option, value in asked.own.items():
        if value is not None:
            spelled = option.replace("_", "-")
            raise ArgumentError(f"--{spelled} goes with --method no-diffusion, got {name}; leave it out")
    changes = read_assignments(asked.assignments)
    if asked.steps is not None:
        changes["steps"] = str(asked.steps)
    return change(METHODS[name](), changes, {Corruption: CORRUPTIONS})


def _sizes_of(option: str, texts: Sequence[str], multiple: int) -> list[tuple[int, int]]:
    """The (H, W) that an option names, each time it is given."""
    return [_size(option, text, multiple) for text in texts]


def _no_diffusion(steps: int | None, own: Mapping[str, Any], sizes: Sequence[tuple[int, int]]) -> "Method":
    from copyist.checks import check_at_least, check_choice, check_finite
    from copyist.errors import ArgumentError
    from copyist.procedures import SCHEDULES, NoDiffusion

    given: dict[str, Any] = {"schedule": "linear", "noise_mean": 0.7, "noise_std": 0.2, "grow_steps": None}
    given |= {option: value for option, value in own.items() if value is not None}
    steps = 30 if steps is None else steps
    check_choice("schedule", given["schedule"], SCHEDULES)
    check_finite("noise-mean", given["noise_mean"])
    check_at_least("noise-std", given["noise_std"], 0)
    if given["grow_steps"] is not None:
        if not own["grow"]:
            raise ArgumentError("--grow-steps goes with --grow, which is missing; add --grow 64, or leave it out")
        check_at_least("grow-steps", given["grow_steps"], 1)
    return NoDiffusion(
        steps=steps,
        schedule=SCHEDULES[given["schedule"]](steps),
        mean=given["noise_mean"],
        std=given["noise_std"],
        grow=tuple(sizes),
        grow_steps=given["grow_steps"],
    )


def _size(option: str, text: str, multiple: int) -> tuple[int, int]:
    from copyist.data.source import parse_size
    from copyist.errors import ShapeError

    size = parse_size(text, name=option)
    if any(side % multiple for side in size):
        near = "x".join(str(-(-side // multiple) * multiple) for side in size)
        raise ShapeError(
            f"sides of samples must be multiples of {multiple}, got {size[0]}x{size[1]}; try {option} {near}"
        )
    return size
