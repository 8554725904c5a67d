"""What there is to ship by: carriers, their services and packages, and the providers that the account has."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, given, ids_given, none_of

CARRIERS = {1: "UPS", 2: "FEDEX", 3: "USPS", 4: "DHL", 5: "DHL_EXPRESS", 6: "ON_TRAC", 7: "OTHER_CARRIER"}
SERVICES = {11: (1, "03", "UPS Ground"), 12: (1, "02", "UPS 2nd Day Air"), 21: (2, "FEDEX_GROUND", "FedEx Ground"),
            31: (3, "PRIORITY", "Priority Mail")}  # fmt: skip
PACKAGES = {
    1: (1, "02", "Customer packaging"),
    2: (2, "YOUR_PACKAGING", "Your packaging"),
    3: (3, "PACKAGE", "Package"),
}
BILLINGS = (
    "BILL_SHIPPING_TO_MY_ACCOUNT",
    "BILL_SHIPPING_TO_RECIPIENT",
    "BILL_SHIPPING_TO_THIRD_PARTY",
    "BILL_SHIPPING_UPON_COLLECT",
)


@fake.operation("getCarriers")
def get_carriers(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, [{"shippingCarrierId": id, "name": name} for id, name in CARRIERS.items()])


@fake.operation("getPackages")
def get_packages(call: Call) -> Reply:
    return Reply(200, _packages(_carriers_asked(call)))


@fake.operation("getPackagesOfCarrier")
def get_packages_of_carrier(call: Call) -> Reply:
    return Reply(200, _packages(frozenset({_id(call.path["carrierId"], CARRIERS, "Carrier")})))


@fake.operation("getServices")
def get_services(call: Call) -> Reply:
    return Reply(200, _services(_carriers_asked(call)))


def _carriers_asked(call: Call) -> frozenset[int]:
    ids, codes = {int(id) for id in ids_given(call, "carrierId")}, set(given(call, "carrierCode"))
    chosen = ids | {id for id, name in CARRIERS.items() if name in codes}
    return frozenset(chosen) if ids or codes else frozenset(CARRIERS)


@fake.operation("getServicesOfCarrier")
def get_services_of_carrier(call: Call) -> Reply:
    return Reply(200, _services(frozenset({_id(call.path["carrierId"], CARRIERS, "Carrier")})))


@fake.operation("getBillingTypes")
def get_billing_types(call: Call) -> Reply:
    """The same for each carrier, after the ways that an order may say."""
    _id(call.path["carrierId"], CARRIERS, "Carrier")
    return Reply(200, [{"shipBillingId": id, "description": name} for id, name in enumerate(BILLINGS, 1)])


@fake.operation("getProviders")
def get_providers(call: Call) -> Reply:
    return Reply(200, [provider(row) for row in call.collection("provider").rows()])


@fake.operation("getProvider")
def get_provider(call: Call) -> Reply:
    found = call.collection("provider").find(call.path["providerId"])
    if found is None:
        raise Refusal("not_found", kind="Shipping provider", id=call.path["providerId"])
    return Reply(200, provider(found))


def carrier_of_method(work: Work, method: Mapping[str, Any]) -> tuple[str, str]:
    """The carrier that a label can be bought of by this ship method, or what is wrong with it."""
    found = work.collection("provider").find(str(method.get("shippingProviderId") or 0))
    if found is None or not found["active"]:
        return "", "Shipping provider not found"
    carrier = found["carrier_id"]
    if SERVICES.get(method.get("shippingServiceId") or 0, (0,))[0] != carrier:
        return "", "Shipping service is none of the provider's"
    if PACKAGES.get(method.get("packageTypeId") or 0, (0,))[0] != carrier:
        return "", "Package type is none of the provider's"
    return CARRIERS[carrier], ""


def tracking_number(work: Work) -> str:
    """A number of the kind UPS prints."""
    return f"1Z{work.chance.randrange(10**15, 10**16)}"


def _id(text: str, known: Mapping[int, Any], kind: str) -> int:
    if text not in {str(id) for id in known}:
        raise Refusal("not_found", kind=kind, id=text)
    return int(text)


def _packages(carriers: frozenset[int]) -> list[Json]:
    return [
        {
            "packageTypeId": id,
            "packageName": name,
            "packageCode": code,
            "abbreviation": name[:4].upper(),
            "description": name,
            "shippingCarrier": CARRIERS[carrier],
            "active": True,
            "domestic": True,
            "international": True,
            "weightRequired": True,
        }
        for id, (carrier, code, name) in PACKAGES.items()
        if carrier in carriers
    ]


def _services(carriers: frozenset[int]) -> list[Json]:
    return [
        {
            "shippingServiceId": id,
            "serviceId": str(id),
            "serviceCode": code,
            "serviceName": name,
            "abbreviation": name,
            "shippingCarrier": CARRIERS[carrier],
            "active": True,
            "international": False,
            "weightRequired": True,
            "dimensionsRequired": False,
            "halfPageLabel": False,
        }
        for id, (carrier, code, name) in SERVICES.items()
        if carrier in carriers
    ]


def provider(kept: Mapping[str, Any]) -> Json:
    """An account with a provider, and all that it ships by."""
    carrier = kept["carrier_id"]
    return {
        "shippingProviderId": int(kept["id"]),
        "name": kept["name"],
        "active": kept["active"],
        "type": CARRIERS[carrier],
        "subType": "NO_SUBTYPE",
        "postageBalance": none_of(),
        "packageTypes": _packages(frozenset({carrier})),
        "shippingServices": _services(frozenset({carrier})),
    }
