"""Stock of a store: one number for each SKU, set as an absolute quantity, in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from connectors.canonical import Level
from connectors.core.errors import Unreadable
from connectors.core.reading import as_document
from connectors.woocommerce.mapping import StockDocument
from connectors.woocommerce.store import Store

SKUS_A_SEARCH = 40  # they go in the address, which has its limits
LEVELS_A_CALL = 100
T = TypeVar("T")


class BatchDocument(Struct, frozen=True):
    """What is answered to a batch: a row for each entry, in their order."""

    update: tuple[dict[str, Any], ...]


class Stock:
    """Levels of a store, which is one place.

    The store compares nothing: whoever sets last has the last word. A sale between our reading and our writing is
    overwritten, and seen again with the next level.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, skus: Sequence[str]) -> dict[str, int]:
        """What is published now. A SKU whose stock is not managed has no number."""
        found = await self._read([sku for sku in skus if _can_be_asked_for(sku)])
        return {
            sku: rows[0].stock_quantity or 0
            for sku, rows in found.items()
            if len(rows) == 1 and rows[0].stock_quantity is not None
        }

    async def set(self, levels: Sequence[Level]) -> dict[str, str]:
        """Answers SKU → reason for those refused."""
        refused: dict[str, str] = {}
        wanted: dict[str, int] = {}
        for level in levels:
            if not _can_be_asked_for(level.sku):
                refused[level.sku] = "a SKU that is empty, or has a comma or blanks around it, cannot be asked for"
            elif level.sku in wanted or level.sku in refused:
                refused[level.sku] = "two levels for this SKU, and the store has one number"
            else:
                wanted[level.sku] = max(0, level.available)
        wanted = {sku: quantity for sku, quantity in wanted.items() if sku not in refused}
        changes = await self._changes(wanted, refused)
        for parent, rows in changes.items():
            path = f"/products/{parent}/variations/batch" if parent else "/products/batch"
            for some in batches(rows, LEVELS_A_CALL):
                await self._set(path, some, wanted, refused)
        return refused

    async def _changes(self, wanted: Mapping[str, int], refused: dict[str, str]) -> dict[int, list[StockDocument]]:
        """What has to be set, by the parent it is a variation of; what is right already is left alone."""
        found = await self._read(list(wanted))
        changes: dict[int, list[StockDocument]] = {}
        for sku, quantity in wanted.items():
            rows = found.get(sku, [])
            if len(rows) != 1:
                refused[sku] = f"{len(rows)} products have this SKU" if rows else "the store has no such SKU"
            elif rows[0].manage_stock is not True or rows[0].stock_quantity != quantity:
                changes.setdefault(rows[0].parent_id, []).append(rows[0])
        return changes

    async def _set(
        self, path: str, rows: Sequence[StockDocument], wanted: Mapping[str, int], refused: dict[str, str]
    ) -> None:
        """One batch. Absolute, so that the same batch twice is the same as once."""
        entries = [{"id": row.id, "manage_stock": True, "stock_quantity": wanted[row.sku]} for row in rows]
        answer = await self._store.change("POST", path, "setStock", {"update": entries}, BatchDocument, repeatable=True)
        if len(answer.update) != len(rows):
            raise Unreadable(f"{len(answer.update)} rows were answered to a batch of {len(rows)}")
        for row, told in zip(rows, answer.update, strict=True):
            reason = _complaint(told)
            if reason:
                refused[row.sku] = reason
                continue
            now = as_document(told, StockDocument)
            if (now.id, now.stock_quantity) != (row.id, wanted[row.sku]):
                raise Unreadable(f"{now.sku} was answered with {now.stock_quantity}, and not {row.sku} as it was set")

    async def _read(self, skus: Sequence[str]) -> dict[str, list[StockDocument]]:
        """Products and variations with exactly these SKUs: the search may answer more than was asked."""
        found: dict[str, list[StockDocument]] = {}
        for some in batches(list(dict.fromkeys(skus)), SKUS_A_SEARCH):
            async for rows in self._store.rows("/products", "findProducts", StockDocument, {"sku": ",".join(some)}):
                for row in rows:
                    if row.sku in some:
                        found.setdefault(row.sku, []).append(row)
        return found


def _can_be_asked_for(sku: str) -> bool:
    """SKUs are asked for with commas between them, and the store takes the blanks off."""
    return bool(sku) and "," not in sku and sku == sku.strip()


def _complaint(row: Mapping[str, Any]) -> str:
    error = row.get("error")
    if not isinstance(error, dict):
        return ""
    return f"{error.get('code', '')}: {error.get('message', '')}"[:300]


def batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
