"""The result of a claim, of which one JSON file is the document: written and read by the types that hold it."""

__all__ = [
    "SCALES",
    "ClaimResult",
    "Curves",
    "Declaration",
    "DeclaredPart",
    "InstrumentCheck",
    "JudgedPart",
    "MeasuredControl",
    "NamedPicture",
    "NetRecord",
    "Scale",
    "SeedResult",
    "measured_name",
    "read_result",
    "result_in",
    "write_result",
]

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast, final, get_args

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from copyist.errors import DataError
from copyist.evidence import Claim, Control, Interval, PartScale, Regime, Verdict
from copyist.outputs import write_text

Scale: TypeAlias = Literal["smoke", "standard", "gpu"]
"""smoke: seconds, for tests · standard: whole landscapes of 32×32, overnight on two cores · gpu: its sizes."""

SCALES: tuple[Scale, ...] = get_args(Scale)
"""Their names, the smallest first."""

RESULT_VERSION = 2
"""Of the files of results; raised when older readers would misread newer ones."""


def _or(instead: float) -> BeforeValidator:
    return BeforeValidator(lambda value: instead if value is None else value)


def _with_numbers(interval: Any) -> Any:
    ends = cast("dict[str, Any]", interval) if isinstance(interval, dict) else None
    return interval if ends is None else {key: math.nan if end is None else end for key, end in ends.items()}


Number: TypeAlias = Annotated[float, _or(math.nan)]
"""Null in a document where it is not finite, and read as not a number."""

Bounds: TypeAlias = tuple[Annotated[float, _or(-math.inf)], Annotated[float, _or(math.inf)]]
"""The two numbers that a mean must lie between; null where nothing bounds it."""

Measured: TypeAlias = Annotated[Interval, BeforeValidator(_with_numbers)]
"""A mean with its 95 % interval over the seeds."""


@final
@dataclass(frozen=True, kw_only=True)
class DeclaredPart:
    """What was to be measured, and its bound in words."""

    name: str
    measure: str
    holds_when: str
    waits_for: str
    source: str
    """What the source says that asks for it; empty where it is ours."""
    scale: PartScale
    instruments: Sequence[str]


@final
@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A claim as it stood before the run."""

    name: str
    sentence: str
    source: str
    parts: Sequence[DeclaredPart]
    controls: Sequence[Control]
    bounds: Mapping[str, Bounds]
    """By part."""
    regime: Regime
    picture: str
    """The short name of the pictures or curves that are shown first."""

    digest: str
    """Of all that decides the verdict: equal for claims that are declared alike."""

    @property
    def is_ours(self) -> bool:
        """Whether no source asks for any of it."""
        return not any(part.source for part in self.parts)

    @classmethod
    def of(cls, name: str, claim: Claim) -> "Declaration":
        """The declaration of a claim under its name."""
        parts = [
            DeclaredPart(
                name=p.name,
                measure=p.measure,
                holds_when=p.holds_when.text,
                waits_for=p.waits_for,
                source=p.source,
                scale=p.scale,
                instruments=p.instruments,
            )
            for p in claim.parts
        ]
        words = {"name": name, "sentence": claim.sentence, "source": claim.source}
        document = words | {
            "parts": list(map(asdict, parts)),
            "controls": list(map(asdict, claim.controls)),
            "regime": asdict(claim.regime),
        }
        return cls(
            **words,
            parts=parts,
            controls=claim.controls,
            bounds={part.name: part.holds_when.between for part in claim.parts},
            regime=claim.regime,
            picture=claim.picture,
            digest=hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16],
        )

    def to_document(self) -> dict[str, Any]:
        """What JSON holds of it."""
        return _finite(asdict(self))


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
        return _finite(document | {"recipes": self.recipes})

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


def write_result(path: Path, result: ClaimResult) -> None:
    """Write a result as one JSON file, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    text = json.dumps(result.to_document(), indent=1, ensure_ascii=False)
    # Numbers of one curve stand on one line.
    text = re.sub(r"\[\n\s+([\d\s.,eE+\-nul]*?)\n\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    write_text(path, text + "\n")


def read_result(path: Path) -> ClaimResult:
    """Read the result of a claim.

    Raises:
        DataError: the file is half-written or about something else, or another version of copyist wrote it.
    """
    result = result_in(path)
    if result is None:
        raise DataError(f"{path} is no result of a claim; delete it, or choose another folder with --out")
    return result


def result_in(path: Path) -> ClaimResult | None:
    """Read the result of a claim from a JSON file, or None where it is about something else.

    Raises:
        DataError: the file is half-written, or another version of copyist wrote it.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no whole result of a claim; delete it, and run the claim again") from error
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("schema") != "copyist.claim":
        return None
    return ClaimResult.from_document(document, name=str(path))


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


def _finite(value: Any) -> Any:
    """JSON knows no infinity and nothing that is not a number, which are null, and no keys but texts."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
