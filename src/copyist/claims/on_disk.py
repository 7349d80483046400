"""The result of a claim, as it lies on disk: one JSON file, of which the classes below are the objects.

Keys that are not known are passed over, and null stands for what is not a number.
"""

__all__ = [
    "ClaimResult",
    "Curve",
    "Declaration",
    "DeclaredControl",
    "DeclaredPart",
    "Ends",
    "JudgedPart",
    "Measured",
    "NamedPicture",
    "Run",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from copyist.evidence import Verdict

Number: TypeAlias = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number, or null."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """A mean with its 95 % interval."""

    mean: Number
    low: Number
    high: Number


@dataclass(frozen=True, kw_only=True)
class DeclaredPart:
    """What was to be measured, and its bound."""

    name: str
    measure: str
    holds_when: str
    waits_for: str


@dataclass(frozen=True, kw_only=True)
class DeclaredControl:
    """What stands beside it."""

    name: str
    measure: str


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The claim as it stood before the run."""

    name: str
    sentence: str
    source: str
    parts: list[DeclaredPart]
    controls: list[DeclaredControl]
    bounds: dict[str, tuple[Number, Number]] = field(default_factory=dict[str, tuple[Number, Number]])
    """By part, the two numbers that its mean must lie between; null where nothing bounds it."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A control's number."""

    name: str
    interval: Ends


@dataclass(frozen=True, kw_only=True)
class JudgedPart:
    """A part's number, and what follows from it."""

    name: str
    interval: Ends
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Lines over a common axis, of one seed."""

    title: str
    x_label: str
    y_label: str
    x: list[Number]
    lines: dict[str, list[Number]]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one seed found."""

    values: dict[str, Number]
    curves: dict[str, Curve]
    recipes: dict[str, dict[str, Any]]
    seconds: float
    device: str
    machine: str


@dataclass(frozen=True, kw_only=True)
class NamedPicture:
    """A picture beside the result."""

    name: str
    file: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """One claim, run."""

    schema: Literal["copyist.claim"]
    version: int
    package: str
    claim: Declaration
    scale: str
    verdict: Verdict
    parts: list[JudgedPart]
    controls: list[Measured]
    pictures: list[NamedPicture]
    seeds: dict[int, Run]
    remarks: str = ""
    """What somebody wrote about it by hand; not in the file."""

    @property
    def name(self) -> str:
        """The claim's name."""
        return self.claim.name

    @property
    def deciding(self) -> int:
        """The place of the first part that has the claim's own verdict: the one that decides."""
        return next((place for place, part in enumerate(self.parts) if part.verdict == self.verdict), 0)

    @property
    def held(self) -> str:
        """How many of the parts hold, such as "2 of 3"."""
        return f"{sum(part.verdict == 'supported' for part in self.parts)} of {len(self.parts)}"

    @property
    def seconds(self) -> float:
        """What all seeds took, one after the other."""
        return sum(run.seconds for run in self.seeds.values())

    @property
    def recipes(self) -> dict[str, dict[str, Any]]:
        """All recipes that were used, by name."""
        return {name: recipe for run in self.seeds.values() for name, recipe in run.recipes.items()}

    @property
    def machines(self) -> Sequence[str]:
        """The processors and versions that were used, each once."""
        return list(dict.fromkeys(run.machine for run in self.seeds.values()))

    def per_seed(self, name: str) -> list[float]:
        """The values of a part or control, in the order of the seeds."""
        return [run.values.get(name, math.nan) for run in self.seeds.values()]
