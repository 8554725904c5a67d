"""An engine's lives: each opens the ledger file anew and ends at a ledger transaction drawn from the seed, or is asked
to stop. What it had under way goes on at the vendors."""

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

    def transaction(self) -> "_GeneratorContextManager[None]":
        if self.dead:
            raise Crash
        return super().transaction()

    def die(self) -> None:
        """Be gone from now on."""
        self.dead = True

    def _commit(self) -> None:
        if self.dead:
            raise Crash
        self.commits += 1
        if self.commits != self.dies_at:
            super()._commit()
            return
        self.dead = True
        if self.dies == "after":
            super()._commit()
        raise Crash
