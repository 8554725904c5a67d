"""ProductSource: whoever knows the catalogue."""

from datetime import UTC

from connectors.ports import ProductSource
from tests.ports.rig import Rig, id_of, playing
from tests.ports.stage import Stage, play, rows_of


@playing(ProductSource)
def test_the_catalogue_is_complete_and_its_words_are_of_their_kinds(rig: Rig):
    async def story(stage: Stage) -> None:
        placed = [rig.place_product(stage) for _ in range(3)]
        products = await rows_of(stage.connector.products())
        assert set(placed) <= {id_of(product) for product in products}
        assert set(rig.skus(stage)) <= {product.sku for product in products}
        for product in products:
            assert product.source.connection == stage.connector.connection
            assert product.title
            assert product.active
            assert product.updated.tzinfo is UTC
            assert product.price is None or product.price.amount >= 0

    play(rig, story, page_size=2)
