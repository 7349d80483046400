"""What tests of claims share: a trial at the smallest scale, and a folder of models that are trained once for all."""

import os
from pathlib import Path

import pytest

from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A trial of seed 0 at scale smoke, with a folder of models of its own."""
    return Trial(scale="smoke", seed=0, resources=ModelFolder(tmp_path))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where claims share what they train, between the processes of one run of the tests too: each waits for a lock."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "models"
