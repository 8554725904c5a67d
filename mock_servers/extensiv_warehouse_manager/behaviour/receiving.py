"""What comes in, as a body says it: what it is tracked by, and where it is put."""

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, dated
from mock_servers.extensiv_warehouse_manager.behaviour.holding import supplier_of

WRITTEN = ("LotNumber", "SerialNumber", "ExpirationDate", "Cost", "SavedElements")


def batch_of(work: Work, customer: Document, facility: Document, body: Json) -> Json:
    """Qty, Qualifier, marks and place of a batch. Refuses with `does_not_exist` or `invalid_body`."""
    said = dated({name: body[name] for name in WRITTEN if body.get(name) is not None}, "ExpirationDate")
    given = body.get("SupplierIdentifier")
    supplier = supplier_of(work, int(customer.id), given) if given else None
    place = place_of(work, facility, body.get("LocationInfo") or {})
    return {
        "Qty": float(body["Qty"]),
        "Qualifier": body.get("Qualifier") or "",
        **said,
        **({"SupplierIdentifier": supplier} if supplier else {}),
        **({"location": place} if place else {}),
    }


def place_of(work: Work, facility: Document, given: Json) -> Document | None:
    """A place of the facility by its id, or by what it is called. Refuses with `does_not_exist`."""
    name = next((name for name in ("LocationId", "Display") if given.get(name)), None)
    if name is None:
        return None
    called = Is("LocationId", "=", given[name]) if name == "LocationId" else Is("Name", "same", given[name])
    place = work.collection("location").first(All(Is("facility_id", "=", int(facility.id)), called))
    if place is not None:
        return place
    raise Refusal("does_not_exist", property=f"LocationInfo.{name}", value=given[name])
