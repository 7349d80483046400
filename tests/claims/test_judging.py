"""Verdicts on claims: from what the source asks and from what we ask, behind gates that no run can pass by."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from copyist.claims.declaration import Declaration
from copyist.claims.judging import judge
from copyist.claims.result import ClaimResult, InstrumentCheck, NetRecord, SeedResult
from copyist.claims.runner import run_claims
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.errors import ArgumentError, TrainingError
from copyist.evidence import Above, Below, Claim, Part, PartScale, Regime, Within, from_scale, to_scale

from .known import Affine, known_trial

NO_NETS = Regime(psnr=None, why="there is no net")

COPIER = NetRecord(name="net", judged=True, psnr=34.0, psnr_training=36.0, code_ratio=4 / 3, visits=320, seconds=1.0)


def part(
    name: str = "ratio", *, source: str = "it says so", scale: PartScale = "linear", by: tuple[str, ...] = ()
) -> Part:
    return Part(name=name, measure="a ratio", holds_when=Below(1.0), source=source, scale=scale, instruments=by)


def check(name: str, *, passed: bool) -> InstrumentCheck:
    return InstrumentCheck(name=name, rule="near < far", values={"near": 0.0, "far": 1.0}, passed=passed)


def seed(
    values: Mapping[str, float], *, nets: tuple[NetRecord, ...] = (COPIER,), checks: tuple[InstrumentCheck, ...] = ()
) -> SeedResult:
    return SeedResult(
        values=values, curves={}, recipes={}, nets=nets, instruments={each.name: each for each in checks}, missed="",
        seconds=1.0, device="cpu", machine="here",
    )  # fmt: skip


def result(*parts: Part, runs: Mapping[int, SeedResult], regime: Regime = NO_NETS) -> ClaimResult:
    claim = Claim(sentence="It is.", source="somebody", parts=parts, regime=regime)
    return judge(Declaration.of("it", claim), scale="smoke", seeds=runs, pictures=())


def alike(values: Mapping[str, float]) -> dict[int, SeedResult]:
    return {number: seed(values) for number in range(3)}


def test_the_verdict_shown_first_follows_from_the_parts_of_the_source_alone() -> None:
    ours = part("beyond", source="")
    found = result(part(), ours, runs=alike({"ratio": 0.5, "beyond": 2.0}))
    assert (found.verdict, found.beyond) == ("supported", "refuted")
    assert found.deciding == 0
    found = result(ours, part(), runs=alike({"ratio": 2.0, "beyond": 0.5}))
    assert (found.verdict, found.beyond, found.deciding) == ("refuted", "supported", 1)


def test_a_claim_of_ours_has_one_verdict_from_all_its_parts() -> None:
    found = result(part("a", source=""), part("b", source=""), runs=alike({"a": 0.5, "b": 2.0}))
    assert (found.verdict, found.beyond) == ("refuted", None)


@pytest.mark.parametrize(
    ("net", "verdict"),
    [
        (COPIER, "supported"),
        (replace(COPIER, psnr=32.9), "regime not reached"),
        (replace(COPIER, psnr=32.9, judged=False), "supported"),
        (replace(COPIER, code_ratio=0.67), "regime not reached"),
        (replace(COPIER, code_ratio=math.nan), "supported"),
        (replace(COPIER, psnr=math.nan), "supported"),
    ],
)
def test_nets_that_are_judged_must_copy_as_the_regime_says(net: NetRecord, verdict: str) -> None:
    runs = alike({"ratio": 0.5}) | {2: seed({"ratio": 0.5}, nets=(COPIER, net))}
    assert result(part(), runs=runs, regime=Regime(psnr=33.0, code=1.0)).verdict == verdict


def test_a_claim_that_asks_for_a_quality_and_judges_no_net_has_not_reached_it() -> None:
    runs = {number: seed({"ratio": 0.5}, nets=(replace(COPIER, judged=False),)) for number in range(3)}
    assert result(part(), runs=runs, regime=Regime(psnr=33.0)).verdict == "regime not reached"
    assert result(part(), runs=runs).verdict == "supported"


def test_a_regime_of_training_images_asks_for_copies_of_those() -> None:
    runs = {number: seed({"ratio": 0.5}, nets=(replace(COPIER, psnr=20.0),)) for number in range(3)}
    assert result(part(), runs=runs, regime=Regime(psnr=35.0, split="training")).verdict == "supported"
    assert result(part(), runs=runs, regime=Regime(psnr=37.0, split="training")).verdict == "regime not reached"


def test_a_part_is_judged_by_the_first_instrument_that_passes_in_every_seed() -> None:
    measured = {"ratio@axes": 0.5, "ratio@layout": 2.0}

    def found(axes: bool, layout: bool) -> tuple[str, str, float]:
        runs = alike({}) | {
            number: seed(measured, checks=(check("axes", passed=axes or number != 1), check("layout", passed=layout)))
            for number in range(3)
        }
        judged = result(part(by=("axes", "layout")), runs=runs)
        return judged.verdict, judged.parts[0].instrument, judged.parts[0].interval.mean

    assert found(axes=True, layout=True) == ("supported", "axes", 0.5)
    assert found(axes=False, layout=True) == ("refuted", "layout", 2.0)
    assert found(axes=False, layout=False) == ("instrument failed", "axes", 0.5)


def test_an_instrument_that_was_not_checked_in_a_seed_does_not_judge() -> None:
    runs = {number: seed({"ratio@axes": 0.5}, checks=(check("axes", passed=True),)) for number in range(2)}
    runs[2] = seed({"ratio@axes": 0.5})
    assert result(part(by=("axes",)), runs=runs).verdict == "instrument failed"


def test_ratios_are_averaged_by_their_logarithms_and_shares_by_their_odds() -> None:
    def interval(scale: PartScale, *values: float) -> tuple[float, float, float]:
        runs = {number: seed({"ratio": value}) for number, value in enumerate(values)}
        ends = result(part(scale=scale), runs=runs).parts[0].interval
        return ends.mean, ends.low, ends.high

    mean, low, high = interval("log", 0.25, 1.0, 4.0)
    assert mean == pytest.approx(1.0)
    assert low * high == pytest.approx(1.0)
    mean, low, high = interval("logit", 0.1, 0.5, 0.9)
    assert mean == pytest.approx(0.5)
    assert low + high == pytest.approx(1.0)
    assert 0 < low < high < 1
    # Such as a ratio of 0, which has no logarithm: it decides nothing.
    assert result(part(scale="log"), runs=alike({"ratio": 0.0})).verdict == "inconclusive"


@pytest.mark.parametrize("scale", ["linear", "log", "logit"])
@pytest.mark.parametrize("value", [1e-6, 0.2, 0.5, 0.999])
def test_a_number_comes_back_from_a_scale(scale: PartScale, value: float) -> None:
    assert from_scale(to_scale(value, scale), scale) == pytest.approx(value)


def test_a_bound_must_have_a_place_on_the_scale_of_its_part() -> None:
    with pytest.raises(ArgumentError, match="the bound of ratio must be a number of its scale, log"):
        Part(name="ratio", measure="1", holds_when=Above(-1.0), scale="log")
    with pytest.raises(ArgumentError, match="of its scale, logit"):
        Part(name="share", measure="1", holds_when=Within(0.7, around=0.5), scale="logit")


def test_a_regime_asks_for_a_quality_or_says_why_it_asks_for_none() -> None:
    for wrong in ({"psnr": None}, {"psnr": 33.0, "why": "no net"}):
        with pytest.raises(ArgumentError, match="must ask for a PSNR, or say why"):
            Regime(**wrong)  # pyright: ignore[reportArgumentType]
    assert Regime(psnr=33, code=1).text == (
        "copies of held-out images of at least 33 dB, a code of at least 1 times the image's values"
    )


def measured_by(*, checks: bool, named: bool) -> Experiment:
    """A claim whose only part is measured by an instrument, checked or not, with its name or without."""

    def run(trial: Trial) -> Measurements:
        if checks:
            trial.check(check("axes", passed=True))
        return Measurements(values={"ratio": {"axes": 0.5} if named else 0.5})

    return Experiment(claim=Claim(sentence="It is.", source="x", parts=(part(by=("axes",)),), regime=NO_NETS), run=run)


def test_a_run_cannot_leave_out_the_controls_of_its_instruments(tmp_path: Path) -> None:
    whole = run_claims({"it": measured_by(checks=True, named=True)}, scale="smoke", out=tmp_path / "whole")
    assert whole["it"].seeds[0].values == {"ratio@axes": 0.5}
    assert (whole["it"].verdict, whole["it"].parts[0].instrument) == ("supported", "axes")
    for checks, named in ((False, True), (True, False)):
        with pytest.raises(TrainingError, match=r"ratio by each of its instruments, checked in the same run.* axes"):
            run_claims({"it": measured_by(checks=checks, named=named)}, scale="smoke", out=tmp_path / "part")


def test_a_net_below_its_snapshot_leaves_the_seed_without_numbers_and_the_claim_out_of_its_regime(
    tmp_path: Path,
) -> None:
    from copyist.claims import runner
    from copyist.errors import RegimeError

    def run(trial: Trial) -> Measurements:
        if trial.seed == 2:
            raise RegimeError("net reached 30.0 dB, and 33 dB was asked for")
        return Measurements(values={"ratio": 0.5})

    claim = Claim(sentence="It is.", source="x", parts=(part(),), regime=NO_NETS)
    found = run_claims({"it": Experiment(claim=claim, run=run)}, scale="smoke", out=tmp_path)["it"]
    assert found.verdict == "regime not reached"
    assert found.seeds[2].missed == "net reached 30.0 dB, and 33 dB was asked for"
    assert found.seeds[2].values == {}
    assert runner.read_result(tmp_path / "it.json").to_document() == found.to_document()


def test_a_trial_keeps_how_well_each_net_copies_and_which_are_judged() -> None:
    from copyist import recipes

    trial = known_trial(lambda _: Affine(shift=0.1))
    recipe = recipes.unet(data="scenes?size=16&limit=16")
    trial.trained(recipe, control=True)
    (net,) = trial.nets.values()
    assert (net.judged, net.code_ratio) == (False, 1.0)
    assert (net.psnr, net.psnr_training) == (pytest.approx(20.0, abs=1e-3),) * 2
    assert net.visits == recipe.training.steps * recipe.training.batch_size
    trial.trained(recipe)
    trial.trained(recipe, control=True)
    assert [net.judged for net in trial.nets.values()] == [True]
