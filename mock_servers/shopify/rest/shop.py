"""The shop and its locations over REST."""

from mock_servers.core.fake import Call
from mock_servers.core.wire import Reply
from mock_servers.shopify.rest.door import named, operation, shown
from mock_servers.shopify.rest.shapes import location_shape, shop_shape


@operation("getShop")
def get_shop(call: Call) -> Reply:
    return Reply(200, {"shop": shown(call, shop_shape(call))})


@operation("listLocations")
def list_locations(call: Call) -> Reply:
    return Reply(200, {"locations": [location_shape(call, row.body) for row in call.collection("location").rows()]})


@operation("countLocations")
def count_locations(call: Call) -> Reply:
    return Reply(200, {"count": call.collection("location").count()})


@operation("getLocation")
def get_location(call: Call) -> Reply:
    return Reply(200, {"location": location_shape(call, named(call, "Location").body)})
