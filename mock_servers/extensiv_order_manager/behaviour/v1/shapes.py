"""How the vendor's own API shows what is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import own_channel
from mock_servers.extensiv_order_manager.behaviour.v1 import goods
from mock_servers.extensiv_order_manager.behaviour.v1.words import CURRENCY, Json, money, none_of

ITEMS_OF_AN_ORDER = 1000


# Orders ---------------------------------------------------------------------------------------------------------------


def order(work: Work, kept: Mapping[str, Any]) -> Json:
    """An order with everything around it. What an order of the guide does not say is empty, as the vendor has it."""
    said = kept.get("v1", {})
    to = kept["shipping_address"]
    parcels = work.collection("shipment").rows(Is("order_id", "=", kept["id"]))
    currency = said.get("orderTotal", {}).get("currency", CURRENCY)
    total = _total(kept, currency)
    reason = kept.get("cancel_reason")
    return {
        "orderId": int(kept["id"]),
        "orderNumber": kept["order_number"],
        "orderType": "STANDARD",
        "orderStatus": kept["state"],
        "unresolvedStatus": kept["unresolved"],
        "relatedOrderIds": kept.get("related", []),
        "external": bool(kept.get("external")),
        "pos": False,
        "subscription": False,
        "amzFbaShipmentId": None,
        "orderDate": kept["order_date"],
        "createdDate": kept["created_at"],
        "modifiedDate": kept["updated_at"],
        "paymentDate": kept["payment_date"],
        "shipDate": kept.get("ship_date") or said.get("shipDate"),
        "shipByDate": said.get("shipByDate"),
        "receiveByDate": said.get("receiveByDate"),
        "holdUntilDate": kept.get("hold_until") or said.get("holdUntilDate"),
        "salesChannel": channel(channel_of(work, kept["channel_id"])),
        "customer": {
            "customerId": int(kept["id"]),
            "name": to["name"],
            "companyName": to.get("company"),
            "emailAddresses": [to["email"]] if to.get("email") else [],
        },
        "fulfillmentSource": _source(work, kept["warehouse_id"]),
        **_ship_to(to),
        "addressType": "UNKNOWN",
        "orderTotal": said.get("orderTotal") or total,
        "orderItemTotal": total,
        **{name: money(said.get(name), currency) for name in MONEY},
        "currency": currency,
        "shipMethod": _ship_method(said.get("shipMethod")),
        "requestedShippingService": said.get("requestedShippingService") or kept.get("shipping_method"),
        "shipment": shipment(parcels[-1]) if parcels else None,
        "shipments": [_parcel(kept, parcel) for parcel in parcels],  # voided ones too: that they stay is assumed
        **{name: said.get(name) for name in TEXTS},
        **{name: said.get(name, 0) for name in SIZES},
        **USUAL,
        "internalNotes": said.get("internalNotes") or kept.get("notes"),
        "gift": bool(said.get("gift")),
        "orderItems": [item(work, kept, each, place) for place, each in enumerate(kept["items"], 1)],
        "labels": goods.labels(work, kept),
        "paymentType": None,
        "cancelReason": {"type": reason or "OTHER", "details": kept.get("cancel_details")}
        if kept["state"] == "CANCELLED"
        else None,
        "fraudAnalysis": None,
        "customsDeclarationItems": [],
    }


MONEY = ("shippingCost", "discount", "insuranceCost", "insuredValue", "confirmationCost", "amountPaid")
SIZES = ("height", "length", "width", "weight")
USUAL = {
    **dict.fromkeys(("billDutiesToPayor", "containsAlcohol", "containsDryIce", "doNotPrepayPostage"), False),
    **dict.fromkeys(("includeReturnLabel", "nonMachinable", "releaseWithoutSignature", "saturdayDelivery"), False),
    **dict.fromkeys(("showPostage", "suppressChannelUpdate"), False),
    **dict.fromkeys(("customShipBilling", "orderCartonIds", "orderCustomsDocuments")),
    "customsDeclarationType": "NO_CUSTOMS_DECLARATION",
    "deliveryConfirmation": "NO_CONFIRMATION",
    "dryIceWeight": 0,
    "insuranceProvider": "NO_INSURANCE_PROVIDER",
    "internationalNonDeliveryAction": "RETURN_NON_DELIVERABLE_INTERNATIONAL",
}
"""How an order goes, where nobody can say it otherwise here."""
TEXTS = ("customField1", "customField2", "customField3", "giftMessage", "notesFromBuyer", "notesToBuyer")
ADDRESS = {
    "shipName": "name",
    "shipCompany": "company",
    "shipAddress1": "street1",
    "shipAddress2": "street2",
    "shipAddress3": "street3",
    "shipCity": "city",
    "shipState": "state",
    "shipZipCode": "postal_code",
    "shipCountry": "country",
    "shipPhone": "phone",
    "shipEmail": "email",
}
"""The vendor's members of an address and ours."""


def _ship_to(to: Mapping[str, Any]) -> Json:
    return {theirs: to.get(ours) for theirs, ours in ADDRESS.items()} | {"shipState": to.get("state") or ""}


def _total(kept: Mapping[str, Any], currency: str) -> Json:
    prices = [(each.get("unit_price") or none_of())["amount"] * each["quantity"] for each in kept["items"]]
    return {"amount": round(sum(prices), 2), "currency": currency}


def item(work: Work, kept: Mapping[str, Any], each: Mapping[str, Any], place: int) -> Json:
    """An item of an order; its product is null while no listing leads to one."""
    product = None if each.get("unmapped") else product_of(work, each["sku"])
    return {
        "orderItemId": item_id(kept, each, place),
        "listingName": each.get("listing_name") or (product["name"] if product else each["sku"]),
        "listingSku": listing_sku(each),
        "product": goods.product_ref(product) if product else None,
        "quantityOrdered": each["quantity"],
        "unitPrice": money(each.get("unit_price")),
        "tax": money(each.get("tax")),
        "discount": money(each.get("discount")),
        "notes": each.get("notes"),
        "purchaseOrderItemNumber": (each.get("purchase_item") or {}).get("purchaseOrderItemNumber"),
        "pickingStocks": [],
        "fulfilled": each["shipped"] == each["quantity"],
        "brokenDown": False,
    }


def item_id(kept: Mapping[str, Any], each: Mapping[str, Any], place: int) -> int:
    """What an item is called. Those of the guide have no name of their own until something is changed about them."""
    return int(each.get("item_id") or int(kept["id"]) * ITEMS_OF_AN_ORDER + place)


def listing_sku(each: Mapping[str, Any]) -> str:
    """What an item was ordered as."""
    return str(each.get("listing_sku") or each["sku"])


def _parcel(kept: Mapping[str, Any], parcel: Document) -> Json:
    names = {each["sku"]: listing_sku(each) for each in kept["items"]}
    return {
        "items": [{"listingSku": names[sent["sku"]], "quantity": sent["quantity"]} for sent in parcel["items"]],
        "trackingNumbers": [parcel["tracking_number"]],
    }


def _source(work: Work, warehouse: str | None) -> Json | None:
    found = work.collection("warehouse").find(warehouse) if warehouse else None
    return {"warehouseId": int(found.id), "name": found["name"]} if found else None


def _ship_method(said: Mapping[str, Any] | None) -> Json:
    names = ("shippingProviderId", "shippingCarrier", "shippingServiceId", "packageTypeId", "ltlFtlShipment")
    return {name: (said or {}).get(name) for name in names}


def shipment(kept: Mapping[str, Any]) -> Json:
    """A parcel. Who told of it from outside said by whom it went; a label that was bought here is none of theirs."""
    said = kept.get("v1", {})
    return shipment_row(
        kept,
        type="FULFILLMENT",
        received=said.get("received"),
        delivery="VOIDED" if kept["status"] == "voided" else said.get("deliveryStatus") or "UNKNOWN",
        labels=[f"https://labels.invalid/{kept['id']}.pdf"] if kept.get("label") else [],
        fee=said.get("carrierFee"),
        method=said.get("shipMethod") or {"shippingCarrier": kept["carrier"]},
        transaction=said.get("transactionId"),
        rma=None,
        external=kept.get("external", bool(said)),
        urls=[kept["tracking_url"]] if kept["tracking_url"] else [],
        arrival=said.get("estimatedArrival"),
        insurance=said.get("insuranceTrackingNumber"),
    )


def shipment_row(
    kept: Mapping[str, Any],
    *,
    type: str,
    received: str | None,
    delivery: str,
    labels: Sequence[str],
    fee: Json | None,
    method: Mapping[str, Any],
    transaction: str | None,
    rma: int | None,
    external: bool,
    urls: Sequence[str] = (),
    arrival: str | None = None,
    insurance: str | None = None,
) -> Json:
    """A parcel that leaves or comes back, with what is told of either."""
    return {
        "shipmentId": int(kept["id"]),
        "orderId": int(kept["order_id"]),
        "orderNumber": kept["order_number"],
        "warehouseId": int(kept["warehouse_id"]),
        "type": type,
        "created": kept["created_at"],
        "shipDate": kept["shipped_at"],
        "estimatedArrival": arrival,
        "received": received,
        "trackingNumber": kept["tracking_number"],
        "trackingUrls": list(urls),
        "shippingLabelUrls": list(labels),
        "deliveryStatus": delivery,
        "external": external,
        "carrierFee": money(fee),
        "shipMethod": _ship_method(method),
        "batchNumber": int(kept["batch"]) if kept.get("batch") else None,
        "transactionId": transaction,
        "insuranceTrackingNumber": insurance,
        "rma": rma,
    }


# Channels and warehouses ----------------------------------------------------------------------------------------------


def channel_of(work: Work, number: int) -> Mapping[str, Any]:
    """A sales channel; the account's own is there even where a world was made before channels were."""
    found = work.collection("channel").find(str(number))
    return found or {"id": str(number), "name": "Web", "type": "CUSTOM", "active": number == own_channel(work)}


def channel(kept: Mapping[str, Any]) -> Json:
    """A sales channel with the members of both shapes that are known (A38)."""
    return {
        "salesChannelId": int(kept["id"]),
        "salesChannelName": kept["name"],
        "salesChannelType": kept["type"],
        "name": kept["name"],
        "companyName": None,
        "phoneNumber": None,
        "type": kept["type"],
        "active": kept["active"],
        "connectionParams": None,
        "channelProperties": kept.get("properties"),
    }


NEWARK = {
    "address1": "1 Dock St",
    "city": "Newark",
    "state": "NJ",
    "zipCode": "07102",
    "country": "USA",
    "type": "COMMERCIAL",
}
"""Where a warehouse is that nobody said anything of."""
PLACE = ("address1", "address2", "address3", "city", "state", "province", "zipCode", "country", "type")
HOUSE = ("contactEmail", "contactPhone", "phoneExtension", "fax", "color", "timeZone")


def address(number: int, said: Mapping[str, Any] | None) -> Json:
    """An address; its id is that of whose it is (assumed)."""
    return {"addressId": number} | {name: (said or NEWARK).get(name) for name in PLACE}


def warehouse(kept: Document) -> Json:
    """A warehouse, with what somebody said of it."""
    said = kept.get("v1", {})
    return {name: said.get(name) for name in HOUSE} | {
        "warehouseId": int(kept.id),
        "name": kept["name"],
        "type": kept["type"],
        "active": kept.get("active", True),
        "address": address(int(kept.id), said.get("address")),
        "salesChannelId": said.get("salesChannelId") or 0,
        "internationalRank": said.get("internationalRank") or 0,
        "domesticBackups": said.get("domesticBackups") or [],
        "stateAllocations": said.get("stateAllocations") or [],
        "returnsLocation": returns_location(kept) if said.get("returnsLocation") else None,
    }


def returns_location(kept: Document) -> Json:
    """Where returns go: where the warehouse says, or to the warehouse itself."""
    said = kept.get("v1", {}).get("returnsLocation") or {}
    own = kept.get("v1", {}).get("address")
    return {
        "name": said.get("name") or kept["name"],
        "attention": said.get("attention"),
        "phone": said.get("phone"),
        "phoneExtension": said.get("phoneExtension"),
        "address": address(int(kept.id), said.get("address") or own),
    }
