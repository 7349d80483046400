"""Corruptions by name, and one of several for each example."""

__all__ = ["CORRUPTIONS", "OneOf", "named_corruption"]

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, final

import torch

from copyist.checks import check_choice, check_examples
from copyist.corruption.blur import Blur
from copyist.corruption.contract import Corruption
from copyist.corruption.pixelwise import Blend, GaussianNoise, Identity, MaskingNoise, SaltAndPepper, Shift
from copyist.corruption.structured import Structured
from copyist.devices import apply_to_whole
from copyist.errors import ArgumentError, UnknownNameError
from copyist.tensors import Images


@final
@dataclass(frozen=True)
class OneOf(Corruption):
    """Each example gets one of several corruptions, all equally likely."""

    corruptions: tuple[Corruption, ...]
    """The corruptions to choose among, at least one."""

    def __post_init__(self) -> None:
        if not self.corruptions:
            raise ArgumentError("one-of must have at least one corruption to choose, got none")

    def __call__(self, x: Images, *, generator: torch.Generator) -> Images:
        # How much is drawn for an image depends on what the others got.
        return apply_to_whole(self._corrupt, x, generator)

    def _corrupt(self, x: Images, generator: torch.Generator) -> Images:
        check_examples(x)
        choice = torch.randint(len(self.corruptions), (len(x),), generator=generator, device=generator.device)
        x_tilde = x.clone()
        for index, corruption in enumerate(self.corruptions):
            chosen = (choice == index).to(x.device)
            if bool(chosen.any()):
                x_tilde[chosen] = corruption(x[chosen], generator=generator)
        return x_tilde


CORRUPTIONS: dict[str, type[Corruption]] = {
    "identity": Identity,
    "blend": Blend,
    "shift": Shift,
    "gaussian": GaussianNoise,
    "salt-and-pepper": SaltAndPepper,
    "masking": MaskingNoise,
    "blur": Blur,
    "structured": Structured,
    "one-of": OneOf,
}
"""By the name under which a recipe knows them."""


def named_corruption(name: str, settings: Mapping[str, float]) -> Corruption:
    """The corruption of the catalogue with this name and these settings.

    Raises:
        UnknownNameError: there is no such corruption, or it has no such setting.
        ArgumentError: a setting is missing or out of its range.
    """
    choices = {known: kind for known, kind in CORRUPTIONS.items() if kind is not OneOf}
    check_choice("corruption", name, choices)
    kind: Any = choices[name]
    parameters = {field.name: field for field in fields(kind)}
    for setting in settings:
        if setting not in parameters:
            has = f"has {' and '.join(parameters)}" if parameters else "has none"
            raise UnknownNameError(f"{name} has no setting {setting!r}; it {has}")
    for parameter, field in parameters.items():
        if parameter not in settings and field.default is MISSING:
            raise ArgumentError(f"{name} must be given {parameter}; add --{parameter}, such as --{parameter} 0.3")
    return kind(**settings)
