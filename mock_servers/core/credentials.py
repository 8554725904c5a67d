"""Which credential opens which world: the way a token selects an account at the vendor.

Secrets are found by their SHA-256 and never kept in the clear, save those the vendor itself must use (a client's secret
signs webhooks and is compared on the token endpoint).
"""

import hashlib
import hmac
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from mock_servers.core.database import Connection

PRINTED = "default"
"""The world whose secrets are the same for everybody."""


class Credential(Struct, frozen=True):
    """Something presented by a caller. `sort` is token, client, refresh, code, tenant …; `expires` a world's moment."""

    vendor: str
    world: str
    sort: str
    subject: str
    scopes: frozenset[str] = frozenset()
    expires: float | None = None
    standing: bool = False
    """Made with the world, not by a grant: it survives a reset."""
    about: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Credential({self.vendor} {self.sort} of {self.subject} in {self.world})"


@lru_cache(maxsize=4096)
def digest(sort: str, secret: str) -> str:
    """The name a secret is kept under."""
    return hashlib.sha256(f"{sort}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


@cache
def mark_of(world: str, letters: int) -> int:
    """What tells one world's secrets from another's of the same seed, as so many hexadecimal digits."""
    return 0 if world == PRINTED else int(hashlib.shake_256(world.encode()).hexdigest(letters)[:letters], 16)


class Keys:
    """Secrets that nobody can reckon, neither from a world's seed nor from one another: a MAC over a count."""

    def __init__(self, secret: str, epoch: str = "") -> None:
        """With the same secret and epoch the same ones come again."""
        self._secret = secret.encode()
        self._epoch = epoch
        self._count = 0

    def token(self, letters: int) -> str:
        """So many hexadecimal digits."""
        text = ""
        while len(text) < letters:
            self._count += 1
            text += hmac.digest(self._secret, f"{self._epoch}:{self._count}".encode(), "sha256").hex()
        return text[:letters]


GRANTED_MAXIMUM = 100_000
"""Secrets that were granted and are remembered; the oldest goes first. Those made with a world do not count."""
Key = tuple[str, str]
"""Vendor and digest."""


class Directory:
    """Every credential of every world in this process, and in the state it was started with."""

    def __init__(self, root: Connection | None = None) -> None:
        self.granted_maximum = GRANTED_MAXIMUM
        self._root = root
        self._by_digest: dict[Key, Credential] = {}
        self._of_world: dict[str, dict[Key, Credential]] = {}
        self._granted: dict[Key, None] = {}
        if root is not None:
            for vendor, name, body in root.rows(f"SELECT vendor, digest, {root.body} FROM credential"):  # noqa: S608
                self._let_in((vendor, name), msgspec.json.decode(body, type=Credential))

    def find(self, vendor: str, sort: str, secret: str) -> Credential | None:
        """The credential behind a secret, expired or not."""
        return self._by_digest.get((vendor, digest(sort, secret)))

    def of_digest(self, vendor: str, name: str) -> Credential | None:
        """The credential kept under a digest, expired or not."""
        return self._by_digest.get((vendor, name))

    def add(self, secret: str, credential: Credential) -> None:
        """Let a secret in, or replace what it stood for."""
        self.put(credential.vendor, digest(credential.sort, secret), credential)

    def put(self, vendor: str, name: str, credential: Credential | None) -> None:
        """Have a digest stand for this credential, or for none."""
        if credential is None:
            self.revoke_digest(vendor, name)
            return
        self._let_in((vendor, name), credential)
        if self._root is not None:
            self._root.rows(
                "INSERT INTO credential (vendor, digest, world, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (vendor, digest) DO UPDATE SET world = excluded.world, body = excluded.body",
                (vendor, name, credential.world, msgspec.json.encode(credential).decode()),
            )
        while len(self._granted) > self.granted_maximum:
            self.revoke_digest(*next(iter(self._granted)))

    def revoke(self, vendor: str, sort: str, secret: str) -> bool:
        """Shut a secret out; says whether it had been let in."""
        return self.revoke_digest(vendor, digest(sort, secret))

    def revoke_digest(self, vendor: str, name: str) -> bool:
        """The same, by the digest."""
        key = (vendor, name)
        if self._root is not None:
            self._root.rows("DELETE FROM credential WHERE vendor = ? AND digest = ?", key)
        credential = self._by_digest.pop(key, None)
        if credential is None:
            return False
        del self._of_world[credential.world][key]
        self._granted.pop(key, None)
        return True

    def of(self, world: str, vendor: str | None = None, sort: str | None = None) -> Iterator[Credential]:
        """The credentials of a world."""
        for credential in tuple(self._of_world.get(world, {}).values()):
            if vendor in {None, credential.vendor} and sort in {None, credential.sort}:
                yield credential

    def standing(self, world: str) -> dict[Key, Credential]:
        """What was made with a world, by vendor and digest, for `put` to bring back."""
        return {key: each for key, each in self._of_world.get(world, {}).items() if each.standing}

    def forget(self, world: str, *, standing: bool) -> None:
        """Shut out all that was granted in a world, and with `standing` all that was made with it."""
        for key, credential in tuple(self._of_world.get(world, {}).items()):
            if standing or not credential.standing:
                self.revoke_digest(*key)
        if not self._of_world.get(world):
            self._of_world.pop(world, None)

    def _let_in(self, key: Key, credential: Credential) -> None:
        before = self._by_digest.get(key)
        if before is not None:
            del self._of_world[before.world][key]
            self._granted.pop(key, None)
        self._by_digest[key] = credential
        self._of_world.setdefault(credential.world, {})[key] = credential
        if not credential.standing:
            self._granted[key] = None
