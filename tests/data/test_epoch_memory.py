"""Memory stays as it is over an epoch of a set that is ten times what it may take: of the whole process, from outside.

Python's own count sees neither tensors nor what Pillow takes, so that the system's is read.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from copyist.data import pack_source
from copyist.data.shard_array import stored_form

_EPOCH = """
import importlib, json, sys
from copyist.data import Batches, cache, open_source

source, kind, *modules = sys.argv[1:]
for each in modules:
    importlib.import_module(each)
cache.memory_limit = lambda: 0

def taken():
    lines = open("/proc/self/status").read().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(kind))

before, train = taken(), open_source(source).train
batches = Batches(train, batch_size=4, seed=0)
found = []
for step in range(len(train) // 4):
    batches.batch(step)
    found.append(taken())
json.dump({"set": train.array.nbytes, "before": before, "steps": found}, sys.stdout)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the counts of Linux"),
]


@pytest.fixture(name="images")
def many_images() -> npt.NDArray[np.uint8]:
    """1400 of 128×128, 69 MB in all: each is its number, but for a part that does not compress."""
    noise = np.random.default_rng(0).integers(0, 255, (1400, 3, 16, 128), dtype=np.uint8)
    numbers = np.arange(1400).astype(np.uint8)[:, None, None, None]
    return np.concatenate([noise, np.broadcast_to(numbers, (1400, 3, 112, 128))], axis=2)


def check_epoch(source: str, *modules: str, kind: str) -> None:
    """An epoch in a process of its own: what it takes grows by less than a tenth of the set after a tenth of the steps,
    and until then by less than half of it."""
    command = [sys.executable, "-c", _EPOCH, source, kind, *modules]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    early = found["steps"][len(found["steps"]) // 10]
    assert found["set"] > 60e6
    assert early - found["before"] < found["set"] / 2
    assert max(found["steps"]) - early < found["set"] / 10


def test_an_epoch_of_shards_takes_no_more_memory_than_its_batches(
    images: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", images)
    shards = pack_source(str(tmp_path / "images.npy"), tmp_path / "shards", per_shard=500).folder
    check_epoch(str(shards), kind="VmRSS")


def test_an_epoch_of_a_saved_hub_set_takes_no_more_memory_than_its_batches(
    images: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    hub: Any = pytest.importorskip("datasets")
    cells = [{"bytes": stored_form(each, "png"), "path": None} for each in images]
    rows = hub.Dataset.from_dict({"image": cells}, features=hub.Features({"image": hub.Image()}))
    rows.save_to_disk(tmp_path / "saved")
    # What is mapped from the disk is given back when it is needed, and does not count.
    check_epoch(f"hf:{tmp_path / 'saved'}", "datasets", kind="RssAnon")
