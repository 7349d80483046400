"""How `copyist sample` comes by its method: options of its own for the default, settings by name for the others."""

__all__ = ["described", "method_of", "sizes_of"]

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copyist.procedures import Method


def method_of(
    name: str,
    *,
    steps: int | None,
    assignments: Sequence[str],
    own: Mapping[str, Any],
    sizes: Sequence[tuple[int, int]],
) -> "Method":
    """The method of that name.

    Args:
        name: in the catalogue.
        steps: of the chain; None takes the method's own.
        assignments: `name=value` each, for other methods than the default.
        own: options of the default alone, by name with underscores; None where they were not given.
        sizes: that samples grow to.

    Raises:
        UnknownNameError: there is no such method, schedule or setting; the nearest is offered.
        ArgumentError: an option belongs to another method, or a number is out of its range.
    """
    from copyist.checks import check_at_least, check_choice
    from copyist.corruption import CORRUPTIONS, Corruption
    from copyist.errors import ArgumentError
    from copyist.procedures import METHODS
    from copyist.settings import change, read_assignments

    check_choice("method", name, METHODS)
    if steps is not None:
        check_at_least("steps", steps, 1)
        if name == "prior":
            raise ArgumentError("--steps goes with chains, and prior draws codes in one step; leave it out")
    if name == "no-diffusion":
        if assignments:
            raise ArgumentError(
                f"--set goes with other methods, got no-diffusion and {assignments[0]}; use its options"
            )
        return _no_diffusion(steps, own, sizes)
    for option, value in own.items():
        if value is not None:
            spelled = option.replace("_", "-")
            raise ArgumentError(f"--{spelled} goes with --method no-diffusion, got {name}; leave it out")
    changes = read_assignments(assignments)
    if steps is not None:
        changes["steps"] = str(steps)
    return change(METHODS[name](), changes, {Corruption: CORRUPTIONS})


def sizes_of(option: str, texts: Sequence[str], multiple: int) -> list[tuple[int, int]]:
    """The (H, W) that an option names, each time it is given.

    Raises:
        ArgumentError: a text names no size.
        ShapeError: a side is no multiple of what the model takes.
    """
    return [_size(option, text, multiple) for text in texts]


def described(name: str, schedule: str | None, sizes: Sequence[tuple[int, int]]) -> str:
    """How samples were made, as the end of a clause."""
    if name != "no-diffusion":
        return f"by {name}"
    grown = "".join(f", grown to {height}x{width}" for height, width in sizes)
    return f"on a {schedule or 'linear'} schedule{grown}"


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
