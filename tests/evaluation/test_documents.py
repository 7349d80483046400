"""Documents come back as what was written, and what is none is refused in one sentence."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from copyist.errors import DataError
from copyist.evaluation.documents import Document
from copyist.evidence import Interval


@dataclass(frozen=True, kw_only=True)
class Part(Document):
    schema: Literal["test.part"] = "test.part"
    version: Literal[3] = 3
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Whole(Document):
    schema: Literal["test.whole"] = "test.whole"
    version: Literal[1] = 1
    name: str
    ratio: Interval
    parts: Mapping[str, Part] = field(default_factory=dict[str, Part])
    rest: Part | None = None


WHOLE = Whole(
    name="nan",
    ratio=Interval(0.1, -math.inf, math.inf),
    parts={"a": Part(values=(1.5, 0.1 + 0.2)), "b": Part(values=())},
)


def test_a_document_names_its_schema_and_version_and_those_of_its_parts() -> None:
    assert WHOLE.to_document() == {
        "schema": "test.whole", "version": 1, "name": "nan", "ratio": {"mean": 0.1, "low": "-inf", "high": "inf"},
        "parts": {
            "a": {"schema": "test.part", "version": 3, "values": [1.5, 0.30000000000000004]},
            "b": {"schema": "test.part", "version": 3, "values": []},
        },
        "rest": None,
    }  # fmt: skip


def test_a_document_comes_back_as_it_was_bit_for_bit() -> None:
    assert Whole.from_json(WHOLE.to_json().encode()) == WHOLE
    assert Whole.from_document(WHOLE.to_document() | {"of tomorrow": 1}) == WHOLE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1]", r"^t\.json must be a JSON object, got list; write it again$"),
        ('{"schema": "te', r"^t\.json must be a whole JSON file, and is not \(.+\); write it again$"),
        ('{"schema": "test.part"}', r"^t\.json must have schema 'test\.whole', got 'test\.part'$"),
        ('{"schema": "test.whole", "version": 2}', r"^t\.json must have version 1, got 2; update copyist$"),
        ('{"schema": "test.whole", "version": 1}', r"^t\.json must be complete, got name: field required; write it "),
    ],
)
def test_what_is_no_such_document_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        Whole.from_json(text.encode(), name="t.json")


def test_a_part_of_another_version_is_refused() -> None:
    document = json.loads(WHOLE.to_json())
    document["parts"]["a"]["version"] = 4
    with pytest.raises(DataError, match=r"got parts\.a\.version: input should be 3"):
        Whole.from_document(document)
