"""A claim as a document: what was to be measured, with its bounds, before the run."""

__all__ = ["Declaration", "DeclaredPart"]

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from copyist.claims.json_numbers import Bounds, json_value
from copyist.evidence import Claim, Control, PartScale, Regime


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
        return json_value(asdict(self))
