"""Which servers run on this machine: a small file for each, for its owner's eyes only, gone when the server is.

It is how `seatrial env` in another terminal finds the server's address and admin token. The token lives as long as the
process it opens.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mock_servers.core.refusal import UsageError


def folder() -> Path:
    """Where the files are: the user's runtime folder, or one of our own that nobody else can read."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return Path(runtime) / "seatrial"
    return Path(tempfile.gettempdir()) / f"seatrial-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


@contextmanager
def announced(described: dict[str, Any], port: int) -> Iterator[None]:
    """Let others find this server for as long as the block runs."""
    path = folder() / f"{port}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _own(path.parent)
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"pid": os.getpid(), "env": described}, file)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def find(port: int | None = None) -> dict[str, Any]:
    """The running server's `env`: the one whose admin port this is, or the only one. Raises UsageError."""
    running = {int(path.stem): env for path, env in _alive()}
    if port is not None:
        if port not in running:
            raise UsageError(f"no seatrial is running with its admin API on port {port}; start one: seatrial serve")
        return running[port]
    if not running:
        raise UsageError("no seatrial is running here; start one: seatrial serve")
    if len(running) > 1:
        ports = ", ".join(map(str, sorted(running)))
        raise UsageError(f"several are running; say which by its admin port: --port-base N, where N is one of {ports}")
    return next(iter(running.values()))


def _alive() -> Iterator[tuple[Path, dict[str, Any]]]:
    if not folder().is_dir():
        return
    _own(folder())
    for path in sorted(folder().glob("*.json")):
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            os.kill(kept["pid"], 0)
        except (OSError, ValueError, KeyError, TypeError):
            with suppress(OSError):
                path.unlink()
            continue
        yield path, kept["env"]


def _own(path: Path) -> None:
    """A folder that somebody else made in our name is not to be trusted."""
    stat = path.stat()
    if hasattr(os, "getuid") and (stat.st_uid != os.getuid() or stat.st_mode & 0o077):
        raise UsageError(f"{path} belongs to somebody else or is open to others; remove it and try again")
