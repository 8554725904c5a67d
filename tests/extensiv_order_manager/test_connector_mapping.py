"""What goes to Order Manager comes back as it was meant."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Address, Delivery, DeliveryLine, Level, Ref
from connectors.core.reading import as_document
from connectors.extensiv_order_manager.mapping import (
    OrderDocument,
    WarehouseDocument,
    address_to_document,
    levels_from_warehouse,
    order_from_delivery,
    quantities_of_order,
    state_from_order,
    stock_to_document,
)

words = st.text(st.characters(codec="utf-8"), max_size=12)
addresses = st.builds(Address, words, words, words, words, words, words, words, words, words, words)
lines = st.lists(
    st.builds(DeliveryLine, st.sampled_from(["A", "B", "C-1", "ß"]), st.integers(1, 99), words), max_size=6
)
deliveries = st.builds(Delivery, words, st.builds(Ref, words, words), words, lines.map(tuple), addresses)


@given(delivery=deliveries)
def test_an_order_sent_and_read_back_asks_for_the_same_goods_under_the_same_reference(delivery):
    stored = order_from_delivery(delivery) | {"id": 1, "status": "pending", "updated_at": "2026-11-23T08:00:00Z"}
    order = as_document(stored, OrderDocument)
    wanted = Counter()
    for line in delivery.lines:
        wanted[line.sku] += line.quantity
    assert quantities_of_order(order) == wanted
    assert len(order.items) == len(wanted), "one item for each SKU"
    assert state_from_order(order, "om").reference == delivery.reference


@given(address=addresses)
def test_no_part_of_an_address_that_a_carrier_needs_is_lost(address):
    document = address_to_document(address)
    assert set(document) == {"name", "street1", "city", "state", "postal_code", "country"}
    assert address.name in document["name"]
    assert address.company in document["name"]
    assert address.street1 in document["street1"]
    assert address.street2 in document["street1"]
    assert [document[key] for key in ("city", "state", "postal_code", "country")] == [
        address.city,
        address.region,
        address.postal_code,
        address.country,
    ]


def test_an_address_of_two_streets_and_a_company_reads_well():
    document = address_to_document(Address("Ana", "5 Pine Rd", "Albany", "1", "US", street2="Apt 4", company="Acme"))
    assert (document["name"], document["street1"]) == ("Ana, Acme", "5 Pine Rd, Apt 4")


@given(sku=words, warehouse=st.integers(1, 10**9).map(str), available=st.integers(0, 10**9))
def test_a_level_set_and_read_back_is_the_same(sku, warehouse, available):
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    sent = stock_to_document(Level(sku, warehouse, available, available, moment))
    stock = {"sku": sent["sku"], "available": sent["availableQuantity"], "on_hand": sent["availableQuantity"]}
    document = {"warehouse_id": sent["warehouseId"], "name": "East", "inventory": [stock]}
    (level,) = levels_from_warehouse(as_document(document, WarehouseDocument), moment)
    assert (level.sku, level.warehouse, level.available) == (sku, warehouse, available)
