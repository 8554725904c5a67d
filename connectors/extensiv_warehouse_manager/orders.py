"""Orders: made once, found by their reference, cancelled in the state they were read in, and read by what changed."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from connectors.canonical import Delivery, DeliveryState, Page, Ref
from connectors.core.errors import Conflict, Forbidden, Invalid, Unreadable
from connectors.core.http import Http
from connectors.core.paging import Document
from connectors.core.reading import as_document, understood
from connectors.core.wire import Call, segment
from connectors.extensiv_warehouse_manager.hal import HAL, ORDERS, embedded, escaped, nothing
from connectors.extensiv_warehouse_manager.lists import Lists, Row, Window
from connectors.extensiv_warehouse_manager.mapping import (
    OrderDocument,
    moment,
    order_from_delivery,
    quantities_of,
    quantities_of_order,
    state_from_order,
)
from connectors.extensiv_warehouse_manager.settings import Settings

R = TypeVar("R")
STALE = 412
CHANGES_MAXIMUM = 4
"""How often a change is tried again since somebody else changed the order in between."""


class Orders:
    """The orders of one customer in one facility, by their numbers."""

    def __init__(self, http: Http, settings: Settings, customer: int, facility: int) -> None:
        self._http = http
        self._settings = settings
        self._customer = customer
        self._facility = facility
        self._lists = Lists(http, settings)

    async def find(self, reference: str) -> DeliveryState | None:
        """The order with exactly this reference; of several, the oldest that is not cancelled."""
        order = await self._named(reference)
        return self.state(order) if order else None

    async def deliver(self, delivery: Delivery) -> DeliveryState:
        """Create the order. When it exists already with the same items, that one is the answer.

        Raises `Conflict` when an order with this reference asks for other items.
        """
        # Not declared repeatable: whoever keeps the books looks before repeating.
        body = order_from_delivery(delivery, self._customer, self._facility)
        try:
            order, _ = await self._change(Call("POST", "/orders", "createOrder", json=body, headers=HAL))
        except Invalid as refused:
            found = await self._named(delivery.reference) if refused.code == "Duplicate" else None
            if found is None:
                raise
            order = self._must_be_the_same(found, delivery, refused)
        if order.reference_num != delivery.reference:
            raise Unreadable(f"order {order.read_only.order_id} was answered, which is not {delivery.reference}")
        return self.state(order)

    async def cancel(self, remote: Ref, reason: str) -> DeliveryState:
        """Cancel the order; one that is cancelled is answered as it is. `Conflict` when it has shipped."""
        for _ in range(CHANGES_MAXIMUM):
            order, tag = await self._order(remote.id)
            state = self.state(order)
            if state.status == "cancelled":
                return state
            if state.status == "shipped":
                raise Conflict(f"order {remote.id} has shipped and cannot be cancelled", tried=f"cancel {remote.id}")
            if await self._cancel(remote.id, tag, reason):
                return DeliveryState(state.remote, state.reference, "cancelled")
        raise Conflict(f"order {remote.id} is changed by others all the time", tried=f"cancel {remote.id}")

    async def _cancel(self, id: str, tag: str, reason: str) -> bool:
        """Whether it was done; if not, the order is in another state by now. Raises whatever else the vendor says.

        It is not repeated by itself: after an answer that was lost the tag is stale, which would look like somebody
        else's change.
        """
        body = {"reason": reason or "canceled"}
        path = f"/orders/{segment(id)}/canceler"
        call = Call("POST", path, "cancelOrder", json=body, headers={**HAL, "If-Match": tag})
        try:
            await self._http.send(call, nothing)
        except Conflict as error:
            if error.status != STALE:
                raise
            return False
        except Forbidden as error:
            if error.code not in {"OrderCanceled", "OrderConfirmed"}:
                raise
            return False
        return True

    def state(self, order: OrderDocument) -> DeliveryState:
        """What it says of our delivery. Raises `Unreadable`."""
        return understood(
            f"order {order.read_only.order_id}", lambda: state_from_order(order, self._settings.connection)
        )

    async def _order(self, id: str) -> tuple[OrderDocument, str]:
        """One order, and the tag of the state it is in."""
        return await self._change(Call("GET", f"/orders/{segment(id)}", "getOrder", headers=HAL))

    async def _change(self, call: Call) -> tuple[OrderDocument, str]:
        return await self._http.send(
            call, lambda answer: (as_document(answer.json(), OrderDocument), answer.headers.get("etag", ""))
        )

    async def _named(self, reference: str) -> OrderDocument | None:
        """All pages are walked and compared: a filter that minds no case must not hide the order."""
        asked = f"ReferenceNum=={escaped(reference)};ReadOnly.CustomerIdentifier.Id=={self._customer}"
        rows = self._lists.rows("/orders", "findOrder", {"rql": asked, "detail": "OrderItems"}, embedded(ORDERS))
        orders = [as_document(row, OrderDocument) async for page in rows for row in page]
        same = sorted((each for each in orders if each.reference_num == reference), key=_age)
        return next((each for each in same if self.state(each).status != "cancelled"), same[0] if same else None)

    def _must_be_the_same(self, order: OrderDocument, delivery: Delivery, refused: Invalid) -> OrderDocument:
        wanted = quantities_of((line.sku, line.quantity) for line in delivery.lines)
        there = understood(f"order {order.read_only.order_id}", lambda: quantities_of_order(order))
        if there == wanted:
            return order
        raise Conflict(
            f"order {delivery.reference} exists there as {order.read_only.order_id} and asks for other items",
            tried=refused.tried,
            status=refused.status,
            excerpt=refused.excerpt,
            code=refused.code,
            next_step="Compare the two; then cancel the one there, or mark this one as done.",
        )

    async def changed(
        self, cursor: str | None, detail: str, read: Callable[[OrderDocument], Sequence[R]]
    ) -> AsyncIterator[Page[R]]:
        """What `read` makes of orders that changed, by update time."""
        where = (
            f"ReadOnly.CustomerIdentifier.Id=={self._customer}",
            f"ReadOnly.FacilityIdentifier.Id=={self._facility}",
        )
        more = {"sort": "ReadOnly.OrderId"} | ({"detail": detail} if detail else {})

        def row(document: Document) -> list["Row[R]"]:
            order = as_document(document, OrderDocument)
            name = f"order {order.read_only.order_id}"
            ahead = self._settings.server_ahead
            updated = understood(name, lambda: moment(order.read_only.last_modified_date, ahead))
            records = understood(name, lambda: _known(read, order))
            return [Row(f"{order.read_only.order_id}:{place}", updated, each) for place, each in enumerate(records)]

        async for page in self._lists.changed(Window("/orders", "listOrders", where, more, ORDERS), cursor, row):
            yield page


def _known(read: Callable[[OrderDocument], Sequence[R]], order: OrderDocument) -> Sequence[R]:
    """Raises ValueError where a package holds what is no line of its order."""
    try:
        return read(order)
    except KeyError as error:
        raise ValueError(f"a package holds line {error}, which the order does not have") from error


def _age(order: OrderDocument) -> int:
    """Ids ascend."""
    return order.read_only.order_id
