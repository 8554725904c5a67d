"""The store itself: the index that clients probe, and the status that tells its versions."""

import re

from mock_servers.core.fake import Call
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import advanced_trackings, trackings
from mock_servers.woocommerce.behaviour.base import API, Json, answer, fact, fake, links, offset_hours, site_url

PARAMETER = re.compile(r"\{(\w+)\}")
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


@fake.operation("getRoutes")
def routes(call: Call) -> Reply:
    """What the namespace has, by path, as WordPress writes them: `/wc/v3/orders/(?P<id>[0-9]+)`."""
    found: dict[str, Json] = {}
    for operation in fake.contract.operations.values():
        if not operation.path.startswith(API):
            continue
        path = operation.path.removeprefix("/wp-json")
        route = PARAMETER.sub(_as_wordpress_writes, path)
        known = found.setdefault(route, {"namespace": "wc/v3", "methods": [], "endpoints": []})
        known["methods"].append(operation.method)
        given = {each["name"]: {"required": bool(each.get("required"))} for each in operation.parameters}
        known["endpoints"].append({"methods": [operation.method], "args": given})
        if route == path:
            known["_links"] = {"self": [{"href": f"{call.base_url}{operation.path}"}]}
    about = {"up": [{"href": f"{call.base_url}/wp-json/"}]}
    return answer(call, 200, {"namespace": "wc/v3", "routes": found, "_links": about})


def _as_wordpress_writes(parameter: re.Match[str]) -> str:
    is_word = parameter[1] in {"method_id", "gateway_id", "tracking_id"}
    return f"(?P<{parameter[1]}>{'[a-zA-Z0-9_-]+' if is_word else '[0-9]+'})"


@fake.operation("getSystemStatus")
def system_status(call: Call) -> Reply:
    """Versions and settings are true of this fake; what a server would say of itself is what an ordinary one says."""
    return answer(call, 200, _environment(call) | _plugins(call) | _store())


def _environment(call: Call) -> Json:
    environment = {
        "home_url": site_url(call),
        "site_url": site_url(call),
        "version": fact("store_version"),
        "log_directory": "/var/www/html/wp-content/uploads/wc-logs/",
        "log_directory_writable": True,
        "wp_version": fact("wordpress_version"),
        "wp_multisite": False,
        "wp_memory_limit": 268435456,
        "wp_debug_mode": False,
        "wp_cron": True,
        "language": "en_US",
        "external_object_cache": None,
        "server_info": "Apache",
        "php_version": "8.3.0",
        "php_post_max_size": 8388608,
        "php_max_execution_time": 30,
        "php_max_input_vars": 1000,
        "curl_version": "8.5.0, OpenSSL/3.0.13",
        "suhosin_installed": False,
        "max_upload_size": 8388608,
        "mysql_version": "8.0.40",
        "default_timezone": "UTC",
        "fsockopen_or_curl_enabled": True,
        "soapclient_enabled": True,
        "domdocument_enabled": True,
        "gzip_enabled": True,
        "mbstring_enabled": True,
        "remote_post_successful": True,
        "remote_post_response": "200",
        "remote_get_successful": True,
        "remote_get_response": "200",
    }
    database = {
        "wc_database_version": fact("store_version"),
        "database_prefix": "wp_",
        "maxmind_geoip_database": "",
        "database_tables": {"woocommerce": {}, "other": {}},
    }
    return {"environment": environment, "database": database}


def _plugins(call: Call) -> Json:
    """WooCommerce, and the extensions whose routes are there."""
    there = {
        "woocommerce/woocommerce.php": ("WooCommerce", fact("store_version"), True),
        "woocommerce-shipment-tracking/woocommerce-shipment-tracking.php": (
            "WooCommerce Shipment Tracking",
            "2.9.0",
            trackings.is_on(call),
        ),
        "woo-advanced-shipment-tracking/woocommerce-advanced-shipment-tracking.php": (
            "Advanced Shipment Tracking for WooCommerce",
            "3.8",
            advanced_trackings.is_on(call),
        ),
    }
    rows = [
        {
            "plugin": plugin,
            "name": name,
            "version": version,
            "version_latest": version,
            "url": "",
            "author_name": "",
            "author_url": "",
            "network_activated": False,
        }
        for plugin, (name, version, active) in there.items()
        if active
    ]
    return {"active_plugins": rows, "inactive_plugins": [], "dropins_mu_plugins": {"dropins": [], "mu_plugins": []}}


def _store() -> Json:
    settings = {
        "api_enabled": False,
        "force_ssl": False,
        "currency": fact("currency"),
        "currency_symbol": "&#36;",
        "currency_position": "left",
        "thousand_separator": ",",
        "decimal_separator": ".",
        "number_of_decimals": 2,
        "geolocation_enabled": False,
        "taxonomies": {"external": "external", "grouped": "grouped", "simple": "simple", "variable": "variable"},
        "product_visibility_terms": {},
        "HPOS_enabled": True,
        "HPOS_sync_enabled": False,
    }
    security = {"secure_connection": True, "hide_errors": True}
    return {"settings": settings, "security": security, "pages": [], "post_type_counts": []}


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
