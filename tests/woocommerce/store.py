"""What the stories stand on: a store on the test's clock, and its key shown as over TLS."""

from typing import Any

from mock_servers.core.fake import Size
from tests.support import Bench, bench

V3 = "/wp-json/wc/v3"
TRACKINGS = "/wp-json/wc-shipment-tracking/v3/orders"


def shown(world: Any) -> dict[str, str]:
    """The header that shows the standing key, and the word of the proxy that took off the TLS."""
    token = world.credentials["woocommerce"]["access_token"]
    return {"Authorization": f"Basic {token}", "X-Forwarded-Proto": "https"}


def store(fill: Size | None = None, *, products: bool = True) -> Bench:
    """A store with a mug and socks, ten of each."""
    made = bench("woocommerce", headers={}, fill=fill, calls_a_minute=None)
    made.client.headers.update(shown(made.world))
    if products:
        made.act("add_product", sku="MUG", title="Mug", price="20.00", quantity=10)
        made.act("add_product", sku="SOCKS", title="Socks", price="5.50", quantity=10)
    return made


def refusal(answer: Any) -> tuple[int, str]:
    """Status and the vendor's code."""
    body = answer.json()
    assert body["data"]["status"] == answer.status_code
    return answer.status_code, body["code"]


def stock_of(shop: Bench, sku: str) -> Any:
    return next(row["stock_quantity"] for row in shop.documents("product") if row["sku"] == sku)
