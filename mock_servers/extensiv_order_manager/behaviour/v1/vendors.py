"""Whom one buys from, on what terms, and what they sell."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1 import goods, shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, Line, bulk, every, ids_given, page, part

VENDOR_START = 2
TERM_START = 2
SOLD_START = 1001
TEXTS = ("contactEmail", "contactPhone1", "contactPhone2", "fax", "purchaseOrderEmail", "website")
SAID = (
    *TEXTS,
    "address",
    "defaultIncotermShippingRule",
    "defaultIncotermShippingRuleId",
    "defaultPurchaseOrderFormat",
    "defaultPurchaseOrderTemplateId",
    "dropshipPurchaseOrderTemplateId",
    "dropshipper",
    "manufacturer",
    "percentageTax",
    "supplier",
)
NET_30 = {"id": "1", "description": "Net 30", "active": True}
"""The terms that are there from the beginning."""


# Vendors --------------------------------------------------------------------------------------------------------------


@fake.operation("getVendors")
def get_vendors(call: Call) -> Reply:
    rows = call.collection("vendor").rows()
    active = call.query.get("activeOnly", True)
    return part(call, [_vendor(call, row) for row in rows if row["active"] or not active])


@fake.operation("getVendor")
def get_vendor(call: Call) -> Reply:
    return Reply(200, _vendor(call, there(call, "vendor", call.path["vendorId"], "Vendor")))


@fake.operation("putVendors")
def put_vendors(call: Call) -> Reply:
    body = call.body
    if _term(call, body["defaultPaymentTermId"]) is None:
        raise Refusal("unprocessable", reason=f"Payment term {body['defaultPaymentTermId']} not found")
    _one_rule(body)
    id = call.next_number("vendor", VENDOR_START)
    said = {name: body[name] for name in SAID if body.get(name) is not None}
    call.collection("vendor").add(
        {
            "id": str(id),
            "name": body["name"],
            "active": body.get("active") is not False,
            "term": body["defaultPaymentTermId"],
            "v1": said,
        }
    )
    return Reply(200, {"id": id, "message": "Vendor created"})


def _one_rule(body: Mapping[str, Any]) -> None:
    """The incoterm is named by its word or by its id (spec: mutually exclusive)."""
    if body.get("defaultIncotermShippingRule") and body.get("defaultIncotermShippingRuleId"):
        reason = "defaultIncotermShippingRule and defaultIncotermShippingRuleId are mutually exclusive"
        raise Refusal("unprocessable", reason=reason)


@fake.operation("postVendors")
def post_vendors(call: Call) -> Reply:
    def change(line: Mapping[str, Any]) -> Json:
        known = call.collection("vendor").find(str(line["vendorId"]))
        if known is None:
            raise Line("Vendor not found", "vendorId", line["vendorId"])
        if line.get("defaultPaymentTermId") and _term(call, line["defaultPaymentTermId"]) is None:
            raise Line("Payment term not found", "defaultPaymentTermId", line["vendorId"])
        try:
            _one_rule(line)
        except Refusal as refusal:
            raise Line(str(refusal.words["reason"]), "defaultIncotermShippingRule", line["vendorId"]) from refusal
        changes = {name: line[name] for name in ("name", "active") if line.get(name) is not None}
        changes |= {"term": line["defaultPaymentTermId"]} if line.get("defaultPaymentTermId") else {}
        said = known.get("v1", {}) | {name: line[name] for name in SAID if line.get(name) is not None}
        return _vendor(call, call.collection("vendor").save(known | changes | {"v1": said}))

    return bulk(call.body, change)


def _vendor(call: Call, kept: Document) -> Json:
    said = kept.get("v1", {})
    flags = {"supplier": True, "manufacturer": False, "dropshipper": False}
    return {
        "vendorId": int(kept.id),
        "name": kept["name"],
        "active": kept["active"],
        **{name: said.get(name, usual) for name, usual in flags.items()},
        **{name: said.get(name) for name in SAID if name not in {*flags, "address"}},
        "address": shapes.address(int(kept.id), said["address"]) if said.get("address") else None,
        "percentageTax": said.get("percentageTax", 0),
        "warehouse": None,
        "defaultVendorPaymentTerm": term_shown(call, kept.get("term", 1)),
    }


# Payment terms --------------------------------------------------------------------------------------------------------


@fake.operation("getPaymentTerms")
def get_payment_terms(call: Call) -> Reply:
    rows = [NET_30, *call.collection("payment_term").rows()]
    changed = {row["id"]: row for row in rows}  # the one from the beginning may have been changed
    active = call.query.get("activeOnly", True)
    return Reply(200, [_term_row(row) for row in changed.values() if row["active"] or not active])


@fake.operation("putPaymentTerm")
def put_payment_term(call: Call) -> Reply:
    id = str(call.next_number("payment_term", TERM_START))
    term = {"id": id, "description": call.query.get("description", ""), "active": True}
    return Reply(200, _term_row(call.collection("payment_term").add(term)))


@fake.operation("postPaymentTerm")
def post_payment_term(call: Call) -> Reply:
    known = _term(call, call.body["vendorPaymentTermId"])
    if known is None:
        raise Refusal("not_found", kind="Payment term", id=str(call.body["vendorPaymentTermId"]))
    changes = {name: call.body[name] for name in ("description", "active") if call.body.get(name) is not None}
    return Reply(200, _term_row(call.collection("payment_term").put({**known, **changes})))


def _term(call: Call, id: int) -> Mapping[str, Any] | None:
    return call.collection("payment_term").find(str(id)) or (NET_30 if id == 1 else None)


def term_shown(call: Call, id: int) -> Json:
    """Payment terms, as vendors and purchase orders show them."""
    return _term_row(_term(call, id) or NET_30)


def known_term(call: Call, id: int) -> int:
    """The id, when there are such terms. Refuses when there are not."""
    if _term(call, id) is None:
        raise Refusal("unprocessable", reason=f"Payment term {id} not found")
    return id


def _term_row(kept: Mapping[str, Any]) -> Json:
    return {"vendorPaymentTermId": int(kept["id"]), "description": kept["description"], "active": kept["active"]}


# What they sell -------------------------------------------------------------------------------------------------------


@fake.operation("getVendorProducts")
def get_vendor_products(call: Call) -> Reply:
    ids, vendors, products = (ids_given(call, name) for name in ("vendorProductId", "vendorId", "productId"))
    skus = (
        tuple(row["sku"] for row in call.collection("product").rows(Is("id", "in", tuple(products))))
        if products
        else ()
    )
    where = every(
        Is("id", "in", tuple(ids)) if ids else None,
        Is("vendor_id", "in", tuple(int(id) for id in vendors)) if vendors else None,
        Is("sku", "in", skus) if products else None,
    )
    return page(call, "vendor_product", where, lambda row: _vendor_product(call, row))


@fake.operation("putVendorProduct")
def put_vendor_product(call: Call) -> Reply:
    body = call.body
    vendor = there(call, "vendor", str(body["vendorId"]), "Vendor")
    product = there(call, "product", str(body["productId"]), "Product")
    same = call.collection("vendor_product").rows(Is("vendor_sku", "=", body["vendorSku"]))
    if any(row["vendor_id"] == int(vendor.id) for row in same):
        raise Refusal("unprocessable", reason=f"The vendor sells {body['vendorSku']} already")
    id = call.next_number("vendor_product", SOLD_START)
    call.collection("vendor_product").add(
        {
            "id": str(id),
            "vendor_id": int(vendor.id),
            "vendor_sku": body["vendorSku"],
            "sku": product["sku"],
            "v1": {name: body[name] for name in SOLD if body.get(name) is not None},
            "tiers": [tier | {"id": call.next_number("pricing_tier", 1)} for tier in body["pricingTiers"]],
            "units": [unit | {"id": call.next_number("unit", 1)} for unit in body.get("unitsOfMeasure") or []],
        }
    )
    return Reply(200, {"id": id, "message": "Vendor product created"})


SOLD = ("active", "autoPoRounding", "defaultProduct", "leadTime", "minOrderQuantity", "packaging")


@fake.operation("postVendorProducts")
def post_vendor_products(call: Call) -> Reply:
    def change(line: Mapping[str, Any]) -> Json:
        known = call.collection("vendor_product").find(str(line["vendorProductId"]))
        if known is None:
            raise Line("Vendor product not found", "vendorProductId", line["vendorProductId"])
        said = known.get("v1", {}) | {name: line[name] for name in SOLD if line.get(name) is not None}
        changes = {"v1": said} | ({"vendor_sku": line["vendorSku"]} if line.get("vendorSku") else {})
        return _vendor_product(call, call.collection("vendor_product").save(known | changes))

    return bulk(call.body, change)


def _vendor_product(call: Call, kept: Document) -> Json:
    usual = {"autoPoRounding": "EXACT", "defaultProduct": True, "leadTime": 0, "minOrderQuantity": 1, "active": True}
    said: Json = {"packaging": None} | usual | kept.get("v1", {})
    tiers = ("id", "fromQuantity", "toQuantity", "cost")
    return said | {
        "vendorProductId": int(kept.id),
        "vendorId": kept["vendor_id"],
        "vendorSku": kept["vendor_sku"],
        "product": goods.product_ref(product_of(call, kept["sku"]) or {}),
        "pricingTiers": [{name: tier[name] for name in tiers} for tier in kept.get("tiers", ())],
        "unitsOfMeasure": [
            {name: unit[name] for name in ("id", "name", "unitQuantity")} for unit in kept.get("units", ())
        ],
    }


def there(call: Call, kind: str, id: str, name: str) -> Document:
    """The document of an id. Refuses with `not_found` by the vendor's name for it."""
    found = call.collection(kind).find(id)
    if found is None:
        raise Refusal("not_found", kind=name, id=id)
    return found
