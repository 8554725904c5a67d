"""A merchant from a file: what is read, and what is said of a file that is wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sync import Part
from mock_servers.core.refusal import UsageError
from seatrial.sync.config import Config, duration, read_config
from seatrial.sync.fakes import config_of
from seatrial.sync.vendors import connector_class, settings_class, vendors

SECRETS = {"SHOP_TOKEN": "shpat_1234567890", "OM_SECRET": "om-secret"}
GOOD = """
merchant = "acme"

[[carts]]
connection = "shop"
vendor = "shopify"
shop = "acme.myshopify.com"
access_token = "env:SHOP_TOKEN"
overlap = "5m"
http = {timeout_seconds = 5}

[wms]
vendor = "extensiv_order_manager"
client_id = "me"
client_secret = "env:OM_SECRET"

[settings]
deliver_unpaid = true
delivery_delay = "10m"
safety = {MUG = 2}
warehouses = ["1"]

[every]
order_download = 90

[[skus]]
sku = "GIFT"
cart = "shop"
parts = {MUG = 2, TEE = 1}
"""


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    path = tmp_path / "acme.toml"
    path.write_text(text, "utf-8")
    return read_config(path, SECRETS if environ is None else environ)


def test_a_file_says_who_is_synced_and_how(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    cart, wms = config.carts[0], config.wms
    assert (config.merchant, config.ledger) == ("acme", str(tmp_path / "acme.ledger"))
    assert (cart.name, cart.vendor, cart.settings.connection, cart.settings.shop) == (
        "shop", "shopify", "shop", "acme.myshopify.com",
    )  # fmt: skip
    assert (cart.settings.access_token, wms.settings.client_secret) == ("shpat_1234567890", "om-secret")
    assert (cart.settings.overlap, cart.settings.http.timeout_seconds) == (timedelta(minutes=5), 5.0)
    assert wms.name == "extensiv_order_manager"
    settings = config.settings
    assert (settings.deliver_unpaid, settings.delivery_delay) == (True, timedelta(minutes=10))
    assert (dict(settings.safety), settings.warehouses) == ({"MUG": 2}, frozenset({"1"}))
    assert (settings.every.order_download, settings.every.inventory) == (timedelta(seconds=90), timedelta(minutes=15))
    assert config.skus.parts("shop", "GIFT") == (Part("MUG", 2), Part("TEE", 1))


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, GOOD))
    assert not any(secret in shown for secret in SECRETS.values())


WRONG = [
    ('merchant = "acme"', "merchant = 5", "merchant: Expected `str`, got `int`"),
    ('merchant = "acme"', "", "merchant: it is missing"),
    ('merchant = "acme"', 'merchant = "acme"\nledgr = "x"', "ledgr: nothing has this name. Did you mean ledger?"),
    ('merchant = "acme"', "merchant = ", "is not TOML"),
    ('vendor = "shopify"', 'vendor = "shopfy"', r"\[\[carts\]\] no. 1 vendor: no connector is called 'shopfy'"),
    ('vendor = "shopify"', "", r"\[\[carts\]\] no. 1 vendor: it is missing"),
    ('shop = "acme.myshopify.com"', "", r"\(shop\) shop: it is missing"),
    ('overlap = "5m"', 'overlap = "long"', r"\(shop\) overlap: it is no length of time"),
    ("timeout_seconds = 5", "timeout = 5", r"\(shop\) http timeout: nothing has this name"),
    ("timeout_seconds = 5", 'timeout_seconds = "5"', r"\(shop\) http timeout_seconds: Expected `float`"),
    ('"env:OM_SECRET"', '"env:NOT_SET"', r"client_secret: the environment variable 'NOT_SET' is not set"),
    (
        'client_id = "me"',
        'client_idd = "me"',
        r"\[wms\] \(extensiv_order_manager\) client_idd: .* Did you mean client_id",
    ),
    ('client_id = "me"', 'client_id = ["me"]', "client_id: Expected `str`, got `array`"),
    ("deliver_unpaid = true", "deliver_unpaid = 1", r"\[settings\] deliver_unpaid: Expected `bool`"),
    ("safety = {MUG = 2}", 'safety = {MUG = "2"}', r"\[settings\] safety: Expected `int`"),
    ("deliver_unpaid = true", "every = 1", r"\[settings\] every: nothing has this name"),
    ("order_download = 90", "order_downlod = 90", r"\[every\] order_downlod: .* Did you mean order_download"),
    ("order_download = 90", "order_download = -1", r"\[every\] order_download: it is no length of time"),
    ("parts = {MUG = 2, TEE = 1}", "parts = {}", r"\[\[skus\]\] no. 1 parts: it says what one unit takes"),
    ("parts = {MUG = 2, TEE = 1}", "parts = {MUG = 0}", "of each part there is at least 1"),
    ("[[skus]]", "[skus]", r"skus: there may be several of them, so each begins with \[\[skus\]\]"),
    ("[[carts]]", "[carts]", r"carts: there may be several"),
]


@pytest.mark.parametrize(("was", "now", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_place_and_what_to_do(tmp_path: Path, was: str, now: str, said: str) -> None:
    assert was in GOOD
    with pytest.raises(UsageError, match=said) as caught:
        read(tmp_path, GOOD.replace(was, now))
    words = str(caught.value)
    assert words.startswith(f"{tmp_path / 'acme.toml'}")
    assert not any(secret in words for secret in SECRETS.values())


def test_a_cart_and_a_warehouse_are_needed(tmp_path: Path) -> None:
    for text, missing in (
        ('merchant = "a"', r"\[\[carts\]\]: there is none"),
        (GOOD.split("[wms]")[0], r"\[wms\]: it"),
    ):
        with pytest.raises(UsageError, match=missing):
            read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_config(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b'merchant = "\xe4"')
    with pytest.raises(UsageError, match="UTF-8"):
        read_config(tmp_path / "latin.toml", {})
    (tmp_path / "long.toml").write_text("#" * 1_000_001)
    with pytest.raises(UsageError, match="longer than"):
        read_config(tmp_path / "long.toml", {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("6h", 21600), ("2d", 172800), ("250ms", 0.25), (3, 3)]
)
def test_lengths_of_time(text: Any, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "5 years", "-3s", "1e99d", "nan", None, True, [1], "5mm"])
def test_what_is_no_length_of_time(text: Any) -> None:
    with pytest.raises(ValueError):
        duration(text)


def test_every_vendor_with_a_connector_exports_one_and_its_settings() -> None:
    assert {"shopify", "extensiv_order_manager"} <= set(vendors())
    for vendor in vendors():
        assert connector_class(vendor).__module__.startswith(f"connectors.{vendor}.")
        assert "connection" in settings_class(vendor).__annotations__


def described(*names: str, **credentials: str) -> dict[str, Any]:
    about = {"base_url": "http://127.0.0.1:1", "credentials": {"client_id": "i", "client_secret": "s", **credentials}}
    return {"admin": {"token": "t"}, "vendors": dict.fromkeys(names, about)}


def test_the_running_fakes_are_a_merchant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    config = config_of(described("shopify", "extensiv_order_manager", "a_vendor_without_connector", shop="s.test"))
    assert [cart.name for cart in config.carts] == ["shopify"]
    assert config.wms.settings.auth_base_url == config.wms.settings.base_url == "http://127.0.0.1:1"
    other = config_of(described("shopify", "extensiv_order_manager", shop="other.test"))
    assert config.ledger != other.ledger  # another world, another ledger
    extend = {"client": "c", "username": "u", "password": "p", "customer_number": "1"}
    all_of_them = described("shopify", "extensiv_order_manager", "extend_commerce", shop="s.test", **extend)
    one, another = (config_of(all_of_them, wms=wms) for wms in ("extensiv_order_manager", "extend_commerce"))
    assert one.ledger != another.ledger  # another warehouse too
    assert config_of(described("shopify", "extensiv_order_manager", shop="s"), ledger="mine").ledger == "mine"


@pytest.mark.parametrize(
    ("names", "wms", "said"),
    [
        (("shopify",), "", "none of the fakes that run here ships"),
        (("extensiv_order_manager",), "", "none of the fakes that run here sells"),
        (("shopify", "extensiv_order_manager"), "shopify", "'shopify' is no warehouse system"),
    ],
)
def test_fakes_that_are_no_merchant_are_said_so(names: tuple[str, ...], wms: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        config_of(described(*names, shop="s"), wms=wms, ledger="x")
