"""What every REST operation passes on its way in and out: the version, ids that are numbers, scopes of which one will
do, and user errors said as REST says them (dossier §3.1, §9)."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar

from mock_servers.core.fake import Call
from mock_servers.core.graphql import FieldError
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import UserErrors, fake, find, gid, grants
from mock_servers.shopify.behaviour.endpoint import admin_headers, version_for
from mock_servers.shopify.behaviour.fulfillment_orders import sees
from mock_servers.shopify.behaviour.oauth import retire_replaced
from mock_servers.shopify.behaviour.order_list import visible_order

Json = dict[str, Any]
Behaviour = TypeVar("Behaviour", bound=Callable[[Call], Reply])
FULFILLMENT_ORDER_KINDS = ("merchant_managed", "assigned", "third_party")

fake.headers("rest")(admin_headers)


def operation(id: str, *, errors: Literal["by_field", "list"] = "by_field") -> Callable[[Behaviour], Behaviour]:
    """What is done when a REST operation is called; its user errors are said by field, or as a list of texts."""

    def register(does: Behaviour) -> Behaviour:
        @fake.operation(id)
        def answer(call: Call) -> Reply:
            if not version_of(call):
                raise Refusal("route_not_found", path=call.request.path)
            retire_replaced(call, call.caller)
            call.body = numbered(call.body)
            try:
                return does(call)
            except UserErrors as refused:
                raise unprocessable(refused.errors, errors) from refused
            except FieldError as error:
                raise Refusal("not_found") from error

        return does

    return register


def version_of(call: Call) -> str:
    """The version that answers; empty for one that never was."""
    return version_for(call.path["version"])


# Refusals -------------------------------------------------------------------------------------------------------------

FIELDS = {"callback_url": "address", "order_id": "base", "fulfillment": "base", "id": "base", "fulfillment_id": "base"}
"""What REST calls a field, where it is not GraphQL's name in another spelling."""


def unprocessable(errors: list[Json], shape: Literal["by_field", "list"]) -> Refusal:
    """User errors as a 422. REST says `{"address": ["can't be blank"]}` where GraphQL says *Address can't be blank*."""
    if shape == "list":
        return Refusal("unprocessable_list", details=tuple(("", each["message"]) for each in errors))
    return Refusal("unprocessable", details=tuple(_detail(each) for each in errors))


def _detail(error: Json) -> tuple[str, str]:
    name = snake(next((part for part in reversed(error["field"] or ()) if not part.isdigit()), "base"))
    field = FIELDS.get(name, name)
    spoken = f"{field.replace('_', ' ')} "
    message: str = error["message"]
    return field, message[len(spoken) :] if message.lower().startswith(spoken) else message


def wrong(field: str, message: str) -> NoReturn:
    """Refuse with a 422 about one field."""
    raise Refusal("unprocessable", details=((field, message),))


def needs_one(call: Call, *scopes: str) -> None:
    """Refuse a caller that has none of these scopes, naming the first."""
    if grants(call).isdisjoint(scopes):
        raise Refusal("missing_scope", scope=scopes[0])


def may_read_fulfillment_orders(call: Call) -> None:
    """Any of the three read scopes will do; what is seen then depends on which."""
    needs_one(call, *(f"read_{kind}_fulfillment_orders" for kind in FULFILLMENT_ORDER_KINDS))


def may_write_fulfillment_orders(call: Call) -> None:
    """Any of the three write scopes will do."""
    needs_one(call, *(f"write_{kind}_fulfillment_orders" for kind in FULFILLMENT_ORDER_KINDS))


def may_read_fulfillments(call: Call) -> None:
    """As for GraphQL's `fulfillment`."""
    kinds = (f"read_{kind}_fulfillment_orders" for kind in FULFILLMENT_ORDER_KINDS)
    needs_one(call, "read_fulfillments", "read_orders", *kinds)


# Things by their numbers ----------------------------------------------------------------------------------------------

NUMBER_LETTERS_MAXIMUM = 20
NUMBER = re.compile(r"-?[0-9]{1,20}\Z")


def global_id(type_name: str, number: str) -> str:
    """The global id for a number in a path. Refuses with `not_found` what is no number."""
    if not (number.isascii() and number.isdecimal() and len(number) <= NUMBER_LETTERS_MAXIMUM):
        raise Refusal("not_found")
    return gid(type_name, int(number))


def gid_for(type_name: str, number: int) -> str:
    """The global id for a number in a body; nothing has a number below one."""
    return gid(type_name, max(0, number))


def named(call: Call, type_name: str, parameter: str = "id") -> Document:
    """What the path names. Refuses with `not_found`."""
    document = find(call, type_name, global_id(type_name, call.path[parameter]))
    if document is None:
        raise Refusal("not_found")
    return document


def order_named(call: Call, parameter: str = "order_id") -> Json:
    """The order the path names, if the caller may see it. Refuses with `not_found`."""
    order = visible_order(call, global_id("Order", call.path[parameter]))
    if order is None:
        raise Refusal("not_found")
    return order


def fulfillment_order_named(call: Call) -> Json:
    """The fulfilment order the path names, if the caller may see it. Refuses with `not_found`."""
    document = named(call, "FulfillmentOrder")
    if not sees(call, document.body):
        raise Refusal("not_found")
    return document.body


def one(call: Call, member: str, document: Document, status: int = 200) -> Reply:
    """A resource under its name, as its view has it, or the members of it that `fields` names."""
    if call.query.get("fields"):
        return Reply(status, {member: shown(call, call.render(document))})
    return Reply(status, document, under=member)


def shown(call: Call, shape: Json) -> Json:
    """A resource, or the members of it that `fields` names."""
    wanted = {name.strip() for name in call.query.get("fields", "").split(",")} - {""}
    return {name: value for name, value in shape.items() if name in wanted} if wanted else shape


COUNTS = frozenset({"id", "quantity", "available", "available_adjustment"})


def numbered(given: Any, name: str = "") -> Any:
    """A body with its ids and counts as numbers: clients that show an id as text send it back as text."""
    match given:
        case dict():
            return {key: numbered(each, key) for key, each in given.items()}
        case list():
            return [numbered(each, name) for each in given]
        case str() if (name in COUNTS or name.endswith("_id")) and NUMBER.match(given):
            return int(given)
    return given


@cache
def enumerated(name: str) -> frozenset[str]:
    """The words of an enumeration of the GraphQL schema, so that REST keeps nothing that GraphQL could not show."""
    block = re.search(rf"^enum {name}\b[^{{]*\{{([^}}]*)\}}", fake.contract.text("schema.graphql"), re.MULTILINE)
    without_directives = re.sub(r"@\w+\([^)]*\)", "", block[1] if block else "")
    return frozenset(re.findall(r"[A-Z][A-Z_]+", without_directives))


# Spelling -------------------------------------------------------------------------------------------------------------


def snake(name: str) -> str:
    """`lineItems` → `line_items`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """`line_items` → `lineItems`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def spelled(given: Mapping[str, Any], *names: str) -> Json:
    """These members of a body as GraphQL spells them; what was not given stays away."""
    return {camel(name): given[name] for name in names if name in given}


def units(given: list[Json] | None, type_name: str = "FulfillmentOrderLineItem") -> list[Json]:
    """Lines and quantities as mutations take them."""
    return [{"id": gid(type_name, each["id"]), "quantity": each["quantity"]} for each in given or ()]


def tags_of(given: str | list[str] | None) -> list[str]:
    """Tags in a body: one text with commas, or several."""
    return [given] if isinstance(given, str) else list(given or ())
