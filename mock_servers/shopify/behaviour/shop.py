"""The shop, its locations, its app, and what anything can be found by: `node`, `job`, access scopes."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is
from mock_servers.core.graphql import Connection, FieldError, Run
from mock_servers.shopify.behaviour.base import (
    KIND_OF,
    SCOPES,
    compressed,
    fact,
    fake,
    find,
    found,
    gid,
    grants,
    id_key,
    invalid_id,
    number_in,
    shop_of,
    type_in,
)
from mock_servers.shopify.behaviour.paging import Resource, connection, count
from mock_servers.shopify.behaviour.search import Filters, exact, flag, instant, padded

Json = dict[str, Any]
SHOP = gid("Shop", 1)
APP = gid("App", 1)

DEFAULT_SHOP = "seatrial.myshopify.com"
DEFAULT_CLIENT_ID = "seatrial-client-id"
DEFAULT_CLIENT_SECRET = "seatrial-client-secret"  # noqa: S105 - printed for everybody, opens nothing but a fake
DEFAULT_TOKEN = "shpat_seatrial"  # noqa: S105

LOCATIONS = Resource(
    "Location",
    {"ID": "seq", "NAME": "nameKey", "RELEVANCE": "seq"},
    Filters(
        {
            "id": padded("idKey"),
            "name": exact("nameKey"),
            "active": flag("isActive"),
            "created_at": instant("createdAt"),
        },
        ("nameKey",),
        frozenset({"address1", "address2", "city", "country", "legacy", "province", "zip", "location_id"}),
    ),
)


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """A shop like a fresh development store: one location, and one custom app that is already installed."""
    fixed = work.world.fixed_credentials
    shop = DEFAULT_SHOP if fixed else f"seatrial-{work.token(letters=8)}.myshopify.com"
    client_id = DEFAULT_CLIENT_ID if fixed else work.token()
    secret = DEFAULT_CLIENT_SECRET if fixed else work.token("shpss_")
    token = DEFAULT_TOKEN if fixed else work.token("shpat_")
    work.grant("tenant", shop, shop, standing=True)
    work.grant("client", client_id, client_id, scopes=SCOPES, standing=True, secret=secret, shop=shop, redirect_uris=[])
    work.grant("token", token, client_id, scopes=SCOPES, standing=True, sort_of="offline")
    if work.collection("shop").find(SHOP) is None:
        make_shop(work, shop)
        work.collection("app").add({"id": APP, "apiKey": client_id, "handle": "seatrial", "title": "Seatrial"})
        make_location(work, "Shop location", {"address1": "123 Main Street", "city": "New York", "zip": "10001"})
    return {"shop": shop, "client_id": client_id, "client_secret": secret, "access_token": token}


def make_shop(work: Work, domain: str) -> None:
    """The shop's own facts. Its clocks are New York's in winter, all year: the REST shapes need one offset."""
    work.collection("shop").add(
        {
            "id": SHOP,
            "name": "Seatrial",
            "email": "owner@example.com",
            "contactEmail": "owner@example.com",
            "shopOwnerName": "Sea Trial",
            "myshopifyDomain": domain,
            "url": f"https://{domain}",
            "createdAt": work.stamp,
            "currencyCode": "USD",
            "ianaTimezone": "America/New_York",
            "timezoneAbbreviation": "EST",
            "timezoneOffset": "-0500",
            "timezoneOffsetMinutes": -300,
            "taxesIncluded": False,
            "unitSystem": "IMPERIAL_SYSTEM",
            "weightUnit": "POUNDS",
            "orderNumberFormatPrefix": "#",
            "orderNumberFormatSuffix": "",
        }
    )


def make_location(work: Work, name: str, address: Json, *, service: str | None = None) -> Json:
    """A new location; with `service`, that of a fulfilment service which an app runs."""
    number = work.next_number("Location", 70_000_000_001)
    shown = {
        "address1": address.get("address1", ""),
        "address2": address.get("address2"),
        "city": address.get("city", ""),
        "country": address.get("country", "United States"),
        "countryCode": address.get("countryCode", "US"),
        "province": address.get("province", "New York"),
        "provinceCode": address.get("provinceCode", "NY"),
        "zip": address.get("zip", ""),
        "phone": address.get("phone", ""),
        "latitude": None,
        "longitude": None,
    }
    document = {
        "id": gid("Location", number),
        "idKey": id_key(number),
        "name": name,
        "nameKey": name.lower(),
        "isActive": True,
        "fulfillsOnlineOrders": True,
        "shipsInventory": True,
        "address": shown,
        "service": service,
        "serviceApp": None,
        "createdAt": work.stamp,
        "updatedAt": work.stamp,
    }
    return work.collection("location").add(document).body


# Root fields ----------------------------------------------------------------------------------------------------------


@fake.field("shop")
def shop(_source: Any, _args: Json, run: Run) -> Json:
    return shop_of(run.call)


@fake.field("Shop.billingAddress")
def shop_address(_source: Json, _args: Json, run: Run) -> Json:
    address: Json = first_location(run.call)["address"]
    return address | {"id": gid("ShopAddress", 1), "company": None, "countryCodeV2": address["countryCode"]}


@fake.field("Shop.primaryDomain")
def primary_domain(source: Json, _args: Json, _run: Run) -> Json:
    return {"id": gid("Domain", 1), "host": source["myshopifyDomain"], "sslEnabled": True, "url": source["url"]}


@fake.field("Shop.plan")
def shop_plan(_source: Json, _args: Json, _run: Run) -> Json:
    return {"partnerDevelopment": True, "publicDisplayName": "Development", "shopifyPlus": False}


@fake.field("Shop.fulfillmentServices")
def fulfillment_services(_source: Json, _args: Json, run: Run) -> list[Json]:
    rows = run.call.collection("location").rows()
    return [MANUAL, *(service_of(row.body) for row in rows if row["service"])]


MANUAL = {
    "id": gid("FulfillmentService", "manual"),
    "handle": "manual",
    "serviceName": "Manual",
    "type": "MANUAL",
    "inventoryManagement": False,
    "callbackUrl": None,
}


def service_of(location: Json) -> Json:
    """The fulfilment service at a location."""
    if not location["service"]:
        return MANUAL
    return {
        "id": f"{gid('FulfillmentService', number_in(location['id']))}?id=true",
        "handle": location["service"],
        "serviceName": location["name"],
        "type": "THIRD_PARTY",
        "inventoryManagement": True,
        "callbackUrl": None,
        "locationId": location["id"],
    }


@fake.field("FulfillmentService.location")
def service_location(source: Json, _args: Json, run: Run) -> Json | None:
    if "locationId" in source:
        return found(run.call, "Location", source["locationId"])
    return first_location(run.call)


@fake.field("ShopAddress.formatted", "LocationAddress.formatted", "MailingAddress.formatted")
def formatted(source: Json, args: Json, _run: Run) -> list[str]:
    name = [source.get("name")] if args.get("withName") else []
    company = [source.get("company")] if args.get("withCompany", False) else []
    town = " ".join(filter(None, (source.get("city"), source.get("provinceCode"), source.get("zip"))))
    lines = [*name, *company, source.get("address1"), source.get("address2"), town, source.get("country")]
    return [line for line in lines if line]


@fake.field("currentAppInstallation")
def current_app_installation(_source: Any, _args: Json, _run: Run) -> Json:
    return {"id": gid("AppInstallation", 1), "launchUrl": "https://localhost/"}


@fake.field("AppInstallation.accessScopes")
def access_scopes(_source: Json, _args: Json, run: Run) -> list[Json]:
    held = grants(run.call)
    return [{"handle": scope, "description": scope.replace("_", " ").capitalize()} for scope in compressed(held)]


@fake.field("AppInstallation.app", "InventoryAdjustmentGroup.app")
def the_app(_source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "App", APP)


@fake.field("FulfillmentHold.heldByApp")
def held_by(source: Json, _args: Json, run: Run) -> Json | None:
    return the_app(source, {}, run) if source["app"] else None


@fake.field("app")
def app(_source: Any, args: Json, run: Run) -> Json | None:
    document = run.call.collection("app").find(args.get("id") or APP)
    return document.body if document else None


@fake.field("publicApiVersions")
def public_api_versions(_source: Any, _args: Json, _run: Run) -> list[Json]:
    versions = fake.contract.profile.versions
    return [api_version(each) for each in (versions.served if versions else ())]


def api_version(handle: str) -> Json:
    """A version as it introduces itself."""
    return {"handle": handle, "displayName": handle, "supported": True}


@fake.field("node")
def node(_source: Any, args: Json, run: Run) -> Json | None:
    return node_of(run, args["id"])


@fake.field("nodes")
def nodes(_source: Any, args: Json, run: Run) -> list[Json | None]:
    if len(args["ids"]) > fact("input_array_maximum"):
        message = f"The input array size of {len(args['ids'])} is greater than the maximum allowed of 250."
        raise FieldError(message, code="MAX_INPUT_SIZE_EXCEEDED")
    return [node_of(run, id) for id in args["ids"]]


NEEDS = {
    "Order": {"read_orders"},
    "FulfillmentOrder": {
        "read_assigned_fulfillment_orders",
        "read_merchant_managed_fulfillment_orders",
        "read_third_party_fulfillment_orders",
    },
    "Fulfillment": {"read_orders", "read_fulfillments"},
    "Product": {"read_products"},
    "ProductVariant": {"read_products"},
    "InventoryItem": {"read_inventory", "read_products"},
    "InventoryLevel": {"read_inventory"},
    "Location": {"read_locations"},
    "Customer": {"read_customers"},
    "Refund": {"read_orders"},
}
"""Scopes of which one lets a node be seen; `node` returns an interface, so the schema cannot say it."""


def node_of(run: Run, id: str) -> Json | None:
    """Anything by its global id, if the caller may see it."""
    type_name = type_in(id)
    if not type_name:
        raise invalid_id()
    if type_name not in KIND_OF:
        return None
    needed = frozenset(NEEDS.get(type_name, ()))
    if needed and run.grants is not None and needed.isdisjoint(run.grants):
        raise run.plan.service.dialect.denied(run.field, tuple(sorted(needed)))
    if type_name == "Order":
        from mock_servers.shopify.behaviour.order_list import visible_order

        return visible_order(run.call, id)
    document = run.call.collection(KIND_OF[type_name]).find(id)
    return document.body if document else None


@fake.field("job")
def job(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Job", args["id"])
    return document.body if document else None


@fake.field("Job.query")
def job_query(_source: Any, _args: Json, _run: Run) -> Json:
    return {}


@fake.field(
    "Order.legacyResourceId",
    "Fulfillment.legacyResourceId",
    "Product.legacyResourceId",
    "ProductVariant.legacyResourceId",
    "InventoryItem.legacyResourceId",
    "Location.legacyResourceId",
    "Customer.legacyResourceId",
    "Refund.legacyResourceId",
    "WebhookSubscription.legacyResourceId",
)
def legacy_resource_id(source: Json, _args: Json, _run: Run) -> str:
    return str(number_in(source["id"]))


# Locations ------------------------------------------------------------------------------------------------------------


def first_location(work: Work) -> Json:
    """The location a shop began with."""
    return work.collection("location").rows(limit=1)[0].body


@fake.field("location")
def location(_source: Any, args: Json, run: Run) -> Json | None:
    if args.get("id") is None:
        return first_location(run.call)
    document = find(run.call, "Location", args["id"])
    return document.body if document else None


@fake.field("locations")
def locations(_source: Any, args: Json, run: Run) -> Connection:
    where = None if args.get("includeInactive") else Is("isActive", "=", True)
    return connection(run, args, LOCATIONS, where)


@fake.field("locationsCount")
def locations_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, LOCATIONS, Is("isActive", "=", True))


@fake.field("Location.isFulfillmentService")
def is_fulfillment_service(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["service"])


@fake.field("Location.fulfillmentService")
def location_service(source: Json, _args: Json, _run: Run) -> Json | None:
    return service_of(source) if source["service"] else None


@fake.field("Location.isPrimary")
def is_primary(source: Json, _args: Json, run: Run) -> bool:
    return bool(source["id"] == first_location(run.call)["id"])


@fake.field("Location.hasActiveInventory")
def has_active_inventory(source: Json, _args: Json, run: Run) -> bool:
    return run.call.collection("inventory_level").first(Is("locationId", "=", source["id"])) is not None


@fake.field("Location.hasUnfulfilledOrders")
def has_unfulfilled_orders(source: Json, _args: Json, run: Run) -> bool:
    open_ones = Is("status", "in", ("OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED", "INCOMPLETE"))
    return (
        run.call.collection("fulfillment_order").first(All(open_ones, Is("locationId", "=", source["id"]))) is not None
    )


@fake.field("Location.activatable", "Location.addressVerified")
def never(_source: Json, _args: Json, _run: Run) -> bool:
    return False


@fake.field("Location.deactivatable", "Location.deletable")
def deactivatable(source: Json, _args: Json, run: Run) -> bool:
    return bool(source["id"] != first_location(run.call)["id"])
