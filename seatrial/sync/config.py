"""Who is to be synced, from a file: one merchant, its carts, its warehouse system.

    merchant = "acme"
    ledger = "acme.ledger"                    # or postgresql://…; the file's own folder when left out

    [[carts]]
    connection = "shop"                       # the lane's name; the vendor's when left out
    vendor = "shopify"
    shop = "acme.myshopify.com"
    access_token = "env:SHOP_TOKEN"           # any text may be `env:NAME`
    client_secret = "env:SHOP_SECRET"

    [wms]
    vendor = "extensiv_order_manager"
    client_id = "env:OM_CLIENT_ID"
    client_secret = "env:OM_CLIENT_SECRET"

    [settings]                                # see connectors.sync.Settings
    delivery_delay = "10m"
    safety = {MUG = 2}

    [every]                                   # see connectors.sync.Every
    order_download = "2m"

    [[skus]]                                  # a name the warehouse does not know, or a kit
    sku = "GIFT-SET"
    parts = {MUG = 2}

Beside `connection` and `vendor`, a cart or warehouse takes the fields of its connector's `Settings`. Whatever is wrong
is one line: which file, which part, which name, what to do.
"""

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from connectors.sync.merchant import Every, Part, Settings, SkuMap, SkuRule
from mock_servers.core.refusal import UsageError
from seatrial.sync.vendors import settings_class

T = TypeVar("T")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
FILE_BYTES_MAXIMUM = 1_000_000


class Connection(msgspec.Struct, frozen=True):
    """One account at one vendor. `settings` is an instance of its connector's `Settings`; its repr hides secrets."""

    name: str
    vendor: str
    settings: Any


class Config(msgspec.Struct, frozen=True):
    """One merchant, not yet connected. `pick_locations`: a cart with several takes the first, as a fake's may."""

    merchant: str
    ledger: str
    carts: tuple[Connection, ...]
    wms: Connection
    skus: SkuMap
    settings: Settings
    pick_locations: bool = False


def read_config(path: Path, environ: Mapping[str, str]) -> Config:
    """The file's merchant. Raises UsageError."""
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAXIMUM + 1)
        if len(text) > FILE_BYTES_MAXIMUM:
            raise UsageError(f"{path} is longer than a configuration can be")
        document = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Name the file: --config FILE") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    return _Reader(path, environ).config(document)


def duration(value: object) -> timedelta:
    """`90s`, `15m`, `6h`, `2d`, `200ms`, or seconds as a number. Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        number = value.strip().rstrip("dhms")
        unit = value.strip()[len(number) :] or "s"
        if unit not in UNITS:
            raise ValueError(value)
        seconds = float(number) * UNITS[unit]
    else:
        raise ValueError(type(value).__name__)
    if not 0 <= seconds < 1e9:  # thirty years
        raise ValueError(value)
    return timedelta(seconds=seconds)


class _Reader:
    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ

    def config(self, document: dict[str, Any]) -> Config:
        self._known(document, ("merchant", "ledger", "carts", "wms", "settings", "every", "skus", "known_skus"), "")
        merchant = self._text(document, "merchant", "", needed=True)
        ledger = self._text(document, "ledger", "") or str(self._path.parent / f"{_file_name(merchant)}.ledger")
        carts = self._tables(document, "carts")
        if not carts:
            raise self._wrong("[[carts]]", "there is none. Add one: connection, vendor, and its credentials")
        if not isinstance(document.get("wms"), dict):
            raise self._wrong("[wms]", "it is missing. Add it: connection, vendor, and its credentials")
        every = self._filled(Every, self._table(document, "every"), "[every]")
        return Config(
            merchant,
            ledger,
            tuple(self._connection(cart, f"[[carts]] no. {number}") for number, cart in enumerate(carts, 1)),
            self._connection(document["wms"], "[wms]"),
            self._skus(document),
            self._filled(Settings, self._table(document, "settings"), "[settings]", every=every),
        )

    def _connection(self, table: dict[str, Any], where: str) -> Connection:
        vendor = self._text(table, "vendor", where, needed=True)
        try:
            wanted = settings_class(vendor)
        except UsageError as error:
            raise self._wrong(f"{where} vendor", str(error)) from error
        name = self._text(table, "connection", where) or vendor
        rest = {key: value for key, value in table.items() if key not in ("vendor", "connection")}
        settings = self._filled(wanted, rest, f"{where} ({name})", connection=name)
        return Connection(name, vendor, settings)

    def _skus(self, document: dict[str, Any]) -> SkuMap:
        rules = []
        for number, table in enumerate(self._tables(document, "skus"), 1):
            where = f"[[skus]] no. {number}"
            self._known(table, ("sku", "cart", "parts"), where)
            sku, parts = self._text(table, "sku", where, needed=True), table.get("parts")
            if not isinstance(parts, dict) or not parts:
                raise self._wrong(f"{where} parts", 'it says what one unit takes: parts = {"WAREHOUSE-SKU" = 2}')
            counted = {name: self._as(int, many, f"{where} parts.{name}") for name, many in parts.items()}
            if min(counted.values()) < 1:
                raise self._wrong(f"{where} parts", "of each part there is at least 1")
            taken = tuple(Part(name, many) for name, many in counted.items())
            rules.append(SkuRule(sku, taken, self._text(table, "cart", where)))
        known = document.get("known_skus")
        try:
            return SkuMap(rules, known=None if known is None else self._as(list[str], known, "known_skus"))
        except ValueError as error:
            raise self._wrong("[[skus]]", str(error)) from None

    def _filled(self, wanted: type[T], table: Mapping[str, Any], where: str, **ours: Any) -> T:
        """A dataclass from a table, field by field, so that a mistake has the name of its field."""
        fields = {field.name: field for field in dataclasses.fields(wanted)}  # type: ignore[arg-type]
        hints = get_type_hints(wanted)
        self._known(table, [name for name in fields if name not in ours], where)
        given = ours | {name: self._field(hints[name], value, f"{where} {name}") for name, value in table.items()}
        missing = [
            name
            for name, field in fields.items()
            if name not in given
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        if missing:
            raise self._wrong(
                f"{where} {missing[0]}",
                f'it is missing. Give it, or the name of the variable it is in: {missing[0]} = "env:NAME"',
            )
        return wanted(**given)

    def _field(self, wanted: Any, value: Any, where: str) -> Any:
        value = self._resolved(value, where)
        if wanted is timedelta:
            try:
                return duration(value)
            except ValueError:
                raise self._wrong(where, "it is no length of time. Write 90s, 15m, 6h or 2d") from None
        if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
            return self._filled(wanted, value, where)  # type: ignore[arg-type]
        return self._as(wanted, value, where)

    def _as(self, wanted: type[T], value: Any, where: str) -> T:
        try:
            return msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            raise self._wrong(where, str(error)) from None

    def _resolved(self, value: Any, where: str) -> Any:
        if not isinstance(value, str) or not value.startswith("env:"):
            return value
        name = value.removeprefix("env:")
        if not self._environ.get(name):
            raise self._wrong(where, f"the environment variable {name!r} is not set. Set it: export {name}=…")
        return self._environ[name]

    def _text(self, table: Mapping[str, Any], name: str, where: str, *, needed: bool = False) -> str:
        place = f"{where} {name}".strip()
        value = self._resolved(table.get(name, ""), place)
        if not isinstance(value, str):
            raise self._wrong(place, f"Expected `str`, got `{type(value).__name__}`")
        if needed and not value:
            raise self._wrong(place, f'it is missing. Add it: {name} = "…"')
        return value

    def _table(self, document: Mapping[str, Any], name: str) -> dict[str, Any]:
        table = document.get(name, {})
        if not isinstance(table, dict):
            raise self._wrong(name, f"it is a part of the file: [{name}]")
        return table

    def _tables(self, document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._wrong(name, f"there may be several of them, so each begins with [[{name}]]")
        return tables

    def _known(self, table: Mapping[str, Any], names: Iterable[str], where: str) -> None:
        there = list(names)
        for name in table:
            if name not in there:
                near = difflib.get_close_matches(name, there, 1)
                hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(there)}"
                raise self._wrong(f"{where} {name}".strip(), f"nothing has this name. {hint}")

    def _wrong(self, where: str, why: str) -> UsageError:
        return UsageError(f"{self._path}, {where}: {why}")


def _file_name(merchant: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in merchant)
