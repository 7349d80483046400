"""A claim as it is declared: a sentence, the nets that it is about, and what has to be measured to have shown it."""

__all__ = ["Claim", "Control", "Part", "Regime"]

import math
from dataclasses import dataclass
from typing import Literal, get_args

from copyist.checks import check_at_least, check_choice
from copyist.errors import ArgumentError
from copyist.evidence.estimates import PartScale, to_scale
from copyist.evidence.verdicts import Criterion


@dataclass(frozen=True, kw_only=True)
class Regime:
    """Which nets a claim is about: how well they copy, and through how large a code.

    Every net that a run judges must be of this kind, in every seed; else the claim's verdict is "regime not reached".
    """

    psnr: float | None = 33.0
    """Least PSNR of copies of clean images, of their mean squared error, in dB; None where no quality is asked for."""

    split: Literal["held-out", "training"] = "held-out"
    """Of which images."""

    code: float = 0.0
    """Least number of the code's values, over that of the image's; 0 where nothing is asked of the code."""

    why: str = ""
    """Why no quality is asked for, where none is."""

    def __post_init__(self) -> None:
        check_at_least("code", self.code, 0)
        if (self.psnr is None) != bool(self.why):
            raise ArgumentError("a regime must ask for a PSNR, or say why it asks for none; give one of psnr and why")

    @property
    def text(self) -> str:
        """In words, such as "copies of held-out images of at least 33 dB, a code of at least 1.33 times the image"."""
        if self.psnr is None:
            copies = f"no quality of copies, since {self.why}" if self.code else f"none: {self.why}"
        else:
            copies = f"copies of {self.split} images of at least {self.psnr:g} dB"
        return copies + (f", a code of at least {self.code:g} times the image's values" if self.code else "")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number that a claim stands or falls with."""

    name: str
    """In lower case, with underscores."""

    measure: str
    """What the number is, in words or a formula, with its data and settings."""

    holds_when: Criterion
    """The bound, written before the run."""

    source: str = ""
    """What the source says that asks for this part, in meaning, and where; empty where the part is ours."""

    scale: PartScale = "linear"
    """On which the seeds' numbers are averaged and judged."""

    instruments: tuple[str, ...] = ()
    """What measures it, where that has controls of its own: the first that passes them in every seed is judged by."""

    waits_for: str = ""
    """What has to be built before it can be measured; until then the part is open."""

    def __post_init__(self) -> None:
        check_choice("the scale of a part", self.scale, get_args(PartScale))
        low, high = (to_scale(end, self.scale) for end in self.holds_when.between)
        if math.isnan(low) or math.isnan(high):
            raise ArgumentError(f"the bound of {self.name} must be a number of its scale, {self.scale}")


@dataclass(frozen=True, kw_only=True)
class Control:
    """A number that stands beside a claim: a dull explanation, or what would be expected without the effect."""

    name: str
    """In lower case, with underscores."""

    measure: str
    """What the number is."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence, and what has to be measured to have shown it."""

    sentence: str
    """What is claimed."""

    source: str
    """The source of the claim."""

    parts: tuple[Part, ...]
    """All those that the source asks for must hold for the claim to be supported; ours are judged apart."""

    regime: Regime
    """Which nets it is about."""

    picture: str = ""
    """The short name of the pictures or curves that let a reader see it; empty for the chart of the parts."""

    controls: tuple[Control, ...] = ()
    """The dullest explanation first."""

    def __post_init__(self) -> None:
        names = [each.name for each in (*self.parts, *self.controls)]
        if not self.parts:
            raise ArgumentError(f"a claim must have at least one part, got none for {self.sentence!r}")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ArgumentError(f"parts and controls of a claim must have different names, got {twice} twice")
