"""Suppliers, the agreements with them, and which products are bought on which agreement."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import (
    VAT_PERCENT,
    between,
    equal,
    every,
    kept,
    one,
    operation,
    page,
    shown_local,
    shown_or_none,
    success,
)

CREATING, UPDATING = "creating product supplier agreement", "updating product supplier agreement"
NAMES = {
    "statisticalNumber": "statistical",
    "country": "country",
    "supplierProductNumber": "number",
    "supplierProductName": "name",
    "price": "price",
    "manufacturingLeadTimeHour": "hours",
    "vatPercent": "vat",
    "inactive": "inactive",
    "useOtherPurchaseUnit": "other_unit",
    "purchaseProductUnit": "unit",
    "quantityPerPurchaseProductUnit": "per_unit",
}
"""Members of a product's agreement, by what they are kept under."""


@operation("listSuppliers")
def list_suppliers(call: Call) -> Reply:
    """Under `SupplierList`, with a capital (Q3)."""
    conditions = equal(call, id="supplierNumber", city="city", country="countryId")
    if "name" in call.query:
        conditions.append(Is("name", "contains", call.query["name"]))
    return page(call, call.collection("supplier"), _supplier, every(conditions))


@operation("getSupplier")
def get_supplier(call: Call) -> Reply:
    return Reply(200, _supplier(one(call, "supplier", "supplierNumber", "supplier")))


def _supplier(supplier: Document) -> dict[str, Any]:
    nothing = dict.fromkeys(("shortName", "organizationNumber", "address1", "postalCode", "state", "companyPhone"))
    return {
        "supplierNumber": supplier.id,
        "name": supplier["name"],
        **nothing,
        "city": supplier["city"],
        "countryId": supplier["country"],
        "rating": None,
        "manualRating": None,
    }


@operation("listSupplierAgreements")
def list_supplier_agreements(call: Call) -> Reply:
    """Under `SupplierAgreementList`, with a capital (Q3). Whose they are is in the single one only (tap-extend)."""
    conditions = equal(call, supplier="supplierNumber", country="countryId", active="active")
    conditions += between(call, "since", "validFrom")
    conditions += [Is("until", "<=", each.value) for each in between(call, "until", "validTo") if isinstance(each, Is)]
    if "name" in call.query:
        conditions.append(Is("name", "contains", call.query["name"]))
    return page(call, call.collection("agreement"), lambda row: _agreement(call, row), every(conditions))


@operation("getSupplierAgreement")
def get_supplier_agreement(call: Call) -> Reply:
    agreement = one(call, "agreement", "supplierAgreementNumber", "supplier agreement")
    return Reply(200, _agreement(call, agreement) | {"supplierNumber": agreement["supplier"]})


def _agreement(work: Work, agreement: Document) -> dict[str, Any]:
    return {
        "supplierAgreementNumber": int(agreement.id),
        "name": agreement["name"],
        "active": agreement["active"],
        "currencyId": agreement["currency"],
        "manufacturingLeadTime": 0.0,
        "transportLeadTime": 0.0,
        "customsLeadTime": 0.0,
        "paymentTerms": None,
        "deliveryMethod": None,
        "incoterms": None,
        "validFrom": shown_or_none(work, agreement["since"]),
        "validTo": shown_or_none(work, agreement["until"]),
        "ordererCountryId": agreement["country"],
        "changeDate": shown_local(work, agreement["changed"]),
    }


def new_agreement(supplier: str, number: int, name: str, country: str | None, now: str) -> dict[str, Any]:
    """An agreement with a supplier, as it is kept."""
    usual = {"active": True, "currency": "SEK", "since": None, "until": None, "changed": now}
    return {"id": str(number), "supplier": supplier, "name": name, "country": country} | usual


# What is bought there -------------------------------------------------------------------------------------------------


@operation("listProductAgreements")
def list_product_agreements(call: Call) -> Reply:
    wanted = equal(call, product="productNumber", agreement="supplierAgreementNumber")
    wanted += between(call, "changed", "changeDateFrom", "changeDateTo")
    return page(call, call.collection("product_agreement"), lambda row: _bought(call, row), every(wanted))


@operation("getProductAgreement")
def get_product_agreement(call: Call) -> Reply:
    return Reply(200, _bought(call, _named(call)))


def _named(call: Call) -> Document:
    """What the path names; refuses like any other thing that is not there."""
    number = call.path["supplierAgreementNumber"]
    call.path["id"] = f"{call.path['productNumber']}:{number}"
    return one(call, "product_agreement", "id", "product supplier agreement")


def _bought(work: Work, row: Document) -> dict[str, Any]:
    agreement = work.collection("agreement").get(str(row["agreement"]))
    return {
        "productNumber": row["product"],
        "supplierAgreementNumber": row["agreement"],
        "supplierAgreementName": agreement["name"],
        "supplierName": work.collection("supplier").get(agreement["supplier"])["name"],
        "supplierAgreementCurrencyId": agreement["currency"],
        "productUnitId": work.collection("product").get(row["product"])["unit"],
        **{name: row[member] for name, member in NAMES.items()},
        "changeDate": shown_local(work, row["changed"]),
    }


@operation("createProductAgreement")
def create_product_agreement(call: Call) -> Reply:
    body = call.body
    product, number = body["productNumber"], body["supplierAgreementNumber"]
    _must_be_there(call, product, number, CREATING)
    if call.collection("product_agreement").find(f"{product}:{number}") is not None:
        raise Refusal("duplicate_agreement", product=product, agreement=number)
    set_bought(call, product, number, _members(body))
    return success("Product supplier agreement created", f"{product} on {number}")


@operation("updateProductAgreement")
def update_product_agreement(call: Call) -> Reply:
    row = _named(call)
    asked = f"{call.body['productNumber']}:{call.body['supplierAgreementNumber']}"
    if asked != row.id:
        raise Refusal("other_number", doing=UPDATING, asked=asked, number=row.id)
    set_bought(call, row["product"], row["agreement"], _members(call.body))
    return success("Product supplier agreement updated", row.id)


@operation("deleteProductAgreement")
def delete_product_agreement(call: Call) -> Reply:
    row = _named(call)
    call.collection("product_agreement").delete(row.id)
    return success("Product supplier agreement deleted", row.id)


def _must_be_there(work: Work, product: str, number: int, doing: str) -> None:
    if work.collection("product").find(product) is None:
        raise Refusal("unknown_product", doing=doing, product=product)
    if work.collection("agreement").find(str(number)) is None:
        raise Refusal("unknown_agreement", doing=doing, agreement=number)


def _members(body: dict[str, Any]) -> dict[str, Any]:
    return {member: body[name] for name, member in NAMES.items() if name in body}


def set_bought(work: Work, product: str, number: int, members: dict[str, Any]) -> None:
    """A product is bought on an agreement, with these members; those that are not given stay, or are the usual ones."""
    found = work.collection("product_agreement").find(f"{product}:{number}")
    before = bought(product, number, "") if found is None else found.body
    switches = {name: bool(members.get(name, before[name])) for name in ("inactive", "other_unit")}
    work.collection("product_agreement").put(before | members | switches | {"changed": kept(work.now)})


def bought(product: str, number: int, now: str, **members: Any) -> dict[str, Any]:
    """A product on an agreement, as it is kept, under the product's own number there."""
    usual = dict.fromkeys(NAMES.values()) | {"country": "SE", "price": 0.0, "vat": VAT_PERCENT, "number": product}
    switches = {"inactive": False, "other_unit": False}
    place = {"id": f"{product}:{number}", "product": product, "agreement": number, "changed": now}
    return usual | switches | place | members


def named(work: Work, name: str, doing: str) -> int:
    """The number of an agreement by its name. Refuses with `unknown_agreement`."""
    found = work.collection("agreement").first(Is("name", "=", name))
    if found is None:
        raise Refusal("unknown_agreement", doing=doing, agreement=name)
    return int(found.id)
