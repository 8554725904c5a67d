"""Publishing stock to a shop as absolute numbers."""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from connectors.canonical import Level
from connectors.core.errors import Invalid, NotApplied
from connectors.core.reading import understood
from connectors.shopify import documents
from connectors.shopify.admin import Admin
from connectors.shopify.graphql import UserError, gid, number_of, refusal
from connectors.shopify.mapping import InventoryItemDocument, LocationDocument, available_of, search_skus
from connectors.shopify.settings import Settings

SKUS_A_SEARCH = 20
LEVELS_A_CALL = 100  # an input list may hold 250
ROUNDS_MAXIMUM = 4
REFUSALS_MAXIMUM = 5
STALE_RETRY_SECONDS = 5.0

T = TypeVar("T")

_STALE = "CHANGE_FROM_QUANTITY_STALE"
_BURNT = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


class Change(Struct, frozen=True):
    """One quantity to set, and what it was when it was read."""

    sku: str
    item: str
    quantity: int
    was: int


class Stock:
    """Levels at a shop's locations.

    Each quantity is set with `changeFromQuantity`, the number just read. A sale in between makes Shopify refuse that
    row as stale; it is read and set again. The same comparison refuses a stray older request that arrives late, which
    `changeFromQuantity: null` would let overwrite a newer number.

    The idempotency key Shopify demands is a fresh one for each request. One made from the caller's key would be
    answered from memory for 24 hours: a level set from 7 to 5, sold back up to 7 by hand and set to 5 again would stay
    at 7. What guards against doing it twice is the comparison.
    """

    def __init__(self, admin: Admin, settings: Settings, chance: random.Random) -> None:
        self._admin = admin
        self._settings = settings
        self._chance = chance
        self._only_location = ""

    async def locations(self) -> list[LocationDocument]:
        found = await self._admin.all_nodes(documents.LOCATIONS, {}, LocationDocument, "locations")
        return [location for location in found if location.is_active]

    async def set(self, levels: Sequence[Level]) -> dict[str, str]:
        refused: dict[str, str] = {}
        wanted: dict[str, dict[str, int]] = {}
        for level in levels:
            at = wanted.setdefault(await self._location(level.warehouse), {})
            if not level.sku:
                refused[level.sku] = "a level without a SKU"
            elif level.sku in at:
                refused[level.sku] = "two levels for this SKU at one location"
            else:
                at[level.sku] = max(0, level.available)
        for location, quantities in wanted.items():
            unambiguous = {sku: quantity for sku, quantity in quantities.items() if sku not in refused}
            refused |= await self._set_at(gid("Location", location), unambiguous)
        return refused

    async def find(self, skus: Sequence[str]) -> dict[str, int]:
        locations = set(self._settings.locations.values()) or {await self._location("")}
        total: dict[str, int] = {}
        for location in sorted(locations):
            for sku, items in (await self._read(skus, gid("Location", location))).items():
                for quantity in map(available_of, items):
                    if quantity is not None:
                        total[sku] = total.get(sku, 0) + quantity
        return total

    async def _location(self, warehouse: str) -> str:
        """The location a warehouse's levels are published at; raises `Invalid` where the settings leave it open."""
        named = self._settings.locations.get(warehouse) or self._settings.location_id or self._only_location
        if not named:
            found = await self.locations()
            if len(found) != 1:
                names = ", ".join(f"{location.name} ({location.id})" for location in found) or "none"
                raise Invalid(
                    f"it is not said at which location levels are published; the shop has: {names}",
                    next_step="Set location_id, or locations, for this connection.",
                )
            named = self._only_location = understood("a location", lambda: number_of(found[0].id))
        return named

    async def _set_at(self, location: str, wanted: Mapping[str, int]) -> dict[str, str]:
        refused: dict[str, str] = {}
        left = dict(wanted)
        for _ in range(ROUNDS_MAXIMUM):
            changes = await self._changes(location, left, refused)
            left = {}
            for some in _batches(changes, LEVELS_A_CALL):
                for change in await self._set_some(location, some, refused):
                    left[change.sku] = change.quantity
            if not left:
                return refused
        raise NotApplied(
            f"{len(left)} levels kept changing while they were being set: {', '.join(list(left)[:5])}",
            retry_after_seconds=STALE_RETRY_SECONDS,
        )

    async def _changes(self, location: str, wanted: Mapping[str, int], refused: dict[str, str]) -> list[Change]:
        """What has to be set; what is right already is left alone."""
        stock = await self._read(list(wanted), location)
        changes = []
        for sku, quantity in wanted.items():
            items = stock.get(sku, [])
            if len(items) != 1:
                refused[sku] = f"{len(items)} items in the shop have this SKU" if items else "the shop has no such SKU"
                continue
            was = available_of(items[0])
            if was is None:
                await self._stock_it(location, items[0], quantity, refused)
            elif was != quantity:
                changes.append(Change(sku, items[0].id, quantity, was))
        return changes

    async def _stock_it(
        self, location: str, item: InventoryItemDocument, quantity: int, refused: dict[str, str]
    ) -> None:
        """An item that is not stocked at the location has no level there that could be set."""
        sku = item.sku or ""
        if not self._settings.activate_missing:
            refused[sku] = "not stocked at this location"
            return
        variables = {"item": item.id, "location": location, "available": quantity, "key": self._fresh_key()}
        payload = await self._admin.mutate(documents.INVENTORY_ACTIVATE, variables)
        if payload.errors:
            refused[sku] = "; ".join(map(str, payload.errors))

    async def _set_some(self, location: str, changes: Sequence[Change], refused: dict[str, str]) -> list[Change]:
        """Set what can be set; answers those whose quantity had changed meanwhile.

        One refused row stops all of a request, so the refused are taken out and the rest is sent again.
        """
        left = list(changes)
        stale: list[Change] = []
        for _ in range(REFUSALS_MAXIMUM):
            if not left:
                return stale
            errors = await self._send(location, left)
            if not errors:
                return stale
            if any(error.code == _BURNT for error in errors):
                return [*stale, *left]
            by_row = {_row(error, len(left)): error for error in errors}
            if None in by_row:
                raise refusal(Invalid, documents.INVENTORY_SET, errors)
            for row, change in enumerate(left):
                error = by_row.get(row)
                if error and error.code == _STALE:
                    stale.append(change)
                elif error:
                    refused[change.sku] = str(error)
            left = [change for row, change in enumerate(left) if row not in by_row]
        if all(error.code == _STALE for error in errors):  # a busy shop: each request found another that had moved
            return [*stale, *left]
        raise refusal(Invalid, documents.INVENTORY_SET, errors)

    async def _send(self, location: str, changes: Sequence[Change]) -> tuple[UserError, ...]:
        rows = [
            {
                "inventoryItemId": change.item,
                "locationId": location,
                "quantity": change.quantity,
                "changeFromQuantity": change.was,
            }
            for change in changes
        ]
        whole = {"name": "available", "reason": "correction", "quantities": rows}
        payload = await self._admin.mutate(documents.INVENTORY_SET, {"input": whole, "key": self._fresh_key()})
        return payload.errors

    async def _read(self, skus: Sequence[str], location: str) -> dict[str, list[InventoryItemDocument]]:
        """The items with exactly these SKUs: the search may answer more than was asked."""
        found: dict[str, list[InventoryItemDocument]] = {}
        for some in _batches([sku for sku in dict.fromkeys(skus) if sku], SKUS_A_SEARCH):
            variables = {"query": search_skus(some), "location": location}
            items = await self._admin.all_nodes(documents.STOCK, variables, InventoryItemDocument, "inventoryItems")
            for item in items:
                if item.sku is not None and item.sku in some:
                    found.setdefault(item.sku, []).append(item)
        return found

    def _fresh_key(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def _row(error: UserError, rows: int) -> int | None:
    """Which row an error is about: `["input", "quantities", "3", …]`; None when it does not say."""
    position = error.field[2] if error.field and len(error.field) > 2 and error.field[1] == "quantities" else ""
    return int(position) if position.isdecimal() and int(position) < rows else None


def _batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
