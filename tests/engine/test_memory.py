"""How much memory may be filled: what the system says, and what a control group allows."""

from pathlib import Path

import pytest

from atc_cli.engine.memory import free_bytes

KB = 1024


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def system(root: Path, available_kb: int) -> Path:
    return write(root, proc__meminfo=f"MemTotal: 99 kB\nMemAvailable:   {available_kb} kB\n")


def group(root: Path, limit: str, used: int, files: int) -> Path:
    name = "sys__fs__cgroup__memory"
    return write(
        root, **{f"{name}_dot_max": limit, f"{name}_dot_current": f"{used}\n",
                 f"{name}_dot_stat": f"anon 5\ninactive_file {files}\nshmem 1\n"},
    )  # fmt: skip


def test_what_is_available_here(tmp_path: Path) -> None:
    assert free_bytes(system(tmp_path, 500)) == 500 * KB


@pytest.mark.parametrize(
    ("limit", "used", "files", "free"),
    [("300000\n", 200_000, 50_000, 150_000), ("max\n", 200_000, 0, 500 * KB), ("9000000\n", 1, 0, 500 * KB),
     ("100\n", 900, 0, 0)],
)  # fmt: skip
def test_a_control_group_leaves_less(tmp_path: Path, limit: str, used: int, files: int, free: int) -> None:
    assert free_bytes(group(system(tmp_path, 500), limit, used, files)) == free


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    name = "sys__fs__cgroup__memory__memory"
    write(system(tmp_path, 500), **{f"{name}_dot_limit_in_bytes": "70000", f"{name}_dot_usage_in_bytes": "60000",
          f"{name}_dot_stat": "total_inactive_file 1000\n"})  # fmt: skip
    assert free_bytes(tmp_path) == 11_000


def test_nobody_says(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) is None
    assert free_bytes(write(tmp_path, proc__meminfo="MemAvailable: lots\n")) is None


def test_this_machine_says() -> None:
    found = free_bytes()
    assert found is None or found > 0
