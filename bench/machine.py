"""What /proc says: who is whose child, what they cost, what they hold; and which cores are ours to pin to."""

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MEBI = 2**20
MEASURED_PACKAGES = ("uvicorn", "uvloop", "httptools", "msgspec", "jsonschema-rs", "httpx", "respx")


def cores() -> list[int]:
    """The cores this process may use."""
    return sorted(os.sched_getaffinity(0))


def server_core() -> int | None:
    """Where servers run: the first core, when there is another one for the load; else wherever."""
    return cores()[0] if len(cores()) > 1 else None


def load_core() -> int | None:
    """Where the load generator runs."""
    return cores()[1] if len(cores()) > 1 else None


def pinned_to(core: int | None) -> None:
    """Stay on a core, in a child about to start."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def tree(pid: int) -> list[int]:
    """A process and everything it started that still lives, parents first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """The fields of `stat` from the state on; the name before them may hold anything."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree, with the children it has outlived."""
    ticks = 0
    for each in tree(pid):
        fields = _stat(each)
        ticks += sum(map(int, fields[11:15])) if fields else 0
    return ticks / TICKS_PER_SECOND


def resident_mib(pid: int) -> float:
    """What a process tree holds in memory now."""
    return _held(pid, "status", "VmRSS")


def peak_mib(pid: int) -> float:
    """The most each process of a tree ever held."""
    return _held(pid, "status", "VmHWM")


def proportional_mib(pid: int) -> float:
    """The same as resident, with what is shared between processes shared out."""
    return _held(pid, "smaps_rollup", "Pss")


def _held(pid: int, file: str, name: str) -> float:
    kibi = 0
    for each in tree(pid):
        try:
            text = (PROC / str(each) / file).read_text()
        except OSError:
            continue
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        kibi += int(found[1]) if found else 0
    return kibi / 1024


def described() -> dict[str, str]:
    """The machine and the versions that a figure depends on."""
    return {
        "cores": str(len(cores())),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in MEASURED_PACKAGES},
    }


def _processor() -> str:
    try:
        text = (PROC / "cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    speed = re.search(r"^cpu MHz\s*:\s*(\d+)", text, re.MULTILINE)
    return f"{found[1] if found else platform.machine()}, {speed[1] if speed else '?'} MHz"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
