"""Precision is what was asked for, or what the hardware does natively."""

import subprocess
import sys

import pytest
import torch

from copyist.nn import precision
from copyist.nn.precision import autocast, resolve

CPU = torch.device("cpu")


def test_a_precision_that_is_named_is_taken() -> None:
    assert resolve("bf16", CPU) == "bf16"
    assert resolve("float32", CPU) == "float32"
    assert resolve("auto", torch.device("mps")) == "float32"


def test_auto_is_what_the_processor_does(monkeypatch, tmp_path) -> None:
    for flags, expected in {"avx2 amx_bf16 fma": "bf16", "avx2 fma": "float32", "": "float32"}.items():
        (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
        monkeypatch.setattr(precision, "Path", lambda _: tmp_path / "cpuinfo")
        precision._cpu_does_bf16.cache_clear()
        assert resolve("auto", CPU) == expected
    (tmp_path / "cpuinfo").unlink()
    precision._cpu_does_bf16.cache_clear()
    assert resolve("auto", CPU) == "float32"
    precision._cpu_does_bf16.cache_clear()


def test_auto_on_a_gpu_asks_the_gpu(monkeypatch) -> None:
    for native in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, native=native: native)
        assert resolve("auto", torch.device("cuda")) == ("bf16" if native else "float32")


def test_products_are_computed_in_that_precision_and_weights_stay() -> None:
    layer = torch.nn.Linear(3, 5)
    for name, dtype in (("bf16", torch.bfloat16), ("float32", torch.float32)):
        with autocast(name, CPU):
            assert layer(torch.rand(2, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32
    assert not torch.is_autocast_enabled("cpu")


SETTINGS = """
import torch
from copyist.nn.precision import full_float32

B = torch.backends
OPERATIONS = (B.cuda.matmul, B.cudnn.conv, B.cudnn.rnn, B.mkldnn.matmul, B.mkldnn.conv, B.mkldnn.rnn)

def read(look):
    try:
        return look()
    except RuntimeError:
        return "cannot be read"

def found():
    older = (torch.get_float32_matmul_precision, lambda: B.cuda.matmul.allow_tf32, lambda: B.cudnn.allow_tf32)
    return [read(look) for look in older], [operation.fp32_precision for operation in OPERATIONS]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        "pass",
        "torch.set_float32_matmul_precision('high')",
        "torch.set_float32_matmul_precision('medium')",
        "B.cudnn.allow_tf32 = False",
        "B.cudnn.conv.fp32_precision = 'ieee'",
        "B.cuda.matmul.fp32_precision = 'tf32'",
        "B.fp32_precision = 'tf32'",
    ],
)
def test_nothing_stands_in_for_float32_and_settings_are_left_as_they_were(setting: str) -> None:
    # The settings belong to the process, so that each is tried in one of its own.
    program = (
        SETTINGS
        + f"""
{setting}
before = found()
try:
    with full_float32():
        _, each = found()
        assert each == ["ieee"] * 6, each
        raise KeyError
except KeyError:
    pass
assert found() == before, (found(), before)
"""
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
