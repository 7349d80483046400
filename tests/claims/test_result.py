"""Results of claims are read as they were written, and what is no whole result is refused by name."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copyist.claims.catalogue import NAMES, experiment
from copyist.claims.declaration import Declaration
from copyist.claims.result import ClaimResult
from copyist.claims.result_file import read_result, result_in, write_result
from copyist.errors import DataError

from .results_to_test import claim, write

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence"

MEASURED = [path for path in sorted(EVIDENCE.glob("*.json")) if '"copyist.claim"' in path.read_text("utf-8")[:100]]


def test_the_evidence_in_the_repository_is_about_claims_that_are_declared() -> None:
    assert {path.stem for path in MEASURED} <= set(NAMES)


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_the_evidence_is_written_again_byte_for_byte_as_it_was_read(path: Path, tmp_path: Path) -> None:
    result = read_result(path)
    write_result(tmp_path / path.name, result)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_the_evidence_is_about_the_claim_as_it_is_declared_now(path: Path) -> None:
    assert read_result(path).claim.digest == Declaration.of(path.stem, experiment(path.stem).claim).digest


def test_null_is_not_a_number_for_a_value_and_infinite_for_a_bound(tmp_path: Path) -> None:
    document = claim("a", verdict="open")
    document["seeds"]["1"]["values"]["ratio"] = None
    result = read_result(write(tmp_path, document))
    assert math.isnan(result.seeds[1].values["ratio"])
    assert math.isnan(result.parts[1].interval.mean)
    assert math.isnan(result.seeds[0].curves["training"].lines["_with"][1])
    assert result.claim.bounds == {"ratio": (-math.inf, 1.0), "distance": (0.0, math.inf)}
    assert result.to_document() == document


def test_a_file_holds_each_recipe_once_and_the_numbers_of_a_curve_on_one_line(tmp_path: Path) -> None:
    result = ClaimResult.from_document(claim("a"), name="a.json")
    write_result(tmp_path / "a.json", result)
    text = (tmp_path / "a.json").read_text("utf-8")
    assert read_result(tmp_path / "a.json").to_document() == claim("a")
    assert text.count('"data": "photos?size=16"') == 1
    assert text.count('"_with": [1.0, null, 1.0]') == 3
    assert result.seeds[2].recipes == result.recipes


def test_keys_that_are_not_known_are_passed_over() -> None:
    document = claim("a")
    found = ClaimResult.from_document(document | {"mood": "good"}, name="a.json")
    assert found == ClaimResult.from_document(document, name="a.json")


def test_a_file_about_something_else_holds_no_result(tmp_path: Path) -> None:
    path = tmp_path / "kill-points.json"
    for text in ('{"points": 200}', '{"schema": "copyist.denoising", "version": 9}', "[1, 2]"):
        path.write_text(text)
        assert result_in(path) is None
        with pytest.raises(DataError, match=r"kill-points\.json is no result of a claim; delete it, or choose another"):
            read_result(path)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            lambda d: d.update(version=9),
            r"was written by copyist \S+ \(format 9\), and this is \S+ \(format 2\); choose",
        ),
        (lambda d: d.pop("seeds"), r"\(seeds: field required\); delete it, and run the claim again"),
        (lambda d: d.update(seeds={"first": {}}), r"\(seeds\.first"),
        (lambda d: d["seeds"]["1"].pop("values"), r"\(seeds\.1\.values: field required\)"),
        (lambda d: d["seeds"]["1"]["values"].update(ratio="much"), r"\(seeds\.1\.values\.ratio: "),
        (lambda d: d["seeds"]["1"]["curves"]["training"].pop("x"), r"\(seeds\.0\.curves\.training\.x: field required"),
        (lambda d: d["parts"][0].pop("interval"), r"\(parts\.0\.interval: field required\)"),
        (lambda d: d["parts"][0].update(interval=[0, 1]), r"\(parts\.0\.interval: "),
        (lambda d: d["claim"].pop("digest"), r"\(claim\.digest: field required\)"),
        (lambda d: d.update(verdict="perhaps"), r"\(verdict: input should be 'supported'"),
        (lambda d: d.update(scale="huge"), r"\(scale: "),
    ],
)
def test_what_is_no_whole_result_is_refused_by_name(
    edit: Callable[[dict[str, Any]], object], sentence: str, tmp_path: Path
) -> None:
    document = claim("a")
    edit(document)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=rf"a\.json .*{sentence}"):
        read_result(path)


@pytest.mark.parametrize("keep", [0, 1, 500])
def test_half_a_file_is_refused(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(claim("a"))[:keep])
    with pytest.raises(DataError, match=r"a\.json is no whole result of a claim; delete it, and run the claim again"):
        read_result(path)
