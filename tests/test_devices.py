"""Precision is what was asked for, or what the hardware does natively; kept memory changes no value."""

import math
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from copyist import devices
from copyist.bf16_probe import Probe
from copyist.devices import Precision, autocast, resolve, resolve_for_all, values_of_first
from meeting import Meeting

CPU = torch.device("cpu")


def test_a_precision_that_is_named_is_taken() -> None:
    assert resolve("bf16", CPU) == "bf16"
    assert resolve("float32", CPU) == "float32"
    assert resolve("auto", torch.device("mps")) == "float32"


def test_auto_is_what_the_processor_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "bf16_probe", lambda device: Probe(largest_error=0.002, slowdown=1.0))
    for flags, expected in {"avx2 amx_bf16 fma": "bf16", "avx2 fma": "float32", "": "float32"}.items():
        (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
        monkeypatch.setattr(devices, "Path", lambda _: tmp_path / "cpuinfo")
        devices._cpu_does_bf16.cache_clear()
        assert resolve("auto", CPU) == expected
    (tmp_path / "cpuinfo").write_text("flags : amx_bf16")
    for wrong in (Probe(largest_error=1.0, slowdown=1.0), Probe(largest_error=0.002, slowdown=4.0)):
        monkeypatch.setattr(devices, "bf16_probe", lambda device, wrong=wrong: wrong)
        devices._cpu_does_bf16.cache_clear()
        assert resolve("auto", CPU) == "float32"
    (tmp_path / "cpuinfo").unlink()
    devices._cpu_does_bf16.cache_clear()
    assert resolve("auto", CPU) == "float32"
    devices._cpu_does_bf16.cache_clear()


def test_auto_on_a_gpu_is_what_the_gpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, asked = torch.device("cuda:1"), list[torch.device]()
    for supported, slowdown, expected in ((True, 1.0, "bf16"), (True, 9.0, "float32"), (False, 1.0, "float32")):

        def look(device: torch.device, slowdown: float = slowdown) -> Probe:
            asked.append(device)
            return Probe(largest_error=0.002, slowdown=slowdown)

        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation, ok=supported: ok)
        monkeypatch.setattr(devices, "bf16_probe", look)
        assert resolve("auto", gpu) == expected
    assert asked == [gpu, gpu]


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    meeting = Meeting()
    monkeypatch.setattr(devices, "gather_batch", meeting.gather)
    monkeypatch.setattr(devices, "num_processes", lambda: 2)
    return meeting


@pytest.mark.parametrize(
    ("each", "expected"),
    [(("bf16", "bf16"), "bf16"), (("bf16", "float32"), "float32"), (("float32", "bf16"), "float32")],
)
def test_processes_that_share_a_run_compute_in_one_precision(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch, each: tuple[str, str], expected: str
) -> None:
    monkeypatch.setattr(devices, "resolve", lambda precision, device: each[meeting.rank])
    assert meeting.run(lambda rank: resolve_for_all("auto", CPU)) == [expected] * 2


def test_processes_go_by_the_numbers_of_the_first(meeting: Meeting) -> None:
    mine = [[0.1, math.inf], [0.1 + 1e-16, 7.0]]
    assert meeting.run(lambda rank: values_of_first(mine[rank], device=CPU)) == [mine[0]] * 2


def test_a_process_alone_goes_by_its_own_numbers() -> None:
    assert values_of_first([0.1], device=CPU) == [0.1]
    assert resolve_for_all("bf16", CPU) == "bf16"


def test_products_are_computed_in_that_precision_and_weights_stay() -> None:
    layer = torch.nn.Linear(3, 5)
    dtypes: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "float32": torch.float32}
    for name, dtype in dtypes.items():
        with autocast(name, CPU):
            assert layer(torch.rand(2, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32
    assert not torch.is_autocast_enabled("cpu")


TF32 = """
import torch
from copyist.float32 import full_float32, tf32

B = torch.backends
FULL = (B.mkldnn.matmul, B.mkldnn.conv)

def found():
    return [each.fp32_precision for each in (B.cuda.matmul, B.cudnn.conv, *FULL)]

B.cudnn.conv.fp32_precision = "ieee"
before = found()
with tf32():
    assert found() == before, "a CPU alone has nothing to set"
torch.cuda.is_available = lambda: True
with tf32():
    assert found() == ["tf32", "tf32", *before[2:]], found()
    with full_float32():
        assert found() == ["ieee"] * 4
    assert found() == ["tf32", "tf32", *before[2:]], found()
assert found() == before
assert torch.get_float32_matmul_precision() == "highest"
"""


def test_training_may_multiply_in_tf32_and_what_asks_for_full_float32_within_has_it() -> None:
    done = subprocess.run([sys.executable, "-c", TF32], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


SETTINGS = """
import torch
from copyist.float32 import full_float32

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
def test_nothing_stands_in_for_float32_and_settings_are_left_as_they_were() -> None:
    settings = [
        "pass",
        "torch.set_float32_matmul_precision('high')",
        "torch.set_float32_matmul_precision('medium')",
        "B.cudnn.allow_tf32 = False",
        "B.cudnn.conv.fp32_precision = 'ieee'",
        "B.cuda.matmul.fp32_precision = 'tf32'",
        "B.fp32_precision = 'tf32'",
    ]
    # The settings belong to the process, so that each is tried in one of its own, forked where all is imported.
    program = (
        SETTINGS
        + f"""
import os, sys, traceback

def attempt(setting):
    exec(setting)
    before = found()
    try:
        with full_float32():
            _, each = found()
            assert each == ["ieee"] * 6, each
            raise KeyError
    except KeyError:
        pass
    assert found() == before, (found(), before)

for setting in {settings!r}:
    if not os.fork():
        try:
            attempt(setting)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"after {{setting}}")
"""
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_FAULTS = """
import resource, sys
from copyist.devices import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
def touch():
    place = c.malloc(16 * 2**20)
    ctypes.memset(place, 1, 16 * 2**20)
    c.free(place)
touch(); touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    touch(), touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the option is glibc's")
def test_kept_memory_is_not_asked_of_the_system_again() -> None:
    found = subprocess.run([sys.executable, "-c", _FAULTS, "keep"], capture_output=True, text=True, check=True)
    # A block of 16 MiB has 4096 pages: less than one block's worth of faults over 40 of them.
    assert int(found.stdout) < 4096
