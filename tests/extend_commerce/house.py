"""An installation for stories: forty mugs and three lamps in the main warehouse, and callers who keep no cookies."""

from base64 import b64encode
from typing import Any

import httpx

from mock_servers.core.fake import Size
from tests.support import Bench, bench

VENDOR = "extend_commerce"
V = "/RESTAPI/v1_0/APIDEMO"
MUG, LAMP = "MUG-RED", "LAMP-BLUE"
HOME = {"name1": "Anna Berg", "address1": "Storgatan 1", "city": "Stockholm", "countryCode": "SE"}


def shown(username: str = "apidemo-user", password: str = "YOUR_PASSWORD") -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


KEY = {"ExtendBasicAuthorization": shown()}


class House(Bench):
    """A bench whose paths begin at the installation, and whose client forgets what it was told."""

    def call(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        self.client.cookies.clear()
        return self.client.request(method, path if path.lower().startswith("/restapi") else V + path, **kwargs)

    def read(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, external: str = "WEB-1", rows: list[Any] | None = None, **header: Any) -> dict[str, Any]:
        """The order's answer."""
        answer = self.call("POST", "/CustomerOrders", json=order(external, rows, **header))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def balance(self, product: str = MUG, warehouse: str = "MAIN") -> tuple[int, int, int]:
        """Physical, ordered, available."""
        found = self.read(f"/ProductAvailability/{product}/{warehouse}")
        return tuple(found[name] for name in ("physicalBalance", "orderedQuantity", "availableBalanceNow"))


def order(external: str = "WEB-1", rows: list[Any] | None = None, **header: Any) -> dict[str, Any]:
    head = {"orderNumberExternal": external, "customerNumber": "C-1001", "deliveryAddress": HOME} | header
    return {"orderHeader": head, "orderRows": rows or [row()]}


def row(product: str = MUG, quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {"product": {"productNumber": product}, "salesData": {"quantity": quantity, "unit": "ST"}} | more


def house(fill: Size | None = None, **kwargs: Any) -> House:
    stood = bench(VENDOR, headers=KEY, fill=fill, **kwargs)
    stood.__class__ = House
    for product, price, quantity in ((MUG, 79.0, 40), (LAMP, 200.0, 3)):
        stood.act("add_product", product=product, name=product.title(), price=price, quantity=quantity)
    return stood  # type: ignore[return-value]
