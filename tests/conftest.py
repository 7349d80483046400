"""What all tests share: one thread, hypothesis that is the same each time, and the seed of torch put back."""

import os
import signal
from collections.abc import Iterator

# Two workers of one thread each fill two cores, and the same sum is the same bits everywhere; commands inherit it.
os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis
import pytest
import torch

hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("steady")
torch.set_num_threads(1)


@pytest.fixture
def few_filter_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Total variation, the slowest filter by far, is set on 8 images among 3 weights: where no filter is tested."""
    monkeypatch.setattr("copyist.baselines.controls.TOTAL_VARIATION_WEIGHTS", (0.03, 0.12, 0.5))
    monkeypatch.setattr("copyist.baselines.controls.NUM_SLOW_GRID", 8)


@pytest.fixture(autouse=True)
def seed_of_its_own() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(autouse=True)
def handler_of_sigterm_as_it_was() -> Iterator[None]:
    """What the command line sets, run in this process, would be inherited by forked workers: SIGTERM, which ends them,
    is lost on one that is just being forked, and a pool that waits for it waits for ever."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, signal.SIG_DFL if handler is None else handler)
