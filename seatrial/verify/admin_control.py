"""Control over our own running server: a world of its own for the laws, made for them and gone after them."""

from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.faults import Kind
from seatrial.admin_client import Admin
from seatrial.verify.control import SIZE, Acted
from seatrial.verify.receiver import PortReceiver, Receiver


class AdminControl:
    """A world called `name` on a running server, its clock standing still between calls."""

    def __init__(self, admin: Admin, vendor: str, name: str, seed: int) -> None:
        self._admin = admin
        self.vendor = vendor
        self.name = name
        self._seed = seed
        self._others = 0
        self._second: dict[str, str] = {}
        made = admin.post("/worlds", {"name": name, "seed": seed, "clock": "manual"})
        self.credentials: dict[str, str] = made["vendors"][vendor]["credentials"]
        for _ in admin.lines(
            f"/worlds/{name}/seed", {"vendor": vendor, "orders": SIZE.orders, "products": SIZE.products}
        ):
            pass
        self._receiver = PortReceiver(self.now)
        self.receiver: Receiver = self._receiver

    def now(self) -> float:
        return moment_of(self._admin.get(f"/worlds/{self.name}/clock")["now"])

    def advance(self, seconds: float) -> None:
        """What was due before is done before, and what comes due on the way before this returns."""
        self.settle()
        self._admin.post(f"/worlds/{self.name}/clock", {"advance_seconds": seconds})
        self.settle()

    def settle(self) -> None:
        """The server delivers on its own; it answers this once nothing is due and nothing under way any more."""
        for name in [self.name, *([self._other] if self._second else [])]:
            self._admin.post(f"/worlds/{name}/deliver")

    def reset(self) -> None:
        if self._second:
            self._admin.delete(f"/worlds/{self._other}")
            self._second = {}
        self.settle()
        self._admin.post(f"/worlds/{self.name}/reset")
        self.receiver.reset()

    def fault(self, operation: str, kind: Kind, *, times: int = 1, seconds: float = 1.0, error: str = "") -> None:
        form = {"vendor": self.vendor, "operation": operation, "kind": kind, "times": times, "seconds": seconds}
        self._admin.post(f"/worlds/{self.name}/faults", form | {"error": error})

    def act(self, name: str, arguments: dict[str, Any]) -> Any:
        return self._admin.post(f"/worlds/{self.name}/actions/{self.vendor}/{name}", arguments)

    def act_elsewhere(self, name: str, arguments: dict[str, Any]) -> Any:
        self.second()
        return self._admin.post(f"/worlds/{self._other}/actions/{self.vendor}/{name}", arguments)

    def actions(self) -> list[Acted]:
        known = self._admin.get(f"/worlds/{self.name}/actions")
        return [Acted(each["action"], each["arguments"]) for each in known if each["vendor"] == self.vendor]

    def second(self) -> dict[str, str]:
        if not self._second:
            self._others += 1
            form = {"name": self._other, "seed": self._seed + self._others, "clock": "manual"}
            self._second = self._admin.post("/worlds", form)["vendors"][self.vendor]["credentials"]
        return self._second

    def grant(self, scopes: tuple[str, ...], seconds: float | None) -> str | None:  # noqa: ARG002 - see Control
        return None

    def revoke(self, token: str) -> bool:  # noqa: ARG002 - see Control
        return False

    def breaches(self) -> list[str] | None:
        return None

    def close(self) -> None:
        """Whoever is being told has had their answer, before the worlds and the connection are given up."""
        self._receiver.close()
        self.settle()
        if self._second:
            self._admin.delete(f"/worlds/{self._other}")
        self._admin.delete(f"/worlds/{self.name}")
        self._admin.close()

    @property
    def _other(self) -> str:
        return f"{self.name}-{self._others}"
