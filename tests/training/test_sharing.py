"""Two processes that share a run: the steps of one with the whole batch, resumed as often as one likes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from copyist.checkpoint import read_header, read_tensors
from copyist.errors import CheckpointError
from copyist.training import Run, read_history, train
from copyist.training.store import Store
from training.sharing import EQUAL, LONG, LONG_SHARDED, PER_DEVICE, SEED, SHARDED
from training.tiny import Told, same_bits, weights

PROGRAM = Path(__file__).with_name("sharing.py")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes, started by torchrun, trained all of the runs."""
    folder = tmp_path_factory.mktemp("two")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    path = os.pathsep.join([str(PROGRAM.parent.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *launch, str(PROGRAM), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What one process alone makes of the long run."""
    return train(LONG, out=tmp_path_factory.mktemp("alone") / "run", seed=SEED)


def check_close(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Equal but for the order of float32 sums: another draw of the noise differs by a hundred times as much."""
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", list(EQUAL))
def test_two_processes_that_share_a_run_train_as_one_does(two: Path, tmp_path: Path, name: str) -> None:
    one = train(EQUAL[name], out=tmp_path / "one", seed=SEED)
    assert read_header(two / name / "model.safetensors").training["processes"] == 2
    check_close(weights(two / name), weights(one))
    for shared, alone in zip(read_history(two / name / "history.csv"), one.history(), strict=True):
        assert shared.loss == pytest.approx(alone.loss, rel=1e-4)
        assert shared.validation_loss == pytest.approx(alone.validation_loss, rel=1e-4)
        assert shared.measures == pytest.approx(alone.measures, rel=1e-3, abs=1e-5)
    other = train(EQUAL[name], out=tmp_path / "other", seed=SEED + 1)
    assert max(float((weights(one)[key] - value).abs().max()) for key, value in weights(other).items()) > 1e-2


def test_two_processes_that_are_killed_and_resumed_twice_have_the_bits_of_two_that_were_not(two: Path) -> None:
    assert same_bits(two / "twice", two / "straight")


def test_a_run_of_two_processes_that_one_goes_on_with_has_the_steps_of_one_alone(
    two: Path, tmp_path: Path, straight: Run
) -> None:
    folder = Path(shutil.copytree(two / "handed-over", tmp_path / "run"))
    observer = Told()
    resumed = train(LONG, out=folder, seed=SEED, resume=True, observer=observer)
    # Adam divides by the root of tiny squares, which magnifies rounding.
    for name, weight in weights(straight).items():
        torch.testing.assert_close(weights(resumed)[name], weight, rtol=1e-3, atol=1e-4)
    assert any(said.startswith("the run was shared by 2 processes and goes on with 1;") for said in observer.sentences)


@pytest.mark.parametrize("name", list(SHARDED))
def test_two_processes_that_divide_the_weights_train_as_two_that_do_not(two: Path, name: str) -> None:
    check_close(weights(two / f"sharded-{name}"), weights(two / name))
    for shared, whole in zip(
        read_history(two / f"sharded-{name}" / "history.csv"), read_history(two / name / "history.csv"), strict=True
    ):
        assert shared.loss == pytest.approx(whole.loss, rel=1e-5)
        assert shared.validation_loss == pytest.approx(whole.validation_loss, rel=1e-5)


def test_divided_weights_are_computed_with_by_the_kernels_of_whole_ones(two: Path) -> None:
    """In bfloat16 those of another layout, as without channels_last, differ by twenty times as much."""
    for name, weight in weights(two / "half").items():
        torch.testing.assert_close(weights(two / "sharded-half")[name], weight, rtol=1e-5, atol=1e-6)


def test_divided_weights_are_resumed_twice_with_their_bits_and_by_one_process_too(two: Path, tmp_path: Path) -> None:
    """With an average, best weights and snapshots, all of which are whole in their files."""
    assert same_bits(two / "sharded-twice", two / "sharded-straight")
    one = train(LONG_SHARDED, out=tmp_path / "one", seed=SEED)
    folder = Path(shutil.copytree(two / "sharded-handed-over", tmp_path / "run"))
    resumed = train(LONG_SHARDED, out=folder, seed=SEED, resume=True)
    for run in (resumed, Run(Store(two / "sharded-straight"))):
        for name, weight in weights(one).items():
            torch.testing.assert_close(weights(run)[name], weight, rtol=1e-3, atol=1e-4)
        kept, expected = run.snapshot(1.0), one.snapshot(1.0)
        assert kept is not None
        assert expected is not None
        for name, weight in expected.state_dict().items():
            torch.testing.assert_close(kept.state_dict()[name], weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("what", ["weights", "gradients", "moments"])
def test_a_process_has_its_part_of_each_weight_and_of_what_belongs_to_it(two: Path, what: str) -> None:
    """Together they have everything once; the first of two has more, where a weight cannot be halved."""
    whole = json.loads((two / "whole-0.json").read_text())[what]
    parts = [json.loads((two / f"divided-{rank}.json").read_text())[what] for rank in range(2)]
    assert sum(parts) == whole
    assert max(parts) < 0.55 * whole


def test_a_run_whose_devices_normalize_by_their_own_parts_is_only_resumed_by_as_many(two: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(two / "per-device", tmp_path / "run"))
    with pytest.raises(CheckpointError, match=r"must go on with as many processes, 2, got 1; take --devices 2$"):
        train(PER_DEVICE, out=folder, seed=SEED, resume=True)


def test_the_statistics_that_devices_share_are_chosen_and_said_in_the_file(two: Path) -> None:
    shared = read_header(two / "straight" / "model.safetensors")
    assert (shared.training["processes"], shared.training["batch_statistics"]) == (2, "synchronized")
    assert shared.batch_size == LONG.training.batch_size
    own, _ = read_tensors(two / "per-device" / "state" / "state.safetensors")
    assert own["header"]["training"]["batch_statistics"] == "per-device"
    assert own["header"]["batch_size"] == LONG.training.batch_size // 2
    (_, a), (_, b) = (
        read_tensors(two / name / "state" / "state.safetensors") for name in ("per-device", "handed-over")
    )
    assert max(float((a[name] - b[name]).abs().max()) for name in a if name.startswith("model.")) > 1e-3
