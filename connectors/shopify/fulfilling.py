"""Telling a shop what was shipped, and what will not be.

Shipping is told against *fulfilment orders*, one or more for each location, which edits, moves and holds replace. So
they are read afresh each time. `fulfillmentCreate` is not idempotent: after a lost answer, repeating it for a part of a
line would tell of a second part, and so would a request that a proxy sends twice. Of all that is left in a fulfilment
order that cannot happen: the second time it is refused. So a part is split off first, and then fulfilled whole. The
parcels' tracking numbers are what a shipment is known again by.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

from connectors.canonical import Fulfillment
from connectors.core.clock import Clock
from connectors.core.errors import (
    Conflict,
    ConnectorError,
    Invalid,
    NotApplied,
    NotFound,
    Refused,
    Unknown,
    Unreadable,
)
from connectors.core.reading import as_document, dig, understood
from connectors.shopify import documents
from connectors.shopify.admin import Admin, Payload
from connectors.shopify.graphql import gid, number_of, refusal
from connectors.shopify.mapping import (
    STAFF_NOTE_LENGTH_MAXIMUM,
    Fulfillable,
    FulfilledLineDocument,
    FulfillmentDocument,
    FulfillmentOrderDocument,
    FulfillmentOrderLineDocument,
    Part,
    SplitDocument,
    Told,
    allocate,
    already_told,
    cancel_reason,
    fulfillables,
    fulfillment_to_input,
    halves_of,
    is_live,
    location_of,
    partly_taken,
    told_from_document,
    wanted_lines,
    with_piece,
)

FULFILLMENTS_MAXIMUM = 250  # as many as the document asks for; the list has no second page
JOB_SECONDS_MAXIMUM = 60.0
JOB_WAIT_SECONDS_MAXIMUM = 4.0


class Fulfilling:
    """Fulfilments of orders, and cancellations of orders."""

    def __init__(self, admin: Admin, clock: Clock, *, restock_cancelled: bool) -> None:
        self._admin = admin
        self._clock = clock
        self._restock_cancelled = restock_cancelled
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, fulfillment: Fulfillment) -> str | None:
        ids, left = already_told(fulfillment, await self._told(fulfillment.order.id))
        return ",".join(ids) if ids and not left else None

    async def tell(self, fulfillment: Fulfillment) -> str:
        wanted = wanted_lines(fulfillment)
        if not wanted or min(wanted.values()) <= 0:
            raise Invalid("a fulfilment needs lines, and of each at least one")
        async with self._turn(fulfillment.order.id):
            ids: list[str] = []
            if is_tracked(fulfillment):
                ids, wanted = already_told(fulfillment, await self._told(fulfillment.order.id))
            if wanted:
                ids += await self._tell_rest(fulfillment, wanted)
            return ",".join(ids)

    async def cancel(self, ids: str) -> None:
        cancelled = 0
        for number in ids.split(","):
            try:
                cancelled += await self._cancel_one({"id": gid("Fulfillment", number)})
            except (NotApplied, Refused) as error:
                if not cancelled:
                    raise
                raise _halfway(f"{cancelled} of the fulfilments {ids} were cancelled", error) from error

    async def _cancel_one(self, variables: Mapping[str, str]) -> bool:
        """Whether this was what cancelled it."""
        if await self._status(variables) == "CANCELLED":
            return False
        payload = await self._admin.mutate(documents.FULFILLMENT_CANCEL, variables)
        if payload.errors and await self._status(variables) != "CANCELLED":
            raise refusal(Conflict, documents.FULFILLMENT_CANCEL, payload.errors)
        return not payload.errors

    async def cancel_order(self, id: str, reason: str) -> None:
        variables = {
            "id": gid("Order", id),
            "reason": cancel_reason(reason),
            "restock": self._restock_cancelled,
            "staffNote": reason[:STAFF_NOTE_LENGTH_MAXIMUM],
        }
        payload = await self._admin.mutate(documents.ORDER_CANCEL, variables, "orderCancelUserErrors")
        if payload.errors:
            if await self._is_cancelled(id):
                return  # somebody was faster
            raise refusal(Conflict, documents.ORDER_CANCEL, payload.errors)
        try:
            await self._job_done(dig(payload.fields, "job", "id"))
            cancelled = await self._is_cancelled(id)
        except (NotApplied, Refused) as error:
            raise _halfway(f"the cancellation of order {id} was accepted", error) from error
        if not cancelled:
            raise Unknown(f"the cancellation of order {id} is over, and the order is not cancelled")

    def _turn(self, order: str) -> asyncio.Lock:
        """One shipment of an order at a time: what one has split off must not be taken by another."""
        turn = self._turns.get(order)
        if turn is None:
            turn = self._turns[order] = asyncio.Lock()
        return turn

    async def _told(self, order: str) -> list[Told]:
        """The live fulfilments of an order, with all their lines."""
        found = await self._admin.ask(documents.FULFILLMENTS, {"id": gid("Order", order)}, _fulfillments)
        if found is None:
            raise NotFound(f"the shop has no order {order}")
        if len(found) >= FULFILLMENTS_MAXIMUM:
            raise Unreadable(f"order {order} has more fulfilments than can be listed")
        return [await self._whole(document) for document in found if is_live(document)]

    async def _whole(self, document: FulfillmentDocument) -> Told:
        lines = await self._admin.whole(
            document.fulfillment_line_items,
            documents.FULFILLMENT_LINES,
            {"id": document.id},
            FulfilledLineDocument,
            "fulfillment",
            "fulfillmentLineItems",
        )
        return understood(f"fulfilment {document.id}", lambda: told_from_document(document, lines))

    async def _tell_rest(self, fulfillment: Fulfillment, wanted: Mapping[str, int]) -> list[str]:
        """A fulfilment order may have been replaced since it was read, so one refusal is worth a second look."""
        try:
            return await self._tell_once(fulfillment, wanted)
        except Conflict:
            return await self._tell_once(fulfillment, wanted)

    async def _tell_once(self, fulfillment: Fulfillment, wanted: Mapping[str, int]) -> list[str]:
        """Raises `Conflict` only while nothing was told."""
        open_at = await self._open(fulfillment.order.id)
        parts, missing = allocate(wanted, open_at)
        if missing:
            raise _unwanted(fulfillment, missing)
        ids: list[str] = []
        for part in parts:
            try:
                whole = await self._set_apart(part, open_at[part.location])
                ids.append(await self._create(whole, fulfillment))
            except ConnectorError as error:
                if not ids:
                    raise
                raise _half_told(fulfillment, ids, len(parts), error) from error
        return ids

    async def _set_apart(self, part: Part, lines: Sequence[Fulfillable]) -> Part:
        """Split off what is taken of fulfilment orders of which more is left. Raises `Conflict` when they changed."""
        for order, units in partly_taken(part, lines).items():
            rows = [{"id": line, "quantity": quantity} for line, quantity in units.items()]
            variables = {"splits": [{"fulfillmentOrderId": order, "fulfillmentOrderLineItems": rows}]}
            payload = await self._admin.mutate(documents.FULFILLMENT_ORDER_SPLIT, variables)
            if payload.errors:
                raise refusal(Conflict, documents.FULFILLMENT_ORDER_SPLIT, payload.errors)
            wanted = {line.order_line: units[line.line] for line in lines if line.line in units}
            part = with_piece(part, order, _piece(payload, wanted))
        return part

    async def _create(self, part: Part, fulfillment: Fulfillment) -> str:
        variables = {"fulfillment": fulfillment_to_input(part, fulfillment)}
        payload = await self._admin.mutate(documents.FULFILLMENT_CREATE, variables)
        if payload.errors:
            raise refusal(Conflict, documents.FULFILLMENT_CREATE, payload.errors)
        created = dig(payload.fields, "fulfillment", "id")
        return understood("the new fulfilment", lambda: number_of(str(created)))

    async def _open(self, order: str) -> dict[str, list[Fulfillable]]:
        """What may be fulfilled now, by location."""
        found = await self._admin.all_nodes(
            documents.FULFILLMENT_ORDERS,
            {"id": gid("Order", order)},
            FulfillmentOrderDocument,
            "order",
            "fulfillmentOrders",
        )
        by_location: dict[str, list[Fulfillable]] = {}
        for document in found:
            lines = await self._admin.whole(
                document.line_items,
                documents.FULFILLMENT_ORDER_LINES,
                {"id": document.id},
                FulfillmentOrderLineDocument,
                "fulfillmentOrder",
                "lineItems",
            )
            by_location.setdefault(location_of(document), []).extend(_fulfillables(document, lines))
        return by_location

    async def _status(self, variables: Mapping[str, str]) -> str:
        status = await self._admin.ask(
            documents.FULFILLMENT_STATUS, variables, lambda data: dig(data, "fulfillment", "status")
        )
        if status is None:
            raise NotFound(f"the shop has no fulfilment {variables['id']}")
        return str(status)

    async def _is_cancelled(self, id: str) -> bool:
        variables = {"id": gid("Order", id)}
        return await self._admin.ask(
            documents.ORDER_CANCELLED, variables, lambda data: dig(data, "order", "cancelledAt") is not None
        )

    async def _job_done(self, job: Any) -> None:
        """Cancelling goes on in the background: ask until it is over, or has taken too long."""
        waited, wait = 0.0, 0.5
        while isinstance(job, str) and not await self._admin.ask(documents.JOB, {"id": job}, _is_done):
            if waited >= JOB_SECONDS_MAXIMUM:
                raise Unknown(f"the cancellation is not over after {waited:.0f} s")
            await self._clock.sleep(wait)
            waited += wait
            wait = min(JOB_WAIT_SECONDS_MAXIMUM, wait * 2)


def is_tracked(fulfillment: Fulfillment) -> bool:
    """Whether there is a number to know the shipment again by."""
    return any(parcel.tracking_number for parcel in fulfillment.parcels)


def _fulfillments(data: Mapping[str, Any]) -> tuple[FulfillmentDocument, ...] | None:
    found = dig(data, "order", "fulfillments")
    return None if found is None else as_document(found, tuple[FulfillmentDocument, ...])


def _fulfillables(document: FulfillmentOrderDocument, lines: list[FulfillmentOrderLineDocument]) -> list[Fulfillable]:
    return understood(f"fulfilment order {document.id}", lambda: fulfillables(document, lines))


def _piece(payload: Payload, wanted: Mapping[str, int]) -> list[Fulfillable]:
    """Of the two that a split answers with, the one that holds what was split off, whichever of them that is."""
    for split in as_document(dig(payload.fields, "fulfillmentOrderSplits"), tuple[SplitDocument, ...]):
        for piece in understood("the halves of a fulfilment order", lambda split=split: halves_of(split)):  # type: ignore[misc]
            if {line.order_line: line.remaining for line in piece} == wanted:
                return piece
    raise Conflict("the fulfilment order was split, and neither half is what was asked for")


def _is_done(data: Mapping[str, Any]) -> bool:
    """A job that is no longer known is over."""
    return dig(data, "job", "done") in (True, None)


def _unwanted(fulfillment: Fulfillment, missing: Mapping[str, int]) -> Conflict:
    lines = ", ".join(f"{quantity} of line {line}" for line, quantity in missing.items())
    return Conflict(
        f"order {fulfillment.order.id} has nothing open for {lines}",
        next_step="See whether the order was edited, put on hold or fulfilled by hand in Shopify, then replay or skip.",
    )


def _halfway(done: str, error: ConnectorError) -> Unknown:
    """What came after a change says nothing of the change: it must not be taken for one that was not made."""
    return Unknown(f"{done}, then: {error.message}", tried=error.tried, status=error.status, excerpt=error.excerpt)


def _half_told(fulfillment: Fulfillment, ids: list[str], parts: int, error: ConnectorError) -> ConnectorError:
    """Some locations know, some do not. With tracking numbers repeating tells the rest; without, only a person can."""
    done = f"{len(ids)} of {parts} locations were told ({', '.join(ids)})"
    if is_tracked(fulfillment):
        return _halfway(done, error)
    return Refused(
        f"{done}, then: {error.message}",
        tried=error.tried,
        status=error.status,
        excerpt=error.excerpt,
        next_step="Tell the rest by hand in Shopify: without a tracking number it cannot be known again.",
    )
