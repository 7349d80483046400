"""The record of a run comes back as it was, as CSV and as TensorBoard events."""

import csv
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copyist.errors import DataError
from copyist.training import HistoryRow, read_history, train
from copyist.training.history import write_history
from training.tiny import StoppedError, Told, tiny

FLOATS = st.floats(allow_nan=False)
ROWS = st.lists(
    st.builds(
        HistoryRow,
        step=st.integers(0, 10**9),
        loss=FLOATS,
        validation_loss=st.none() | FLOATS,
        learning_rate=FLOATS,
        seconds=st.floats(0, 1e9),
        measures=st.dictionaries(st.sampled_from(["kl", "dead_units", "active_units"]), FLOATS),
    )
)


@given(rows=ROWS)
def test_rows_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, rows: list[HistoryRow]) -> None:
    path = tmp_path_factory.mktemp("history") / "history.csv"
    write_history(path, rows)
    assert read_history(path) == rows


def test_the_file_is_plain_csv(tmp_path: Path) -> None:
    run = train(tiny(), out=tmp_path / "run")
    with (run.folder / "history.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["step", "loss", "validation_loss", "learning_rate", "seconds"]
    assert [row[0] for row in rows[1:]] == ["10", "20", "30", "40"]
    assert {len(row) for row in rows} == {5}


@pytest.mark.parametrize("text", ["step,loss\n1,2\n", "step,loss,validation_loss,learning_rate,seconds\na,1,1,1,1\n"])
def test_what_is_no_history_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(DataError, match=r"history.csv is no training history \(.*\); train again with --force$"):
        read_history(tmp_path / "history.csv")
    with pytest.raises(DataError, match=r"nothing is no training history"):
        read_history(tmp_path / "nothing")


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    loaded: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = loaded.EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(item.step, item.value) for item in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_tensorboard_reads_the_same_rows_once_each_although_the_run_was_killed(tmp_path: Path) -> None:
    for stop_at in (15, 35):
        with pytest.raises(StoppedError):
            train(tiny(), out=tmp_path / "run", resume=stop_at == 35, observer=Told(stop_at=stop_at))
    run = train(tiny(), out=tmp_path / "run", resume=True)
    found, rows = scalars(run.folder / "tensorboard"), run.history()
    assert found["loss/training"] == [(row.step, pytest.approx(row.loss)) for row in rows]
    assert found["learning_rate"] == [(row.step, pytest.approx(row.learning_rate)) for row in rows]
    assert found["loss/validation"] == [
        (row.step, pytest.approx(row.validation_loss)) for row in rows if row.validation_loss is not None
    ]


def test_without_tensorboard_a_run_says_so_once_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    told = Told()
    run = train(tiny(), out=tmp_path / "run", observer=told)
    assert told.sentences == ["no TensorBoard events are written; pip install 'copyist[tensorboard]' brings them"]
    assert len(run.history()) == 4
    assert not (run.folder / "tensorboard").exists()
