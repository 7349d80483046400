"""Where the runs of claims go: to processes of this machine, or to a cluster."""

__all__ = ["BACKENDS", "on_backend"]

import contextlib
from collections.abc import Generator
from typing import Any, cast

import torch

from copyist.checks import check_choice, require

BACKENDS = ("loky", "dask", "ray")
"""Processes on this machine; or the cluster that DASK_SCHEDULER_ADDRESS or RAY_ADDRESS names."""


@contextlib.contextmanager
def on_backend(name: str) -> Generator[int, None, None]:
    """Send parallel runs to a backend; what is given is how many it runs well at once.

    Machines of a cluster must share the folders of results and models.

    Raises:
        UnknownNameError: there is no such backend.
        MissingExtraError: its package is not installed.
    """
    import joblib

    check_choice("backend", name, BACKENDS)
    with contextlib.ExitStack() as opened:
        if name == "dask":
            distributed = require("distributed", extra="dask", purpose="--backend dask")
            opened.enter_context(distributed.Client())
        if name == "ray":
            require("ray.util.joblib", extra="ray", purpose="--backend ray").register_ray()
        opened.enter_context(joblib.parallel_config(backend=name))
        cores = int(cast("Any", joblib).effective_n_jobs(-1))
        # A GPU is kept busy by one run, and shared badly by two.
        yield 1 if name == "loky" and torch.cuda.is_available() else max(1, cores)
