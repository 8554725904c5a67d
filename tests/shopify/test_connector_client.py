"""The connector as a whole: what it can do, how it is set up, and what it says."""

import re
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
import structlog

from connectors.canonical import Money, Ref
from connectors.core.errors import (
    Invalid,
)
from connectors.ports import InventorySink, OrderSource, ProductSource, ShipmentSink, WebhookSource
from connectors.shopify import Settings, Shopify
from tests.shopify.connector import SHOP, Vendor, ask, client, collect, nodes


def test_it_plays_the_parts_sync_knows():
    for part in (OrderSource, ShipmentSink, InventorySink, ProductSource, WebhookSource):
        assert isinstance(client(Vendor()), part)


def test_the_settings_hide_the_secrets():
    settings = Settings("shop", SHOP, access_token="at-1", client_secret="cs-1", refresh_token="rt-1")
    assert not re.search("at-1|cs-1|rt-1", repr(settings))


def test_a_shop_without_credentials_or_with_a_strange_domain_is_not_connected():
    with pytest.raises(ValueError, match="needs an access_token"):
        Shopify(Settings("shop", SHOP))
    with pytest.raises(Invalid, match="not a shop's domain"):
        Shopify(Settings("shop", "evil.example/.myshopify.com", access_token="t"))


def test_a_settle_time_outlasts_the_last_moment_a_write_can_arrive():
    assert client(Vendor()).settle == timedelta(seconds=10 + 30 + 10)


def test_the_credentials_are_proved_by_the_shops_name():
    assert ask(Vendor(shop={"shop": {"name": "Some Shop"}}), lambda shop: shop.check()) == "Some Shop"


# Products

VARIANT = {"id": "gid://shopify/ProductVariant/1", "sku": "MUG-BLU", "title": "Blue", "barcode": None, "price": "12.5"}
PRODUCT = {
    "id": "gid://shopify/Product/2",
    "title": "Mug",
    "status": "ACTIVE",
    "updatedAt": "2026-11-20T10:00:00Z",
    "variants": nodes(VARIANT, VARIANT | {"title": "Default Title", "sku": None, "barcode": "400638"}),
}


def test_products_are_variants_with_the_shops_currency():
    more = VARIANT | {"id": "gid://shopify/ProductVariant/3"}
    other = PRODUCT | {"id": "gid://shopify/Product/4", "status": "DRAFT", "variants": nodes(VARIANT, after="a")}
    vendor = Vendor(
        currency={"shop": {"currencyCode": "EUR"}},
        products={"products": nodes(PRODUCT, other)},
        productVariants={"product": {"variants": nodes(more)}},
    )
    (page,) = ask(vendor, lambda shop: collect(shop.products()))
    assert [product.title for product in page.rows] == ["Mug - Blue", "Mug", "Mug - Blue", "Mug - Blue"]
    assert [product.active for product in page.rows] == [True, True, False, False]
    assert page.rows[0].price == Money(Decimal("12.5"), "EUR")
    assert (page.rows[1].sku, page.rows[1].barcode) == ("", "400638")
    assert page.rows[3].source == Ref("shop", "3")


@contextmanager
def captured_logs():
    """What structlog is told, whatever the application set up, and no trace of it afterwards."""
    configured = structlog.is_configured()
    try:
        with structlog.testing.capture_logs() as entries:
            yield entries
    finally:
        if not configured:
            structlog.reset_defaults()


def test_another_api_version_answering_is_said_once():
    async def twice(shop):
        await shop.check()
        await shop.check()

    answer = httpx.Response(200, json={"data": {"shop": {"name": "x"}}}, headers={"x-shopify-api-version": "2027-01"})
    with captured_logs() as entries:
        ask(Vendor(shop=answer), twice)
    assert [entry["served"] for entry in entries if entry["log_level"] == "warning"] == ["2027-01"]
