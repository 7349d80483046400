"""Steps are counted and profiled one part after the other, and what is entered for it is left again."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Self

import pytest
import torch
from torch.autograd import profiler
from torch.utils._python_dispatch import _get_current_dispatch_mode  # pyright: ignore[reportPrivateUsage]

from copyist.bench import step_profile
from copyist.bench.measure import Turn, run_steps
from copyist.bench.step_profile import observe_steps


class Here:
    """A process that is this one, so that what it leaves behind is seen."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, call: Callable[..., Any], *arguments: object) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(call(*arguments))
        return done


def products(turn: Turn, *, most: int) -> None:
    """The step of number n is n products."""
    a = torch.ones(2, 2)
    for number in range(1, most + 1):
        for _ in range(number):
            torch.mm(a, a)
        turn()


def test_a_loop_ends_when_it_is_told_to() -> None:
    taken, answers = list[int](), iter([True, True, False])

    def loop(turn: Turn) -> None:
        for number in range(100):
            taken.append(number)
            turn()

    run_steps(loop, steps=3, go_on=lambda: next(answers))
    assert taken == list(range(9))


def test_a_loop_that_ends_by_itself_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"^a loop ended after 5 steps, before it was told to"):
        run_steps(partial(products, most=5), steps=3, go_on=lambda: True)


def test_the_second_part_of_the_steps_is_counted_and_the_fourth_profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_profile, "ProcessPoolExecutor", Here)
    found = observe_steps(partial(products, most=100), steps=2)
    # Steps 3 and 4 have 7 products.
    assert {each.name: each.calls for each in found.operations} == {"mm": 3.5}
    assert 0 < found.seconds["resampling"] < found.profiled


@pytest.mark.parametrize("most", [1, 3, 5, 7])
def test_nothing_stays_entered_where_a_loop_ends_early(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_profile, "ProcessPoolExecutor", Here)
    with pytest.raises(RuntimeError, match=f"^a loop ended after {most} steps, before it was told to"):
        observe_steps(partial(products, most=most), steps=2)
    assert _get_current_dispatch_mode() is None
    assert not profiler._is_profiler_enabled  # pyright: ignore[reportPrivateUsage]
