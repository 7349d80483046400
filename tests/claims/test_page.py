"""Pages on claims compute nothing."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["page", "report", "result", "judging", "catalogue"])
def test_pages_are_made_without_torch(module: str) -> None:
    code = f"import sys, copyist.claims.{module}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
