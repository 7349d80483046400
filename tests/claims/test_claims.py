"""Each claim runs at scale smoke, measures all that it names, and has a bound that can fail."""

from pathlib import Path

import pytest

from copyist.claims.catalogue import NAMES, experiment
from copyist.claims.runner import run_claims
from copyist.evidence import Above, Below, Interval, Within


@pytest.mark.slow
@pytest.mark.usefixtures("few_filter_settings")
@pytest.mark.parametrize("name", NAMES)
def test_a_claim_measures_what_it_names_from_end_to_end(name: str, models: Path, tmp_path: Path) -> None:
    results = run_claims({name: experiment(name)}, scale="smoke", out=tmp_path, models=models, seeds=(0,))
    # One seed tells no spread, and nets of few steps are of no claim's regime: nothing is decided.
    assert results[name].verdict not in ("supported", "refuted")
    assert (tmp_path / f"{name}.json").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_bound_can_hold_and_can_fail(name: str) -> None:
    for part in experiment(name).claim.parts:
        rule = part.holds_when
        assert isinstance(rule, Above | Below | Within)
        found = {rule.judge(Interval(value, value, value)) for value in (-1e9, -1e-9, 1e-9, 0.5, 1.0, 55.0, 1e9)}
        assert {"supported", "refuted"} <= found or isinstance(rule, Within), part.name


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_is_run_with_three_seeds_at_least_and_says_where_it_stands(name: str) -> None:
    declared = experiment(name)
    assert len(set(declared.seeds)) >= 3
    assert declared.claim.sentence.endswith(".")
    assert declared.claim.source
    assert all(part.measure for part in declared.claim.parts)
