"""Work in several processes, by joblib: on this machine, or on a cluster of Dask or Ray."""

__all__ = ["BACKENDS", "cores_at_hand", "forget", "on_backend", "once_per_process", "refuse_jobs", "run_jobs"]

import contextlib
import logging
import os
import socket
import warnings
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, TypeVar, cast

import torch

from copyist.checks import check_choice, require
from copyist.errors import ArgumentError, JobError

BACKENDS = ("loky", "dask", "ray")
"""Processes on this machine; or the cluster that DASK_SCHEDULER_ADDRESS or RAY_ADDRESS names."""

_LOST = {"KilledWorker", "RayActorError", "WorkerCrashedError"}
"""What Dask and Ray raise where a process has died, or bases of it."""

_LONGEST_WAIT = 10.0
"""For a cluster to take a connection, in seconds; Ray by itself retries for minutes."""

_MOST_PER_CORE = 16
"""Jobs at once; more only wait for each other, each with a model in memory."""

_T = TypeVar("_T")

_made: dict[str, Any] = {}


@contextlib.contextmanager
def on_backend(name: str) -> Generator[int, None, None]:
    """Context manager: parallel runs go to a backend. It gives how many of them the backend runs well at once.

    Machines of a cluster must share the folders that are read and written.

    Raises:
        UnknownNameError: there is no such backend.
        MissingExtraError: its package is not installed.
        ArgumentError: no cluster answers at DASK_SCHEDULER_ADDRESS or RAY_ADDRESS.
    """
    import joblib

    check_choice("backend", name, BACKENDS)
    with contextlib.ExitStack() as opened:
        if name == "dask":
            opened.enter_context(_client_of_dask())
        if name == "ray":
            opened.enter_context(_connection_to_ray())
        opened.enter_context(joblib.parallel_config(backend=name))
        # A GPU is kept busy by one run, and shared badly by two.
        yield 1 if name == "loky" and torch.cuda.is_available() else cores_at_hand()


def cores_at_hand() -> int:
    """Cores of this machine that may be used, or of the cluster that parallel runs are sent to."""
    import joblib

    return max(1, int(cast("Any", joblib).effective_n_jobs(-1)))


def refuse_jobs(jobs: int | None, backend: str | None, *, what: str) -> None:
    """Refuse to share the rows of tables.

    Args:
        jobs: as given; None where it is not.
        backend: as given; None where it is not.
        what: takes the tables: a model, or a detector.

    Raises:
        ArgumentError: one of them is given.
    """
    if jobs is not None or backend is not None:
        option = "--backend" if jobs is None else "--jobs"
        raise ArgumentError(f"{option} is for pictures, and this {what} takes tables; leave it out")


def run_jobs(work: Callable[..., _T], calls: Sequence[tuple[Any, ...]], *, jobs: int) -> Generator[_T, None, None]:
    """Yield what `work` gives for each call, as soon as it is done, in no order.

    Args:
        work: a function of a module.
        calls: its arguments, each time.
        jobs: how many at once, in processes; one is done in this process.

    Raises:
        ArgumentError: there are far more jobs than cores.
        JobError: a process has died.
    """
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    if jobs == 1:
        yield from (work(*call) for call in calls)
        return
    most = _MOST_PER_CORE * cores_at_hand()
    if jobs > most:
        raise ArgumentError(
            f"jobs must be at most {most} here, {_MOST_PER_CORE} for each core, got {jobs}; take fewer (--jobs "
            f"{cores_at_hand()})"
        )
    jobs = min(jobs, len(calls))
    try:
        if cast("Any", get_active_backend()[0]).supports_return_generator:
            # A cluster takes as many as are handed over, whatever the number of jobs.
            parallel: Any = cast("Any", Parallel)(
                n_jobs=jobs, return_as="generator_unordered", pre_dispatch=jobs, batch_size=1
            )
            done = parallel(delayed(work)(*call) for call in calls)
            try:
                for each in done:  # noqa: UP028 "yield from" would close it itself, before the warning is put off.
                    yield each
            finally:
                with warnings.catch_warnings():
                    # Who interrupts the work knows that jobs end early.
                    warnings.simplefilter("ignore", UserWarning)
                    done.close()
            return
        # Some backends hand results over only when all of them are there.
        for start in range(0, len(calls), jobs):
            together = Parallel(n_jobs=jobs)(delayed(work)(*call) for call in calls[start : start + jobs])
            yield from cast("list[_T]", together)
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if isinstance(error, BrokenExecutor) or kinds & _LOST:
            raise JobError(
                "a process that shared the work was ended from outside, as the system does when memory is short; take "
                "fewer at once (--jobs)"
            ) from error
        raise


def once_per_process(key: str, make: Callable[[], _T]) -> _T:
    """Make something, such as a model, once in this process for each key; what was made for the key before is dropped.

    Args:
        key: of the work, which is never that of other work.
        make: called where it is not there yet.
    """
    if key in _made:
        return cast("_T", _made[key])
    _made.clear()
    made = _made[key] = make()
    return made


def forget(key: str) -> None:
    """Drop what `once_per_process` has made for a key in this process: its work has ended.

    Processes of a backend keep it until they end, or other work comes to them.
    """
    _made.pop(key, None)


def _client_of_dask() -> contextlib.AbstractContextManager[Any]:
    """A connection to the cluster that is named, or else to one of processes of this machine."""
    distributed: Any = require("distributed", extra="dask", purpose="--backend dask")
    config: Any = require("dask.config", extra="dask", purpose="--backend dask")
    address = config.get("scheduler-address", None)
    if address is None:
        # Of one thread each: seeds, and torch's own threads, belong to a process.
        return distributed.Client(threads_per_worker=1)
    try:
        return distributed.Client()
    except OSError as error:
        raise _no_answer("Dask", address, "DASK_SCHEDULER_ADDRESS") from error


@contextlib.contextmanager
def _connection_to_ray() -> Generator[None, None, None]:
    """A connection to the cluster that is named, or else to one of this machine; one that is there already stays."""
    require("ray.util.joblib", extra="ray", purpose="--backend ray").register_ray()
    ray: Any = require("ray", extra="ray", purpose="--backend ray")
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address is not None:
            _check_that_someone_listens(address)
        # Its notes of every connection are no part of the answer of a command.
        ray.init(logging_level=logging.ERROR)
    except (OSError, RuntimeError) as error:
        if address is None:
            raise
        raise _no_answer("Ray", address, "RAY_ADDRESS") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_that_someone_listens(address: str) -> None:
    """Raise OSError where no one listens at `host:port`; other addresses, as `auto`, are left to Ray."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or "://" in host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_LONGEST_WAIT).close()
    except (UnicodeError, OverflowError) as error:
        raise OSError(f"{address} is no address") from error


def _no_answer(name: str, address: str, variable: str) -> ArgumentError:
    return ArgumentError(f"a cluster of {name} must answer at {address}, and none does; check {variable}")
