"""ShipmentSource: whoever parcels leave from."""

from datetime import UTC

import pytest

from connectors.ports import ShipmentSource
from tests.ports.rig import Rig, playing
from tests.ports.stage import BASE, Stage, play, rows_of


@playing(ShipmentSource)
def test_a_shipment_says_what_left_for_which_delivery_and_how_to_follow_it(rig: Rig):
    async def story(stage: Stage) -> None:
        id = rig.place_shipment(stage)
        (shipment,) = await rows_of(stage.connector.shipments())
        assert shipment.source.id == id
        assert shipment.source.connection == stage.connector.connection
        assert shipment.shipped.tzinfo is UTC
        assert shipment.shipped == shipment.updated == BASE
        assert [(line.sku, line.quantity) for line in shipment.lines] == [(rig.skus(stage)[0], 2)]
        assert all(parcel.tracking_number and parcel.carrier for parcel in shipment.parcels)
        assert not shipment.voided
        assert shipment.reference

    play(rig, story)


@playing(ShipmentSource)
def test_a_voided_shipment_is_learnt_again_as_voided_and_otherwise_the_same(rig: Rig):
    if not rig.voids:
        pytest.skip("nothing is taken back there")

    async def story(stage: Stage) -> None:
        id = rig.place_shipment(stage)
        (before,) = await rows_of(stage.connector.shipments())
        rig.touch_shipment(stage, id)
        (after,) = await rows_of(stage.connector.shipments())
        assert (before.voided, after.voided) == (False, True)
        assert (after.source, after.reference, after.lines, after.parcels) == (
            before.source,
            before.reference,
            before.lines,
            before.parcels,
        )

    play(rig, story)
