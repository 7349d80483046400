"""Work in several processes: results as they come, and one sentence where a process dies."""

import contextlib
import os
import re
import socket
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import joblib
import pytest
from joblib import parallel_config

from copyist.errors import ArgumentError, JobError, UnknownNameError
from copyist.jobs import cores_at_hand, forget, on_backend, once_per_process, run_jobs


def product(a: int, b: int) -> int:
    return a * b


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("backend", ["threading", pytest.param("multiprocessing", marks=pytest.mark.slow)])
def test_every_call_gives_its_result_on_backends_that_give_all_at_once_too(jobs: int, backend: str) -> None:
    with parallel_config(backend=backend):
        found = list(run_jobs(product, [(a, 10) for a in range(5)], jobs=jobs))
    assert sorted(found) == [0, 10, 20, 30, 40]


def test_no_more_processes_start_than_there_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Recording(joblib.Parallel):
        def __init__(self, n_jobs: int, **others: Any) -> None:
            asked.append(n_jobs)
            super().__init__(n_jobs=n_jobs, **others)

    monkeypatch.setattr(joblib, "Parallel", Recording)
    with parallel_config(backend="threading"):
        assert sorted(run_jobs(product, [(a, 10) for a in range(3)], jobs=9)) == [0, 10, 20]
    assert asked == [3]


def test_work_that_is_left_early_says_nothing_and_begins_no_more() -> None:
    begun: list[int] = []

    def work(a: int) -> int:
        begun.append(a)
        time.sleep(0.1 * (a > 0))
        return a

    with parallel_config(backend="threading"):
        results = run_jobs(work, [(a,) for a in range(50)], jobs=2)
        assert next(results) == 0
        results.close()
    count = len(begun)
    assert count < 50
    time.sleep(0.3)
    assert len(begun) == count


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
    forget("second")
    assert once_per_process(key, make) == 3
    forget(key)


class Cluster:
    """What copyist asks of the packages `distributed`, `dask.config` and `ray`, none of which need be installed."""

    def __init__(self, refusal: Exception | None = None, *, is_initialized: bool = False) -> None:
        self.refusal, self._is_initialized = refusal, is_initialized
        self.calls: list[tuple[str, dict[str, int]]] = []

    def Client(self, **settings: int) -> contextlib.AbstractContextManager[None]:  # noqa: N802 as Dask calls it
        self._call("Client", **settings)
        return contextlib.nullcontext()

    def get(self, key: str, default: None) -> str | None:
        assert key == "scheduler-address"
        return os.environ.get("DASK_SCHEDULER_ADDRESS", default)

    def register_ray(self) -> None:
        self._call("register_ray")

    def is_initialized(self) -> bool:
        return self._is_initialized

    def init(self, **settings: int) -> None:
        self._call("init", **settings)
        if self.refusal is not None:
            raise self.refusal

    def shutdown(self) -> None:
        self._call("shutdown")

    def _call(self, name: str, **settings: int) -> None:
        self.calls.append((name, settings))
        if name == "Client" and self.refusal is not None:
            raise self.refusal


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Cluster], Cluster]:
    """Puts a cluster in the place of Dask and Ray; what is sent to it runs in threads."""

    def put(cluster: Cluster) -> Cluster:
        for module in ("distributed", "dask", "dask.config", "ray", "ray.util", "ray.util.joblib"):
            monkeypatch.setitem(sys.modules, module, cast("ModuleType", cluster))
        monkeypatch.setattr("joblib.parallel_config", lambda **_: parallel_config(backend="threading"))
        for variable in ("DASK_SCHEDULER_ADDRESS", "RAY_ADDRESS"):
            monkeypatch.delenv(variable, raising=False)
        return cluster

    return put


@pytest.mark.parametrize(
    ("backend", "variable", "refusal"),
    [
        ("dask", "DASK_SCHEDULER_ADDRESS", OSError("timed out")),
        ("ray", "RAY_ADDRESS", ConnectionError("no instance")),
        ("ray", "RAY_ADDRESS", RuntimeError("failed to connect")),
    ],
)
def test_a_cluster_that_does_not_answer_is_one_sentence(
    backend: str,
    variable: str,
    refusal: Exception,
    install: Callable[[Cluster], Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(Cluster(refusal))
    monkeypatch.setenv(variable, "tcp://first:8786")
    sentence = rf"^a cluster of {backend.title()} must answer at tcp://first:8786, and none does; check {variable}$"
    with pytest.raises(ArgumentError, match=sentence), on_backend(backend):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "[::1]:{port}", "a..b:{port}"])
def test_an_address_where_no_one_listens_is_refused_before_ray_waits_for_minutes(
    address: str, install: Callable[[Cluster], Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = install(Cluster())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = address.format(port=taken.getsockname()[1])
    monkeypatch.setenv("RAY_ADDRESS", place)
    sentence = f"^a cluster of Ray must answer at {re.escape(place)}, and none does; check RAY_ADDRESS$"
    with pytest.raises(ArgumentError, match=sentence), on_backend("ray"):
        pass
    assert [name for name, _ in cluster.calls] == ["register_ray"]


@pytest.mark.parametrize(
    "address",
    [
        "auto",
        "127.0.0.1:{port}",
        pytest.param(
            "[::1]:{port}", marks=pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
        ),
        "tcp://127.0.0.1:1",
    ],
)
def test_what_listens_and_what_is_no_host_with_a_port_is_left_to_ray(
    address: str, install: Callable[[Cluster], Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = install(Cluster())
    family = socket.AF_INET6 if "::" in address else socket.AF_INET
    with socket.create_server(("", 0), family=family) as server:
        monkeypatch.setenv("RAY_ADDRESS", address.format(port=server.getsockname()[1]))
        with on_backend("ray"):
            pass
    assert [name for name, _ in cluster.calls] == ["register_ray", "init", "shutdown"]


def test_a_cluster_of_dask_that_nobody_names_has_one_thread_a_process(
    install: Callable[[Cluster], Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = install(Cluster())
    with on_backend("dask"):
        pass
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://first:8786")
    with on_backend("dask"):
        pass
    assert cluster.calls == [("Client", {"threads_per_worker": 1}), ("Client", {})]


@pytest.mark.parametrize("is_initialized", [False, True])
def test_ray_is_left_as_it_was_found(is_initialized: bool, install: Callable[[Cluster], Cluster]) -> None:
    cluster = install(Cluster(is_initialized=is_initialized))
    with on_backend("ray"):
        pass
    called = ["register_ray"] if is_initialized else ["register_ray", "init", "shutdown"]
    assert [name for name, _ in cluster.calls] == called


def test_a_backend_has_a_name_and_at_least_one_core() -> None:
    with pytest.raises(UnknownNameError, match="there is no backend 'rai'; did you mean 'ray'"), on_backend("rai"):
        pass
    with on_backend("loky") as at_once:
        assert 1 <= at_once <= cores_at_hand()
