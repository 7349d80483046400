"""Work in several processes: results as they come, and one sentence where a process dies."""

import os

import pytest
from joblib import parallel_config

from copyist.errors import JobError, UnknownNameError
from copyist.jobs import cores_at_hand, on_backend, once_per_process, run_jobs


def product(a: int, b: int) -> int:
    return a * b


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("backend", ["threading", pytest.param("multiprocessing", marks=pytest.mark.slow)])
def test_every_call_gives_its_result_on_backends_that_give_all_at_once_too(jobs: int, backend: str) -> None:
    with parallel_config(backend=backend):
        found = list(run_jobs(product, [(a, 10) for a in range(5)], jobs=jobs))
    assert sorted(found) == [0, 10, 20, 30, 40]


def test_work_that_is_left_early_says_nothing() -> None:
    with parallel_config(backend="threading"):
        results = run_jobs(product, [(a, 10) for a in range(50)], jobs=2)
        next(results)
        results.close()
    assert list(results) == []


@pytest.mark.slow
def test_a_process_that_has_died_is_one_sentence() -> None:
    with pytest.raises(JobError, match=r"was ended from outside, .* take fewer at once"):
        list(run_jobs(os._exit, [(1,), (1,)], jobs=2))  # pyright: ignore[reportArgumentType] it gives nothing back


def test_what_is_made_is_made_once_in_a_process_and_for_each_work_anew() -> None:
    made: list[str] = []

    def make() -> int:
        made.append(key)
        return len(made)

    for key, number in (("first", 1), ("first", 1), ("second", 2), ("second", 2)):
        assert once_per_process(key, make) == number
    assert made == ["first", "second"]


def test_a_backend_has_a_name_and_at_least_one_core() -> None:
    with pytest.raises(UnknownNameError, match="there is no backend 'rai'; did you mean 'ray'"), on_backend("rai"):
        pass
    with on_backend("loky") as at_once:
        assert 1 <= at_once <= cores_at_hand()
