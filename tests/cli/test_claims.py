"""`copyist claims`, on claims so small that their answers are known on paper, and on one real one."""

import json
from pathlib import Path

import pytest

from copyist.claims import catalogue
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.errors import RegimeError, TrainingError
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

from .conftest import copyist, inside

CLAIM = Claim(
    sentence="Seeds are small.",
    source="nobody",
    regime=Regime(psnr=None, why="there is no net"),
    parts=(
        Part(name="level", measure="the seed / 10", holds_when=Below(1.0), source="small, on the first page"),
        Part(name="share", measure="the same", holds_when=Above(1.0)),
    ),
    controls=(Control(name="twice", measure="the seed, doubled"),),
)


def run(trial: Trial) -> Measurements:
    return Measurements(values={"level": trial.seed / 10, "share": trial.seed / 10, "twice": 2.0 * trial.seed})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """No claims but one."""
    monkeypatch.setattr(catalogue, "NAMES", ("small",))
    monkeypatch.setattr(catalogue, "experiment", lambda name: Experiment(claim=CLAIM, run=run))


@pytest.mark.usefixtures("small")
def test_claims_are_listed_with_their_sentences_and_verdicts(tmp_path: Path) -> None:
    assert copyist("claims", "list").stdout == "small  Seeds are small.\n"
    assert copyist("claims", "list", "--json").result["small"]["parts"][0]["holds_when"] == "below 1"
    assert copyist("claims", "list", "--results", tmp_path).stdout == "small  not run  –  Seeds are small.\n"
    copyist("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path)
    assert copyist("claims", "list", "--results", tmp_path).stdout == "small  supported  refuted  Seeds are small.\n"
    listed = copyist("claims", "list", "--results", tmp_path, "--json").result["small"]
    assert (listed["verdict"], listed["beyond"]) == ("supported", "refuted")


@pytest.mark.usefixtures("small")
def test_a_run_shows_each_part_with_its_interval_and_bound_and_tells_how_far_it_is(tmp_path: Path) -> None:
    answer = copyist("claims", "run", "small", "--jobs", 1, "--scale", "smoke", "--out", tmp_path)
    # Student's interval of 0, 0.1 and 0.2: 0.1 ± 4.3027 · 0.1 / √3.
    assert answer.stdout.splitlines() == [
        "small: supported, beyond refuted (scale smoke, 3 seeds)",
        "  level  source  0.100 [−0.148, 0.348]  below 1  supported",
        "  share  ours    0.100 [−0.148, 0.348]  above 1  refuted",
    ]
    assert answer.stderr.splitlines() == [f"{n} of 3: small, seed {n - 1}, 0 s" for n in (1, 2, 3)]
    again = copyist("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path, "--seeds", "2,3", "--json")
    assert again.stderr == "1 of 1: small, seed 3, 0 s\n"
    assert (again.result["small"]["verdict"], again.result["small"]["beyond"]) == ("supported", "refuted")
    assert again.result["small"]["parts"][0]["interval"]["mean"] == pytest.approx(0.15)


@pytest.mark.usefixtures("small")
def test_a_report_is_written_beside_the_results(tmp_path: Path) -> None:
    copyist("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path)
    answer = copyist("claims", "report", tmp_path)
    page = tmp_path / "report.html"
    assert answer.stdout == f"1 supported; beyond: 1 refuted; see {tmp_path / 'README.md'} or {page}\n"
    assert {path.name for path in tmp_path.iterdir()} == {
        "README.md", "report.html", "small.json", "small.md", "small.svg", "small-small.svg"
    }  # fmt: skip
    found = copyist("claims", "report", tmp_path, "--json").result
    assert (found["verdicts"], found["beyond"]) == ({"supported": 1}, {"refuted": 1})


def test_a_seed_that_missed_the_regime_says_what_it_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def misses(trial: Trial) -> Measurements:
        raise RegimeError("unet reached 31.2 dB, and 33 dB was asked for")

    monkeypatch.setattr(catalogue, "NAMES", ("small",))
    monkeypatch.setattr(catalogue, "experiment", lambda name: Experiment(claim=CLAIM, run=misses))
    answer = copyist("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path, "--seeds", "0")
    assert answer.stdout.splitlines()[0] == "small: regime not reached, beyond regime not reached (scale smoke, 1 seed)"
    assert "  seed 0: unet reached 31.2 dB, and 33 dB was asked for" in answer.stdout.splitlines()


def test_a_run_that_fails_is_named_and_the_others_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(trial: Trial) -> Measurements:
        if trial.seed == 1:
            raise TrainingError("the loss must be a number, got nan; take a smaller learning rate")
        return run(trial)

    monkeypatch.setattr(catalogue, "NAMES", ("small",))
    monkeypatch.setattr(catalogue, "experiment", lambda name: Experiment(claim=CLAIM, run=fails))
    answer = copyist("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path)
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr.splitlines() == [
        "1 of 3: small, seed 0, 0 s",
        "2 of 3: small, seed 1, failed: the loss must be a number, got nan; take a smaller learning rate",
        "3 of 3: small, seed 2, 0 s",
        "copyist: 1 of 3 runs failed, and what the others found is kept; the first of them, small with seed 1: the "
        "loss must be a number, got nan; take a smaller learning rate",
    ]
    assert list(json.loads((tmp_path / "small.json").read_text())["seeds"]) == ["0", "2"]


@pytest.mark.usefixtures("small")
def test_force_measures_again(tmp_path: Path) -> None:
    line = ("claims", "run", "--jobs", 1, "--scale", "smoke", "--out", tmp_path)
    copyist(*line)
    assert copyist(*line).stderr == ""
    assert len(copyist(*line, "--force").stderr.splitlines()) == 3


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("skips-learn-identty",), "there is no claim 'skips-learn-identty'; did you mean 'skips-learn-identity'?"),
        (("--scale", "standart"), "there is no scale 'standart'; did you mean 'standard'?"),
        (("--seeds", "0,x"), "seeds must be whole numbers of at least 0 with commas between, got '0,x'"),
        (("--seeds", ""), "seeds must be whole numbers of at least 0 with commas between, got ''"),
        (("--seeds", "1,-1"), "seeds must be whole numbers of at least 0 with commas between, got '1,-1'"),
        (("--jobs", "0"), "jobs must be at least 1, got 0"),
        (("--backend", "rai"), "there is no backend 'rai'; did you mean 'ray'?"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(
    line: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not line[0].startswith("skips"):
        monkeypatch.setattr(catalogue, "experiment", lambda name: Experiment(claim=CLAIM, run=run))
    assert copyist("claims", "run", *line, "--out", tmp_path / "out").sentence == sentence
    assert inside(tmp_path) == {}


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
@pytest.mark.usefixtures("small")
def test_a_cluster_that_is_not_installed_is_named(
    backend: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (package, f"{package}.util", f"{package}.util.joblib"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    assert copyist("claims", "run", "--backend", backend, "--out", tmp_path / "out").sentence == (
        f"--backend {backend} needs {package}, which is not installed; pip install 'copyist[{backend}]'"
    )
    assert inside(tmp_path) == {}


@pytest.mark.usefixtures("small")
def test_results_that_do_not_fit_are_refused_and_left_alone(tmp_path: Path) -> None:
    line = ("claims", "run", "--jobs", 1, "--out", tmp_path, "--scale")
    copyist(*line, "smoke")
    file = tmp_path / "small.json"
    assert copyist(*line, "standard").sentence == (
        f"{file} was measured at scale smoke, and standard was asked for; choose another folder with --out"
    )
    whole = file.read_text()
    for text, sentence in (
        (whole[:300], "is no whole result of a claim"),
        (json.dumps(json.loads(whole) | {"version": 9}), "was written by copyist 0.1.0 (format 9), and this is"),
    ):
        file.write_text(text)
        for command in ((*line, "smoke"), ("claims", "list", "--results", tmp_path), ("claims", "report", tmp_path)):
            assert copyist(*command).sentence.startswith(f"{file} {sentence}")
        assert inside(tmp_path) == {"small.json": text.encode()}


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for line in (("report", tmp_path), ("report", tmp_path / "none"), ("list", "--results", tmp_path / "none")):
        assert copyist("claims", *line).sentence.endswith("and there is none; run copyist claims run first")


@pytest.mark.slow
def test_a_real_claim_runs_at_scale_smoke_and_is_reported(tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = ("untrained-representations-are-gaussian", "--scale", "smoke", "--seeds", 0, "--jobs", 1)
    answer = copyist("claims", "run", *line, "--out", out)
    # One seed tells no interval, so it decides nothing.
    assert answer.stdout.startswith("untrained-representations-are-gaussian: inconclusive, beyond inconclusive (scale")
    assert copyist("claims", "report", out).code == 0
    assert "Kolmogorov–Smirnov" in (out / "untrained-representations-are-gaussian.md").read_text()


@pytest.mark.slow
def test_nets_that_claims_share_are_trained_once_and_kept(tmp_path: Path) -> None:
    line = (
        "claims",
        "train",
        "plain",
        *["--scale", "smoke", "--seeds", "0", "--jobs", "1", "--json"],
        "--models",
        tmp_path,
    )
    first = copyist(*line).result
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert written
    assert copyist(*line).result == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == written
    (net,) = first["nets"]
    assert (net["variant"], net["seed"], net["rungs"][-1]["visits"]) == ("plain", 0, 20 * 16)
    assert copyist("claims", "train", "plane", "--models", tmp_path).sentence.startswith(
        "there is no net of the ladder 'plane'; did you mean 'plain'"
    )
