"""Inversions may judge where they say of known maps what is on paper, and else not."""

import dataclasses

import pytest
import torch

from copyist.claims.catalogue import experiment
from copyist.claims.measures import inversion_check
from copyist.claims.measures.inversion_check import by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion
from copyist.claims.trial import Trial


def test_an_inversion_that_finds_what_is_on_paper_passes_and_is_on_record(trial: Trial) -> None:
    check = check_inversion(trial, torch.rand(3, 3, 8, 10, generator=torch.Generator().manual_seed(0)))
    assert check.passed
    assert trial.instruments == {"inversion": check}
    assert check.values["means of 2×2: noise over the start's"] == pytest.approx(0.75**0.5, abs=0.05)
    assert check.values["nothing seen: missed"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("what", ["noise", "missed"])
def test_one_that_says_the_same_of_every_map_fails(trial: Trial, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*arguments: object, **settings: object) -> InversionFinding:
        found = find_inversion(*arguments, **settings)  # type: ignore[arg-type]
        return dataclasses.replace(found, known=dataclasses.replace(found.known, **{what: 0.02}))

    monkeypatch.setattr(inversion_check, "find_inversion", blind)
    assert not check_inversion(trial, torch.rand(3, 3, 8, 10, generator=torch.Generator().manual_seed(0))).passed


def test_parts_that_inversions_measure_are_handed_over_under_their_name() -> None:
    claim = experiment("hidden-mlp-forgets").claim
    assert by_inversion(claim, {"missed": 0.5, "psnr": 30.0}) == {"missed": {"inversion": 0.5}, "psnr": 30.0}
