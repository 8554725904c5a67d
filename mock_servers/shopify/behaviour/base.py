"""What every part of the fake stands on: ids, money, moments, user errors, and how a mutation is done.

Documents are kept under their global id, with members named as GraphQL names them, so that a plain field needs no
resolver. Amounts are text with two decimals, moments text in UTC with whole seconds.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from mock_servers.core.fake import Fake, Work
from mock_servers.core.graphql import FieldError, Run
from mock_servers.core.store import Document

Json = dict[str, Any]

fake = Fake("shopify")
fake.kind("shop")
fake.kind("app")
fake.kind("location")
fake.kind("customer", index=("emailKey", "phoneKey"))
fake.kind("product", index=("updatedAt",))
fake.kind("variant", index=("productId", "skuKey"))
fake.kind("inventory_item", index=("variantId",))
fake.kind("inventory_level", index=("itemId", "locationId"))
fake.kind("order", index=("processedAt", "createdAt", "updatedAt", "nameKey", "sourceIdentifier", "customerId"))
fake.kind("fulfillment_order", index=("orderId", "updatedAt"))
fake.kind("fulfillment", index=("orderId",))
fake.kind("refund", index=("orderId",))
fake.kind("job")
fake.kind("webhook_subscription", index=("topic",))
fake.kind("idempotency")
fake.kind("unindexed", index=("kind",))

KIND_OF = {
    "Order": "order",
    "FulfillmentOrder": "fulfillment_order",
    "Fulfillment": "fulfillment",
    "Product": "product",
    "ProductVariant": "variant",
    "InventoryItem": "inventory_item",
    "InventoryLevel": "inventory_level",
    "Location": "location",
    "Customer": "customer",
    "Refund": "refund",
    "Job": "job",
    "WebhookSubscription": "webhook_subscription",
    "Shop": "shop",
    "App": "app",
}
"""Collections by the type in a global id."""

FIRST_NUMBERS = {"LineItem": 14_300_000_000_001, "Order": 6_100_000_000_001}
FIRST_NUMBER = 7_200_000_000_001  # ids do not fit into 32 bits at the vendor, so they do not here

SCOPES = (
    "read_all_orders",
    "read_locations",
    "write_assigned_fulfillment_orders",
    "write_customers",
    "write_fulfillments",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_orders",
    "write_products",
    "write_third_party_fulfillment_orders",
)
"""What the standing app of a world may do."""


# Ids ------------------------------------------------------------------------------------------------------------------


def gid(type_name: str, number: int | str) -> str:
    """`gid://shopify/Order/1`."""
    return f"gid://shopify/{type_name}/{number}"


def number_in(id: str) -> int:
    """The number of one of our own global ids."""
    return int(id.split("?", 1)[0].rsplit("/", 1)[1])


def type_in(id: str) -> str:
    """The type a global id names; empty when it is none. Raises nothing."""
    parts = id.split("/")
    good = len(parts) == 5 and parts[:3] == ["gid:", "", "shopify"] and parts[4].split("?", 1)[0].isdigit()
    return parts[3] if good and parts[4].isascii() else ""


def invalid_id() -> FieldError:
    """A global id that is none, or of another type."""
    return FieldError("invalid id", code="RESOURCE_NOT_FOUND")


def find(work: Work, type_name: str, id: str) -> Document | None:
    """The document with this global id, None when there is none. Raises `FieldError` for an id of another type."""
    if type_in(id) != type_name:
        raise invalid_id()
    return work.collection(KIND_OF[type_name]).find(id)


def found(work: Work, type_name: str, id: str) -> Json:
    """A document that is there because another one names it."""
    return work.collection(KIND_OF[type_name]).get(id).body


def next_id(work: Work, type_name: str) -> tuple[str, int]:
    """A new global id and its number."""
    number = work.next_number(type_name, FIRST_NUMBERS.get(type_name, FIRST_NUMBER))
    return gid(type_name, number), number


def id_key(number: int) -> str:
    """A number as text that sorts as the number does."""
    return f"{number:020d}"


def uuid(work: Work) -> str:
    """A new UUID out of the world's chance."""
    return str(UUID(int=work.chance.getrandbits(128), version=4))


# Money and moments ----------------------------------------------------------------------------------------------------

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def money(value: Any) -> str:
    """An amount as documents keep it: two decimals."""
    return str(Decimal(str(value)).quantize(CENT, ROUND_HALF_UP))


def total(amounts: Iterable[Any]) -> Decimal:
    """The sum of amounts."""
    return sum((Decimal(each) for each in amounts), ZERO)


@lru_cache(maxsize=4096)
def decimal_text(amount: str) -> str:
    """An amount as the vendor's Decimal: `43.00` is `43.0`, `43.50` is `43.5`."""
    text = amount.rstrip("0")
    return text + "0" if text.endswith(".") else text


@lru_cache(maxsize=4096)
def bag(amount: str, currency: str) -> Json:
    """A MoneyBag. Shared: read it, do not write it."""
    one = {"amount": decimal_text(amount), "currencyCode": currency}
    return {"shopMoney": one, "presentmentMoney": one}


def hour_before(stamp: str) -> str:
    """A stamp floored to its hour."""
    return f"{stamp[:13]}:00:00Z"


# Mutations ------------------------------------------------------------------------------------------------------------


class UserErrors(Exception):  # noqa: N818 - what the vendor calls them
    """A mutation that answers with user errors, and changes nothing."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


def user_error(field: Iterable[str] | None, message: str, code: str | None = None) -> Json:
    """One user error. `code` is shown only where the payload's type has one."""
    return {"field": None if field is None else list(field), "message": message, "code": code}


def refuse(field: Iterable[str] | None, message: str, code: str | None = None) -> NoReturn:
    """Answer with one user error. Raises `UserErrors`."""
    raise UserErrors([user_error(field, message, code)])


F = TypeVar("F", bound=Callable[..., Any])


def mutation(name: str) -> Callable[[F], F]:
    """Register `does(work, args)` as a mutation: done whole or not at all, and answered with its user errors."""

    def register(does: F) -> F:
        def resolve(_source: Any, args: Json, run: Run) -> Any:
            return attempt(run.call, lambda: does(run.call, args))

        fake.field(name)(resolve)
        return does

    return register


def attempt(work: Work, does: Callable[[], Json]) -> Json:
    """Do it, or undo it with the events it caused and answer its user errors."""
    told = len(work.events)
    try:
        with work.world.store.savepoint():
            return does()
    except UserErrors as refused:
        del work.events[told:]
        return {"userErrors": refused.errors}
    except FieldError:
        del work.events[told:]
        raise


def tell(work: Work, topic: str, payload: Callable[[], Json]) -> None:
    """Emit an event; its payload is made only when somebody listens. All events of one action share an id."""
    event_id = work.events[0].about["event_id"] if work.events else uuid(work)
    work.emit(topic, payload, event_id=event_id)


# Who may see what -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def with_implied(scopes: frozenset[str]) -> frozenset[str]:
    """Scopes as they count: `write_x` implies `read_x`."""
    return scopes | {f"read_{scope.removeprefix('write_')}" for scope in scopes if scope.startswith("write_")}


def compressed(scopes: Iterable[str]) -> list[str]:
    """Scopes as they are granted: what is implied is left out."""
    asked = {scope.strip() for scope in scopes} - {""}
    implied = {f"read_{scope.removeprefix('write_')}" for scope in asked if scope.startswith("write_")}
    return sorted(asked - implied)


def grants(work: Work) -> frozenset[str]:
    """The scopes of whoever calls; people at the vendor may do everything."""
    caller = getattr(work, "caller", None)
    return with_implied(caller.scopes if caller is not None else frozenset(SCOPES))


def app_id(work: Work) -> str:
    """The client id of the calling app; empty for people at the vendor."""
    caller = getattr(work, "caller", None)
    return str(caller.subject) if caller is not None else ""


def fact(name: str) -> Any:
    """One of the vendor's own numbers, out of its profile."""
    return fake.contract.profile.facts[name].value


def shop_of(work: Work) -> Json:
    """The one shop of this world."""
    return work.collection("shop").get("gid://shopify/Shop/1").body
