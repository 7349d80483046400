"""The exported file is timed as ours, and the model in PyTorch as what it is held against."""

import pytest

from copyist.bench import exported
from copyist.bench.measure import Loop, Times
from copyist.models.unet import UNetConfig


class Enough(Exception):  # noqa: N818 (it is no error)
    """No further turn is wanted."""


def test_a_ratio_above_one_says_that_the_exported_file_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    def race(ours: Loop, reference: Loop, **_: object) -> Times:
        assert [loop.func for loop in (ours, reference)] == [exported.onnx_copies, exported.eager_copies]  # type: ignore[attr-defined]
        return [0.1, 0.2, 0.1], [0.3, 0.3, 0.4]

    monkeypatch.setattr(exported, "race", race)
    found = exported.bench_export(widths=(4,), size=16, batch=2, rounds=3, levels=2)
    assert found.comparisons[0].ratio.median == pytest.approx(3)
    assert (found.name, found.unit, found.images_per_unit) == ("export", "batch", 2)


@pytest.mark.slow
def test_both_loops_copy_the_batch_until_they_are_told_to_stop() -> None:

    for loop in (exported.onnx_copies, exported.eager_copies):
        turns: list[int] = []

        def turn(turns: list[int] = turns) -> None:
            turns.append(1)
            if len(turns) == 3:
                raise Enough

        with pytest.raises(Enough):
            loop(UNetConfig(channels=3, width=2, levels=1, convolutions=1), 8, 2, turn)
        assert len(turns) == 3
