"""The result of a claim, which one JSON file holds: a document, written and read by its types."""

__all__ = [
    "SCALES",
    "ClaimResult",
    "Curves",
    "InstrumentCheck",
    "JudgedPart",
    "MeasuredControl",
    "NamedPicture",
    "NetRecord",
    "Scale",
    "SeedResult",
    "measured_name",
]

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Literal, TypeAlias, cast, final, get_args

from pydantic import TypeAdapter, ValidationError

from copyist.claims.declaration import Declaration
from copyist.claims.json_numbers import Measured, Number, json_value
from copyist.errors import DataError
from copyist.evidence import Verdict

Scale: TypeAlias = Literal["smoke", "standard", "gpu"]
"""smoke: seconds, for tests · standard: whole landscapes of 32×32, overnight on two cores · gpu: its sizes."""

SCALES: tuple[Scale, ...] = get_args(Scale)
"""Their names, the smallest first."""

RESULT_VERSION = 2
"""Of the files of results; raised when older readers would misread newer ones."""


@final
@dataclass(frozen=True, kw_only=True)
class JudgedPart:
    """A part's number, and what follows from it."""

    name: str
    interval: Measured
    verdict: Verdict
    instrument: str
    """By which it was measured; empty where that has no controls of its own."""


@final
@dataclass(frozen=True, kw_only=True)
class MeasuredControl:
    """A control's number."""

    name: str
    interval: Measured


@final
@dataclass(frozen=True, kw_only=True)
class NamedPicture:
    """A picture beside the result: that of the first seed."""

    name: str
    file: str
    caption: str

    small: str
    """The file of the same in small, some images of each row, for a page of many claims."""


@final
@dataclass(frozen=True, kw_only=True)
class Curves:
    """Numbers over a common axis, for a figure."""

    title: str
    x_label: str
    y_label: str
    x: Sequence[Number]
    """Where the numbers were taken; the same for every seed."""

    lines: Mapping[str, Sequence[Number]]
    """By what the line shows, as many numbers as `x` has."""

    log_x: bool = False
    log_y: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class NetRecord:
    """A trained net that a run used, and how well it copies."""

    name: str
    """Of its recipe, with the digest of its settings, that of the one it starts from, and the PSNR of a snapshot."""

    judged: bool
    """Whether the claim is about it; else it is a control."""

    psnr: Number
    """PSNR of copies of held-out images, of their mean squared error, in dB."""

    psnr_training: Number
    """The same of images that it was trained on."""

    code_ratio: Number
    """Values of its code over those of the image; not a number where it has no code."""

    visits: int
    """Images seen in training, each as often as it was."""

    seconds: float
    """Time in training."""


@final
@dataclass(frozen=True, kw_only=True)
class InstrumentCheck:
    """What a measure says of cases whose answer is known, and whether it passes."""

    name: str

    rule: str
    """When it passes, in words."""

    values: Mapping[str, Number]
    """By control."""

    passed: bool


@final
@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """What one seed found, and how."""

    values: Mapping[str, Number]
    """By part and control; of a part with instruments `part@instrument`."""

    nets: Sequence[NetRecord]
    """All that were trained for it, those that are judged first."""

    instruments: Mapping[str, InstrumentCheck]
    """By name."""

    missed: str
    """What no net reached, such as a snapshot, so that nothing could be measured; empty where all was."""

    curves: Mapping[str, Curves]
    """By a short name, which is part of a file's name."""

    recipes: Mapping[str, Mapping[str, Any]]
    """By name and digest, each with all its settings; a document of the result holds each once for all seeds."""

    seconds: float
    device: str
    machine: str
    """Processor and PyTorch: equal bits are promised where this is equal."""


@final
@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """One claim, run."""

    schema: Literal["copyist.claim"] = "copyist.claim"
    version: int = RESULT_VERSION
    package: str
    claim: Declaration
    scale: Scale
    verdict: Verdict
    """On what the source asks; of a claim of ours, on all of it."""
    beyond: Verdict | None
    """On the parts that we ask for beyond that, such as the dullest explanations; None where there are none."""
    parts: Sequence[JudgedPart]
    controls: Sequence[MeasuredControl]
    pictures: Sequence[NamedPicture]
    seeds: Mapping[int, SeedResult]

    @classmethod
    def from_document(cls, document: Any, *, name: str) -> "ClaimResult":
        """A result from what the JSON file of that name holds; keys that are not known are passed over.

        Raises:
            DataError: another version of copyist wrote it, or something is missing or of another kind.
        """
        found = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
        if "version" in found and found["version"] != RESULT_VERSION:
            raise DataError(
                f"{name} was written by copyist {found.get('package')} (format {found['version']}), and this is "
                f"{version('copyist')} (format {RESULT_VERSION}); choose another folder, or run it again with --force"
            )
        try:
            return _ADAPTER.validate_python(_with_recipes(found) if found else document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise DataError(
                f"{name} is no whole result of a claim ({place}: {first['msg'].lower()}); delete it, and run the claim "
                "again"
            ) from error

    def to_document(self) -> dict[str, Any]:
        """What JSON holds of it, with null for what is not finite, and recipes once for all seeds."""
        document = asdict(self)
        for run in document["seeds"].values():
            run["recipes"] = list(run["recipes"])
        return json_value(document | {"recipes": self.recipes})

    @property
    def name(self) -> str:
        """The claim's name."""
        return self.claim.name

    @property
    def deciding(self) -> int:
        """The place of the first part that has the claim's own verdict, of those it follows from; or the first one."""
        own = [place for place, part in enumerate(self.claim.parts) if part.source] or range(len(self.parts))
        return next((place for place in own if self.parts[place].verdict == self.verdict), own[0])

    @property
    def psnr(self) -> float:
        """The lowest PSNR of a net that is judged, over all seeds; not a number where none is measured."""
        split = self.claim.regime.split
        found = [
            net.psnr if split == "held-out" else net.psnr_training
            for run in self.seeds.values()
            for net in run.nets
            if net.judged
        ]
        return min((value for value in found if not math.isnan(value)), default=math.nan)

    @property
    def seconds(self) -> float:
        """What all seeds took, one after the other."""
        return sum(run.seconds for run in self.seeds.values())

    @property
    def recipes(self) -> dict[str, Mapping[str, Any]]:
        """All recipes that were used, by name."""
        return {name: recipe for run in self.seeds.values() for name, recipe in run.recipes.items()}

    @property
    def machines(self) -> Sequence[str]:
        """The processors and versions that were used, each once."""
        return list(dict.fromkeys(run.machine for run in self.seeds.values()))

    def per_seed(self, name: str, *, instrument: str | None = None) -> list[float]:
        """The values of a part or control, in the order of the seeds; not a number where a seed has none.

        Args:
            name: of the part or control.
            instrument: by which it was measured; None is the one that it is judged by.
        """
        by = instrument
        if by is None:
            by = next((part.instrument for part in self.parts if part.name == name), "")
        return [run.values.get(measured_name(name, by), math.nan) for run in self.seeds.values()]


def measured_name(name: str, instrument: str) -> str:
    """Under which a seed keeps the value of a part: its name, and that of the instrument where there is one."""
    return f"{name}@{instrument}" if instrument else name


_ADAPTER = TypeAdapter(ClaimResult)


def _with_recipes(document: dict[str, Any]) -> dict[str, Any]:
    """A document whose seeds hold their recipes, which it holds once for all of them."""
    try:
        recipes = document["recipes"]
        seeds = {
            seed: run | {"recipes": {name: recipes[name] for name in run["recipes"]}}
            for seed, run in document["seeds"].items()
        }
    except (KeyError, TypeError, AttributeError):
        return document
    return document | {"seeds": seeds}
