"""What tests of claims share: a trial at the smallest scale, with a folder of models of its own."""

from pathlib import Path

import pytest

from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A trial of seed 0 at scale smoke."""
    return Trial(scale="smoke", seed=0, resources=ModelFolder(tmp_path))
