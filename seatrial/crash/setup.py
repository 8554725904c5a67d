"""What a worker is configured with: the file an operator would write, with short times and the gates for addresses."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from mock_servers.core.cast import Part
from seatrial.crash.town import Town


def configuration(
    town: Town,
    urls: Sequence[str],
    *,
    ledger: str,
    timeout_seconds: float,
    margin_seconds: float,
    lease_seconds: float,
) -> str:
    """The file's text. `urls` are the cart's and the warehouse's."""
    http = {"timeout_seconds": timeout_seconds, "connect_seconds": 2.0, "write_patience_seconds": 1.0}
    patient = {"margin": timedelta(seconds=margin_seconds), "http": http}
    named = "".join(f"[[skus]]\n{_lines({'sku': sku, 'parts': parts})}\n" for sku, parts in town.goods.named.items())
    return f"""
{_lines({"merchant": "acme", "ledger": ledger, "known_skus": sorted(town.goods.shelves)})}

[[carts]]
{_lines(_account(town, town.cart, urls[0]) | patient)}

[wms]
{_lines(_account(town, town.wms, urls[1]) | patient)}

[settings]
{_lines({"lease": timedelta(seconds=lease_seconds), "retry_seconds_maximum": 5})}

[every]
order_download = "1s"
order_delivery = "1s"
shipping_confirmations = "1s"
shipment_upload = "1s"
inventory = "1s"
inventory_upload = "1s"

{named}"""


def _account(town: Town, part: Part, url: str) -> dict[str, Any]:
    own = {name: url if name.endswith("base_url") else value for name, value in part.settings().items()}
    return {"connection": part.name, "vendor": part.vendor} | own | town.eased[part.name]


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {_written(value)}" for name, value in values.items())


def _written(value: Any) -> str:
    """A value as TOML has it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case timedelta():
            return f'"{value.total_seconds()}s"'
        case Mapping():
            return "{" + ", ".join(f"{_written(str(name))} = {_written(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_written, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
