"""What memory and disk there is: of the machine, its container and the limits of the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from copyist.errors import ArgumentError, OutputError
from copyist.memory import available_memory, bytes_text, check_disk, check_memory

MACHINE = 8 * 2**30


def machine(root: Path, *, groups: str = "", files: dict[str, str] | None = None) -> Path:
    """The files by which Linux tells of a machine with 8 GiB free."""
    written = {"proc/meminfo": f"MemTotal: 99999999 kB\nMemAvailable:   {MACHINE // 1024} kB\n"}
    written |= {"proc/self/cgroup": groups} | (files or {})
    for name, text in written.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def group(path: str, most: str, used: int, inactive: int) -> dict[str, str]:
    files = {
        "memory.max": f"{most}\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon 5\ninactive_file {inactive}\n",
    }
    return {f"sys/fs/cgroup{path}/{name}": text for name, text in files.items()}


def old_group(path: str, most: int, used: int) -> dict[str, str]:
    files = {"memory.limit_in_bytes": f"{most}\n", "memory.usage_in_bytes": f"{used}\n", "memory.stat": "cache 7\n"}
    return {f"sys/fs/cgroup/memory{path}/{name}": text for name, text in files.items()}


def test_a_machine_without_limits_has_what_it_says(tmp_path: Path) -> None:
    assert available_memory(root=machine(tmp_path)) == MACHINE
    unlimited = group("/user", "max", 10**9, 5)
    assert available_memory(root=machine(tmp_path, groups="0::/user\n", files=unlimited)) == MACHINE


def test_a_container_leaves_its_limit_less_what_is_used_and_cannot_be_given_up(tmp_path: Path) -> None:
    files = group("/user/mine", str(2 * 10**9), 10**9, 10**8)
    assert available_memory(root=machine(tmp_path, groups="0::/user/mine\n", files=files)) == 11 * 10**8


def test_a_group_around_ones_own_limits_too(tmp_path: Path) -> None:
    files = group("/user", str(10**9), 10**8, 0) | group("/user/mine", "max", 10, 0)
    assert available_memory(root=machine(tmp_path, groups="0::/user/mine\n", files=files)) == 9 * 10**8


def test_a_container_that_sees_its_group_as_the_root(tmp_path: Path) -> None:
    files = group("", str(10**9), 10**8, 0)
    assert available_memory(root=machine(tmp_path, groups="0::/docker/0123\n", files=files)) == 9 * 10**8


@pytest.mark.parametrize("groups", ["3:cpu:/x\n7:memory:/docker/01\n", "7:hugetlb,memory:/docker/01\n0::/x\n"])
def test_groups_of_the_first_version(tmp_path: Path, groups: str) -> None:
    files = old_group("/docker/01", 10**9, 4 * 10**8) | old_group("", 2**63 - 4096, 0)
    assert available_memory(root=machine(tmp_path, groups=groups, files=files)) == 6 * 10**8


def test_more_than_the_limit_in_use_leaves_nothing(tmp_path: Path) -> None:
    files = group("/a", "1000", 2000, 0)
    assert available_memory(root=machine(tmp_path, groups="0::/a\n", files=files)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_real_limit_of_the_process_counts() -> None:
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); "
        "from copyist.memory import available_memory; print(available_memory()); bytearray(6 * 10**8)"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert 6 * 10**8 < int(done.stdout) < 10**9


def test_this_machine_has_some() -> None:
    assert 2**20 < available_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_what_does_not_fit_is_refused_with_both_numbers_and_the_remedy(tmp_path: Path) -> None:
    check_memory(999, "a batch", remedy="take a smaller one", available=1000)
    wanted = r"^a batch must fit into memory, which has 1 kB left, got about 1.5 GB; take a smaller one$"
    with pytest.raises(ArgumentError, match=wanted):
        check_memory(1.5e9, "a batch", remedy="take a smaller one", available=1000)
    check_disk(1, "a file", tmp_path / "not" / "yet", remedy="clear it")
    with pytest.raises(
        OutputError,
        match=r"^a file must fit onto the disk of .*yet, which has .* left, got about 1,000,000 TB; clear it$",
    ):
        check_disk(1e18, "a file", tmp_path / "yet", remedy="clear it")


@pytest.mark.parametrize(
    ("count", "text"),
    [(7, "7 bytes"), (1500, "1.5 kB"), (37_400_000_000, "37 GB"), (9.99e14, "999 TB"), (3e15, "3,000 TB")],
)
def test_sizes_are_written_as_people_do(count: float, text: str) -> None:
    assert bytes_text(count) == text
