"""An engine's lives: each opens the ledger file anew and ends at a ledger transaction drawn from the seed, or is asked
to stop. What it had under way goes on at the vendors."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from connectors.sync.ledger import Ledger

if TYPE_CHECKING:
    from contextlib import _GeneratorContextManager

Moment = Literal["before", "after"]


class Crash(BaseException):
    """The process is gone. Nothing of ours may catch it."""


class MortalLedger(Ledger):
    """A ledger whose process dies at its n-th commit: just before it, so that nothing of it is kept, or just after."""

    dies_at = 0
    dies: Moment = "before"
    commits = 0
    dead = False

    file: Path | None = None
    """Where it lies, for a life that ends when the machine loses its power."""
    _durable = True

    def transaction(self, *, durable: bool = True) -> "_GeneratorContextManager[None]":
        if self.dead:
            raise Crash
        self._durable = durable
        return super().transaction(durable=durable)

    def loses_power(self, file: Path) -> None:
        """When this life ends, nothing is left of what was not durable: what the disk had is put back."""
        self.file = file
        self._keep()

    def close(self) -> None:
        super().close()
        if self.file is not None and self.dead:
            for name in ("", "-wal", "-shm"):
                Path(f"{self.file}{name}").unlink(missing_ok=True)
                if (kept := Path(f"{self.file}{name}.kept")).exists():
                    kept.rename(f"{self.file}{name}")

    def die(self) -> None:
        """Be gone from now on."""
        self.dead = True

    def _commit(self) -> None:
        if self.dead:
            raise Crash
        self.commits += self._counts()
        if self.commits != self.dies_at or not self._counts():
            super()._commit()
            self._keep()
            return
        self.dead = True
        if self.dies == "after":
            super()._commit()
            self._keep()
        raise Crash

    def _counts(self) -> bool:
        """Whether this transaction is one of those it may die at."""
        return True

    def _keep(self) -> None:
        """The disk has all of it now."""
        if self.file is None or not self._durable:
            return
        for name in ("", "-wal"):
            Path(f"{self.file}{name}.kept").unlink(missing_ok=True)  # of an earlier life, which did not need it
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{self.file}{name}", f"{self.file}{name}.kept")
