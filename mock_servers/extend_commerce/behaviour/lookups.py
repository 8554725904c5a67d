"""Short lists that orders, products and prices refer to: units, countries, currencies, projects and reason codes."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import operation

UNITS = ("ST", "Styck"), ("FRP", "Förpackning"), ("KG", "Kilogram")
"""What an order calls its unit, and what it is; an id is a number (ExtendSharp)."""
COUNTRIES = {
    "SE": "Sverige",
    "NO": "Norge",
    "DK": "Danmark",
    "FI": "Finland",
    "DE": "Tyskland",
    "US": "Förenta staterna",
}
"""A name has at least four letters (ExtendSharp)."""
CURRENCIES = {
    "SEK": "Svensk krona",
    "NOK": "Norsk krona",
    "DKK": "Dansk krona",
    "EUR": "Euro",
    "USD": "US-dollar",
    "GBP": "Brittiskt pund",
}


@operation("listUnits")
def list_units(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    rows = enumerate(UNITS, 1)
    return Reply(200, [{"productUnitId": id, "name": name, "description": says} for id, (name, says) in rows])


@operation("listCountries")
def list_countries(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, [{"countryId": id, "name": name} for id, name in COUNTRIES.items()])


@operation("listCurrencies")
def list_currencies(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, [_currency(id) for id in CURRENCIES])


@operation("getCurrency")
def get_currency(call: Call) -> Reply:
    id = call.path["currencyId"]
    if id not in CURRENCIES:
        if call.setting("not_found_status", 404) == 400:
            raise Refusal("no_row", kind="currency")
        raise Refusal("not_found", kind="currency", id=id)
    return Reply(200, _currency(id))


def _currency(id: str) -> dict[str, Any]:
    return {"currencyId": id, "name": CURRENCIES[id]}


@operation("listOrderProjects")
def list_order_projects(call: Call) -> Reply:
    rows = call.collection("project").rows()
    return Reply(200, {"projectList": [{"project": row.id} | _about(row) for row in rows]})


@operation("listOrderReasonCodes")
def list_order_reason_codes(call: Call) -> Reply:
    rows = call.collection("reason_code").rows()
    return Reply(200, {"reasonCodeList": [{"reasonCode": row.id} | _about(row) for row in rows]})


def _about(row: Document) -> dict[str, Any]:
    return {"name": row["name"], "description": row["description"], "active": row["active"]}
