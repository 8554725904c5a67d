"""The store itself: the index that clients probe, and the status that tells its versions."""

from mock_servers.core.fake import Call
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import advanced_trackings, trackings
from mock_servers.woocommerce.behaviour.base import API, answer, fact, fake, links, offset_hours, site_url

NAMESPACES = ["oembed/1.0", "wp/v2", "wc/v1", "wc/v2", "wc/v3"]


@fake.operation("getIndex")
def get_index(call: Call) -> Reply:
    """A WordPress site's own name here is its world's."""
    about = {"name": call.world.name, "description": "", "url": call.base_url, "home": call.base_url}
    return Reply(200, about | {"gmt_offset": offset_hours(call), "namespaces": namespaces(call)})


def namespaces(call: Call) -> list[str]:
    """Those of WordPress and core, and of the extensions that are active: this is where a caller finds out."""
    found = list(NAMESPACES)
    if trackings.is_on(call):
        found.append("wc-shipment-tracking/v3")
    if advanced_trackings.is_on(call):
        found.append("wc-ast/v3")
    return found


@fake.operation("getSystemStatus")
def system_status(call: Call) -> Reply:
    environment = {
        "home_url": site_url(call),
        "site_url": site_url(call),
        "version": fact("store_version"),
        "wp_version": fact("wordpress_version"),
        "default_timezone": "UTC",
    }
    settings = {"api_enabled": True, "force_ssl": False, "currency": fact("currency"), "currency_symbol": "$"}
    shown = {
        "environment": environment,
        "settings": settings,
        "active_plugins": [{"plugin": "woocommerce/woocommerce.php"}],
    }
    return answer(call, 200, shown)


@fake.operation("getCurrentCurrency")
def current_currency(call: Call) -> Reply:
    code = fact("currency")
    shown = {"code": code, "name": "United States (US) dollar", "symbol": "&#36;"}
    return answer(call, 200, shown | {"_links": links(call, f"{API}/data/currencies/{code}", f"{API}/data/currencies")})


@fake.operation("listSystemStatusTools")
def list_tools(call: Call) -> Reply:
    return answer(call, 200, [])


@fake.headers("rest")
def headers(_: Call) -> list[tuple[str, str]]:
    """What WordPress says on every answer (dossier §1)."""
    return [
        ("X-Content-Type-Options", "nosniff"),
        ("Access-Control-Expose-Headers", "X-WP-Total, X-WP-TotalPages, Link"),
    ]
