"""Claims run on the smallest experiments there are: what is kept, what is made again, and what is refused."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import t as student

from copyist.claims.catalogue import NAMES, experiment, experiments
from copyist.claims.result_file import read_result
from copyist.claims.runner import run_claims
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.errors import ArgumentError, DataError, InterruptionError, OutputError, TrainingError, UnknownNameError

from .claims_to_test import FAILING, LARGE, OPEN, SMALL, WITHOUT_NUMBERS, run


def verdict(experiment: Experiment, out: Path, **options: Any) -> str:
    """Of one claim, run at scale smoke."""
    return run_claims({"small": experiment}, scale="smoke", out=out, **options)["small"].verdict


def written(folder: Path, name: str = "small") -> dict[str, Any]:
    return json.loads((folder / f"{name}.json").read_text())


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """A folder with the result of all three seeds."""
    run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "done")
    return tmp_path / "done"


def test_what_a_run_gives_back_is_what_it_wrote(tmp_path: Path) -> None:
    for each in (SMALL, WITHOUT_NUMBERS, OPEN):
        result = run_claims({"small": each}, scale="smoke", out=tmp_path, overwrite=True)["small"]
        assert written(tmp_path) == result.to_document()


def test_a_part_has_students_interval_over_seeds_and_the_verdict_that_follows(done: Path) -> None:
    result = written(done)
    part = result["parts"][0]
    values = np.array([0.0, 0.1, 0.2])
    low, high = student.interval(0.95, df=2, loc=values.mean(), scale=values.std(ddof=1) / math.sqrt(3))
    assert part["interval"] == pytest.approx({"mean": 0.1, "low": low, "high": high})
    assert (result["verdict"], part["verdict"]) == ("supported", "supported")
    assert result["controls"][0]["interval"]["mean"] == pytest.approx(2.0)
    assert [result["seeds"][seed]["values"]["twice"] for seed in "012"] == [0.0, 2.0, 4.0]


def test_a_bound_on_the_other_side_refutes(tmp_path: Path) -> None:
    assert verdict(LARGE, tmp_path) == "refuted"


def test_only_missing_seeds_are_run(done: Path) -> None:
    (before, told) = (written(done)["seeds"], [])
    asked: list[int] = []

    def counting(trial: Trial) -> Measurements:
        asked.append(trial.seed)
        return run(trial)

    counted = {"small": replace(SMALL, run=counting)}
    run_claims(
        counted, scale="smoke", out=done, seeds=(4, 2, 3, 3), progress=lambda *each: told.append((*each[:2], *each[3:]))
    )
    assert asked == [4, 3]
    assert told == [("small", 4, 1, 2), ("small", 3, 2, 2)]
    assert list(written(done)["seeds"]) == ["0", "1", "2", "3", "4"]
    assert {seed: written(done)["seeds"][seed] for seed in "012"} == before


def test_an_interrupted_run_keeps_whole_results_and_goes_on_where_it_was(tmp_path: Path) -> None:
    def interrupted(trial: Trial) -> Measurements:
        if trial.seed == 2:
            raise KeyboardInterrupt
        return run(trial)

    with pytest.raises(KeyboardInterrupt):
        run_claims({"small": replace(SMALL, run=interrupted)}, scale="smoke", out=tmp_path)
    assert list(read_result(tmp_path / "small.json").seeds) == [0, 1]
    run_claims({"small": SMALL}, scale="smoke", out=tmp_path)
    assert list(written(tmp_path)["seeds"]) == ["0", "1", "2"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signal_to_the_training_of_a_net_ends_the_run_and_not_only_its_seed(jobs: int, tmp_path: Path) -> None:
    def ended(trial: Trial) -> Measurements:
        if trial.seed == 1:
            raise InterruptionError("interrupted after 3 steps", signal=15)
        return run(trial)

    with pytest.raises(InterruptionError, match="interrupted after 3 steps") as caught:
        run_claims({"small": replace(SMALL, run=ended)}, scale="smoke", out=tmp_path, jobs=jobs)
    assert caught.value.signal == 15
    if jobs == 1:
        assert list(read_result(tmp_path / "small.json").seeds) == [0]


def test_pictures_are_those_of_the_first_seed_whatever_order_the_seeds_came_in(tmp_path: Path) -> None:
    for seeds in ((1,), (3, 2), (0, 4)):
        run_claims({"small": SMALL}, scale="smoke", out=tmp_path, seeds=seeds)
        first = min(map(int, written(tmp_path)["seeds"]))
        assert written(tmp_path)["pictures"] == [
            {
                "name": "flat",
                "file": "small-flat.webp",
                "caption": f"Seed {first}.",
                "small": "small-flat-small.webp",
            }
        ]
        with Image.open(tmp_path / "small-flat.webp") as image:
            assert np.asarray(image)[0, -1].tolist() == [round(25.5 * first)] * 3


def test_what_is_not_a_number_is_null_on_disk_and_says_nothing(tmp_path: Path) -> None:
    assert verdict(WITHOUT_NUMBERS, tmp_path) == "inconclusive"
    document, result = written(tmp_path), read_result(tmp_path / "small.json")
    assert document["seeds"]["0"]["values"]["level"] is None
    assert document["parts"][0]["interval"] == {"mean": None, "low": None, "high": None}
    assert math.isnan(result.seeds[0].values["level"])
    assert math.isnan(result.parts[0].interval.low)


def test_infinity_in_a_curve_is_null(done: Path) -> None:
    assert written(done)["seeds"]["1"]["curves"]["fall"]["lines"] == {"a": [0.1, None]}


def test_a_part_that_waits_leaves_the_claim_open(tmp_path: Path) -> None:
    assert verdict(OPEN, tmp_path) == "open"
    assert written(tmp_path)["parts"][0]["verdict"] == "open"


def test_force_measures_again_what_was_declared_otherwise(done: Path) -> None:
    with pytest.raises(DataError, match=r"declared otherwise; add --force"):
        run_claims({"small": LARGE}, scale="smoke", out=done)
    assert verdict(LARGE, done, overwrite=True) == "refuted"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda d: d.update(scale="gpu"), r"measured at scale gpu, and smoke was asked for; choose another folder"),
        (lambda d: d.update(package="9.9"), r"was measured by copyist 9.9, and this is"),
        (lambda d: d.update(schema="other"), r"is no result of a claim; delete it"),
    ],
)
def test_a_result_that_does_not_fit_is_refused_and_left_alone(
    edit: Callable[[dict[str, Any]], object], sentence: str, done: Path
) -> None:
    document = written(done)
    edit(document)
    (done / "small.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=sentence):
        run_claims({"new": SMALL, "small": SMALL}, scale="smoke", out=done)
    assert written(done) == document
    assert not (done / "new.json").exists()


def test_one_failure_does_not_end_the_other_runs(tmp_path: Path) -> None:
    sentence = (
        r"1 of 6 runs failed, and what the others found is kept; the first of them, failing with seed 1: "
        r"the loss must be a number, got nan; take a smaller learning rate"
    )
    with pytest.raises(TrainingError, match=sentence):
        run_claims({"failing": FAILING, "small": SMALL}, scale="smoke", out=tmp_path)
    assert list(written(tmp_path, "failing")["seeds"]) == ["0", "2"]
    assert list(written(tmp_path)["seeds"]) == ["0", "1", "2"]


def test_a_measurement_that_was_not_declared_is_refused(tmp_path: Path) -> None:
    odd = Experiment(claim=SMALL.claim, run=lambda trial: Measurements(values={"level": 1, "draw": 1, "other": 1}))
    with pytest.raises(TrainingError, match=r"odd must measure each of its parts and controls.* see other, twice"):
        run_claims({"odd": odd}, scale="smoke", out=tmp_path)


def test_what_cannot_be_asked_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"there is no scale 'gpuu'; did you mean 'gpu'\?"):
        run_claims({"small": SMALL}, scale="gpuu", out=tmp_path / "out")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="at least one seed"):
        run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "out", seeds=())
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, and results need a folder; choose another place"):
        run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "file")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_however_many_run_at_once(done: Path, tmp_path: Path) -> None:
    run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "two", jobs=2)
    one, two = written(done)["seeds"], written(tmp_path / "two")["seeds"]
    assert {seed: one[seed]["values"] for seed in one} == {seed: two[seed]["values"] for seed in two}


@pytest.mark.slow
def test_a_backend_that_gives_all_results_at_once_gives_the_same(done: Path, tmp_path: Path) -> None:
    from joblib import parallel_config

    with parallel_config(backend="multiprocessing"):
        run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "two", jobs=2)
    values = [{seed: each["values"] for seed, each in written(at)["seeds"].items()} for at in (done, tmp_path / "two")]
    assert values[0] == values[1]


def test_each_claim_has_a_file_of_its_name() -> None:
    import copyist.claims.each as claims

    found = {path.stem.replace("_", "-") for path in Path(claims.__path__[0]).glob("[a-z]*.py")}
    assert found == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_an_unknown_claim_is_refused_and_the_nearest_offered() -> None:
    with pytest.raises(UnknownNameError, match=r"no claim 'skips-learn-identty'; did you mean 'skips-learn-identity'"):
        experiment("skips-learn-identty")
    with pytest.raises(UnknownNameError, match="no claim"):
        experiments(["skips-learn-identity", "?"])
    assert list(experiments(["skips-learn-identity"])) == ["skips-learn-identity"]


def test_results_of_another_folder_can_be_taken_along(done: Path, tmp_path: Path) -> None:
    shutil.copytree(done, tmp_path / "copy")
    before = (tmp_path / "copy" / "small.json").read_bytes()
    run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "copy")
    assert (tmp_path / "copy" / "small.json").read_bytes() == before


def test_a_claim_that_is_partly_open_has_no_result_before_it_has_run(tmp_path: Path) -> None:
    waiting = replace(SMALL.claim, parts=(replace(SMALL.claim.parts[0], waits_for="a model"), SMALL.claim.parts[1]))

    def fails(trial: Trial) -> Measurements:
        raise TrainingError("the loss must be a number")

    with pytest.raises(TrainingError):
        run_claims({"small": Experiment(claim=waiting, run=fails)}, scale="smoke", out=tmp_path)
    assert not (tmp_path / "small.json").exists()
