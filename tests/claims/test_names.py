"""A misspelled part or control is found when its module is imported, not after training."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from copyist.claims.catalogue import NAMES, experiment
from copyist.claims.names import misnamed
from copyist.claims.trial import Experiment
from copyist.errors import ArgumentError

from .claims_to_test import SMALL

HEAD = """
from copyist.claims.trial import Experiment, Measurements
from copyist.evidence import Above, Claim, Control, Part, Regime

KINDS = ("blend", "shift")
CLAIM = Claim(
    sentence="It is.",
    source="nobody",
    regime=Regime(psnr=None, why="there is no net"),
    parts=(
        Part(name="gain", measure="1", holds_when=Above(0.0)),
        Part(name="later", measure="2", holds_when=Above(0.0), waits_for="time"),
    ),
    controls=tuple(Control(name=f"{kind}_ratio_{size}", measure="3") for kind in KINDS for size in (1, 16)),
)


def helped(label):
    return {f"{label}_ratio_{size}": 3.0 for size in (1, 16)}

"""

TAIL = """

EXPERIMENT = Experiment(claim=CLAIM, run=run)
"""


def made(code: str, folder: Path) -> Experiment:
    """The experiment of a module with this `run`."""
    path = folder / "made.py"
    path.write_text(HEAD + code + TAIL)
    spec = importlib.util.spec_from_file_location("made", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXPERIMENT


RIGHT = tuple(
    f"def run(trial):\n    {body}"
    for body in (
        'return {"gain": 1.0} | {f"{kind}_ratio_{size}": 3.0 for kind in KINDS for size in (1, 16)}',
        'values = {f"{kind}_ratio_{n}": 3.0 for kind in KINDS for n in (1, 16)}; values["gain"] = 1.0',
        'return {"gain": 1.0} | helped("blend") | helped("shift")',
        'rows = {"image": 0}; return {"gain": 1.0} | {"blend_ratio_1": 1} | helped("blend") | helped("shift")',
        'for name in (f"{kind}_ratio_{n}" for kind in KINDS for n in (1, 16)): {"gain": 1.0, name: 3.0}',
    )
)


@pytest.mark.parametrize("code", RIGHT)
def test_names_that_are_spelled_alike_are_accepted(code: str, tmp_path: Path) -> None:
    assert made(code, tmp_path).names == ["gain", "blend_ratio_1", "blend_ratio_16", "shift_ratio_1", "shift_ratio_16"]


@pytest.mark.parametrize(
    ("code", "odd"),
    [
        (RIGHT[0].replace('"gain"', '"gian"'), "gain"),
        (RIGHT[0].replace("_ratio_", "_raito_"), "blend_ratio_1, blend_ratio_16, shift_ratio_1, shift_ratio_16"),
        (RIGHT[1].replace('"gain"', '"gian"'), "gain"),
        (RIGHT[0].replace("(1, 16)", "(1, 61)"), "blend_ratio_16, shift_ratio_16"),
        (RIGHT[2].replace('helped("shift")', 'helped("shfit")'), "shift_ratio_1, shift_ratio_16"),
        (RIGHT[0].replace("KINDS", '("blend",)'), "shift_ratio_1, shift_ratio_16"),
        (RIGHT[3].replace('"blend_ratio_1"', '"gain": 1, "blend_ratoi_1"'), "blend_ratoi_1"),
        (RIGHT[0].replace('"gain": 1.0', '"gain": 1.0, f"{KINDS[0]}_gain": 2.0'), "…_gain"),
    ],
)
def test_a_name_that_only_one_side_has_is_refused_at_import(code: str, odd: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=rf"made must measure each of its parts .*; see {odd}, which only its decl"):
        made(code, tmp_path)


def swapped(name: str) -> str:
    """The first two letters that differ, each in the other's place."""
    place = next(at for at in range(len(name) - 1) if name[at] != name[at + 1])
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_typing_error_in_any_part_or_control_of_a_claim_is_found(name: str) -> None:
    declared = experiment(name)
    wrong = [swapped(right) for right in declared.names]
    assert misnamed(declared.run, [*declared.names, *wrong]) == wrong
    part = declared.claim.parts[0]
    claim = replace(declared.claim, parts=(replace(part, name=swapped(part.name)), *declared.claim.parts[1:]))
    with pytest.raises(ArgumentError, match=rf"see {swapped(part.name)}"):
        Experiment(claim=claim, run=declared.run)


def test_of_what_has_no_source_nothing_is_said() -> None:
    def inner(_: object) -> Sequence[str]:
        return ["a"]

    for function in (len, inner, lambda _: None):
        assert misnamed(function, ["gain"]) == []
    assert misnamed(SMALL.run, ["level", "draw"]) == ["twice"]
