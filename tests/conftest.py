"""What all tests share: one thread, hypothesis that is the same each time, and the seed of torch put back."""

import os
from collections.abc import Iterator

# Two workers of one thread each fill two cores, and the same sum is the same bits everywhere; commands inherit it.
os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis
import pytest
import torch

hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.load_profile("steady")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seed_of_its_own() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
