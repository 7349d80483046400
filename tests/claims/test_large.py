"""The source's sizes in calls of minutes, dry-run at toy size: what a call leaves, the next one goes on with."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from copyist.claims import large
from copyist.claims.large import run_large
from copyist.claims.large_plan import toy_plan
from copyist.errors import ArgumentError, DataError, OutputError
from training.tiny import Told

STAGES = [
    "train-scenes", "train-scenes-skips", "denoising", "samples-3", "samples-5", "walk", "stilling", "train-faces",
    "denoising-faces", "samples-faces",
]  # fmt: skip


class AfterSteps(Told):
    """A deadline by the number of steps that this call has taken."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left, self.over = steps, False

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.left -= 1
        if self.left == 0:
            self.over = True
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.usefixtures("few_filter_settings")
def test_calls_that_end_at_their_time_come_to_what_one_call_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = toy_plan()
    whole, left = run_large(tmp_path / "whole", models=tmp_path / "whole" / "models", minutes=5, plan=plan)
    assert ([each.name for each in whole], left) == (STAGES, [])
    for name in STAGES:
        if not name.startswith("train"):
            with Image.open(tmp_path / "whole" / f"large-{name}.webp") as picture:
                assert min(picture.size) > 16

    page = (tmp_path / "whole" / "large.md").read_text("utf-8")
    assert all(f"## {name}\n" in page for name in STAGES)
    assert "Not measured yet" not in page

    # The time is over at the 3rd step of the first net, and of the next call at once; then there is enough of it.
    ends = iter([3, 1])
    monkeypatch.setattr(large, "_Deadline", lambda _: AfterSteps(next(ends, 10**9)))
    found, calls = [], 0
    left = STAGES
    while left:
        found, left = run_large(tmp_path / "parts", models=tmp_path / "parts" / "models", minutes=5, plan=plan)
        assert [each.name for each in found] + left == STAGES
        calls += 1
    assert calls == 3
    for ours, theirs in zip(whole, found, strict=True):
        for name, value in theirs.values.items():
            if "second" not in name:
                assert ours.values[name] == pytest.approx(value, nan_ok=True), (ours.name, name)


def test_stages_of_another_plan_or_half_of_one_are_refused_and_left_alone(tmp_path: Path) -> None:
    stage = tmp_path / "large-walk.json"
    for text, sentence in (
        ('{"na', "is no whole result of a stage; delete it"),
        ('{"name": "walk"}', "is no whole result of a stage; delete it"),
        ("[]", "is no whole result of a stage; delete it"),
        (
            '{"name": "walk", "plan": "0", "values": {}, "caption": "", "seconds": 1, "device": "cpu"}',
            "was made with other sizes or pictures; choose another folder",
        ),
    ):
        stage.write_text(text)
        with pytest.raises(DataError, match=sentence):
            run_large(tmp_path, models=tmp_path / "models", minutes=1, plan=toy_plan())
        assert [path.name for path in tmp_path.iterdir()] == ["large-walk.json"]
    with pytest.raises(OutputError, match="is a file, and trained models need a folder"):
        run_large(tmp_path / "out", models=stage, minutes=1, plan=toy_plan())


def test_a_call_of_no_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="minutes"):
        run_large(tmp_path, models=tmp_path, minutes=0, plan=replace(toy_plan(), count=8))
