"""Fulfilment over REST: what one surface does, the other shows."""

from tests.shopify.rest_shop import gid, parcel, rest_shop, waiting


def test_units_are_shipped_against_fulfilment_orders_and_both_surfaces_say_so():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 3), ("MUG-RED", 1)))
    (row,) = waiting(shop, number)
    assert [line["fulfillable_quantity"] for line in row["line_items"]] == [3, 1]
    tracking = {"number": "1Z", "company": "UPS"}
    first = shop.made("fulfillments.json", parcel(row, 2, tracking_info=tracking))["fulfillment"]
    assert (first["status"], first["name"], first["tracking_company"]) == ("success", "#1001.1", "UPS")
    assert first["tracking_url"].endswith("1Z")
    (row,) = waiting(shop, number)
    assert (row["status"], [line["fulfillable_quantity"] for line in row["line_items"]]) == ("in_progress", [1, 1])
    shop.made("fulfillments.json", parcel(row))
    (row,) = waiting(shop, number)
    assert (row["status"], row["supported_actions"]) == ("closed", [])
    asked = shop.ask("query($id: ID!) {order(id: $id) {displayFulfillmentStatus}}", id=gid("Order", number))
    assert asked == {"order": {"displayFulfillmentStatus": "FULFILLED"}}
    rows = shop.rest(f"orders/{number}/fulfillments.json", limit=1)["fulfillments"]
    assert [each["id"] for each in rows] == [first["id"]]
    assert shop.rest(f"orders/{number}/fulfillments/count.json") == {"count": 2}
    assert shop.rest(f"fulfillment_orders/{row['id']}/fulfillments.json")["fulfillments"][0]["id"] == first["id"]
    assert shop.sound() == []


def test_what_cannot_be_shipped_is_refused_as_a_list_of_texts():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    (row,) = waiting(shop, number)
    assert shop.refusal("fulfillments.json", parcel(row, 2)) == (
        422, ["Invalid fulfillment order line item quantity requested."],
    )  # fmt: skip
    assert shop.refusal("fulfillments.json", parcel(row, 0)) == (422, ["Quantity must be greater than 0"])
    shop.made("fulfillments.json", parcel(row))
    said = f"Fulfillment order {row['id']} has an unfulfillable status= closed."
    assert shop.refusal("fulfillments.json", parcel(row)) == (422, [said])


def test_a_parcel_is_tracked_anew_and_taken_back():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    made = shop.made("fulfillments.json", parcel(waiting(shop, number)[0]))["fulfillment"]
    told = {"fulfillment": {"tracking_info": {"numbers": ["A", "B"], "company": "Wagon", "url": "https://w.example"}}}
    tracked = shop.made(f"fulfillments/{made['id']}/update_tracking.json", told, status=200)["fulfillment"]
    assert (tracked["tracking_numbers"], tracked["tracking_urls"]) == (["A", "B"], ["https://w.example"])
    back = shop.made(f"fulfillments/{made['id']}/cancel.json", status=200)["fulfillment"]
    assert back["status"] == "cancelled"
    assert [row["status"] for row in waiting(shop, number)] == ["closed", "open"]
    said = ["Fulfillment is already cancelled."]
    assert shop.refusal(f"fulfillments/{made['id']}/cancel.json") == (422, said)
    assert shop.refusal("fulfillments/1/cancel.json") == (404, "Not Found")
    assert shop.sound() == []


def test_what_happens_on_the_way_is_told_and_read():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    made = shop.made("fulfillments.json", parcel(waiting(shop, number)[0]))["fulfillment"]
    path = f"orders/{number}/fulfillments/{made['id']}/events"
    event = shop.made(f"{path}.json", {"event": {"status": "in_transit", "city": "York"}})["fulfillment_event"]
    assert (event["status"], event["city"], event["order_id"]) == ("in_transit", "York", number)
    assert shop.rest(f"{path}.json") == {"fulfillment_events": [event]}
    assert shop.rest(f"{path}/{event['id']}.json") == {"fulfillment_event": event}
    assert (
        shop.rest(f"orders/{number}/fulfillments/{made['id']}.json")["fulfillment"]["shipment_status"] == "in_transit"
    )
    assert shop.refusal(f"orders/{number}/fulfillments/1/events.json", {"event": {"status": "delivered"}})[0] == 404


def test_what_was_told_is_taken_back_and_the_event_before_it_counts():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    made = shop.made("fulfillments.json", parcel(waiting(shop, number)[0]))["fulfillment"]
    path = f"orders/{number}/fulfillments/{made['id']}"
    stories = ({"status": "in_transit", "estimated_delivery_at": "2026-12-01T12:00:00Z"}, {"status": "failure"})
    events = [shop.made(f"{path}/events.json", {"event": each})["fulfillment_event"] for each in stories]
    seen = "query($id: ID!) {fulfillment(id: $id) {displayStatus inTransitAt}}"

    def shown():
        graph = shop.ask(seen, id=gid("Fulfillment", made["id"]))["fulfillment"]
        return shop.rest(f"{path}.json")["fulfillment"]["shipment_status"], graph["displayStatus"], graph["inTransitAt"]

    assert shown() == ("failure", "NOT_DELIVERED", "2026-11-23T12:00:00Z")
    assert shop.made(f"{path}/events/{events[1]['id']}.json", method="DELETE", status=200) == {}
    assert shown() == ("in_transit", "IN_TRANSIT", "2026-11-23T12:00:00Z")
    assert shop.refusal(f"{path}/events/{events[1]['id']}.json", method="DELETE") == (404, "Not Found")
    shop.made(f"{path}/events/{events[0]['id']}.json", method="DELETE", status=200)
    assert shown() == (None, "FULFILLED", None)
    assert shop.rest(f"{path}/events.json") == {"fulfillment_events": []}


def test_a_fulfilment_order_is_held_released_moved_and_cancelled():
    shop = rest_shop()
    other = shop.act("add_location", name="Elsewhere")["id"].rsplit("/", 1)[1]
    shop.act("count_stock", sku="MUG-BLU", quantity=9, location="Elsewhere")
    number = shop.number(shop.order(("MUG-BLU", 2)))
    path = f"fulfillment_orders/{waiting(shop, number)[0]['id']}"
    hold = {"fulfillment_hold": {"reason": "incorrect_address", "reason_notes": "No number"}}
    held = shop.made(f"{path}/hold.json", hold, status=200)["fulfillment_order"]
    assert (held["status"], held["fulfillment_holds"][0]["reason"]) == ("on_hold", "incorrect_address")
    assert shop.made(f"{path}/release_hold.json", status=200)["fulfillment_order"]["status"] == "open"
    status, said = shop.refusal(f"{path}/release_hold.json")
    assert (status, said) == (422, ["Expected fulfillment order status to be valid but it was open."])
    places = shop.rest(f"{path}/locations_for_move.json")["locations_for_move"]
    assert [(place["location"]["name"], place["movable"]) for place in places] == [("Elsewhere", True)]
    moved = shop.made(f"{path}/move.json", {"fulfillment_order": {"new_location_id": int(other)}}, status=200)
    assert moved["moved_fulfillment_order"]["assigned_location"]["name"] == "Elsewhere"
    assert moved["remaining_fulfillment_order"] is None
    gone = shop.made(f"{path}/cancel.json", status=200)
    assert (gone["fulfillment_order"]["status"], gone["replacement_fulfillment_order"]["status"]) == ("closed", "open")
    assert shop.refusal("fulfillment_orders/1/hold.json", hold) == (404, "Not Found")
    assert shop.sound() == []


def test_a_fulfilment_service_is_asked_and_answers():
    shop = rest_shop()
    shop.act("add_location", name="Depot", fulfillment_service=True)
    shop.act("count_stock", sku="MUG-BLU", quantity=0)
    shop.act("count_stock", sku="MUG-BLU", quantity=5, location="Depot")
    number = shop.number(shop.order(("MUG-BLU", 2)))
    (row,) = waiting(shop, number)
    path = f"fulfillment_orders/{row['id']}"
    part = {"fulfillment_order_line_items": [{"id": row["line_items"][0]["id"], "quantity": 1}], "message": "soon"}
    sent = shop.made(f"{path}/fulfillment_request.json", {"fulfillment_request": part}, status=200)
    assert sent["submitted_fulfillment_order"]["request_status"] == "submitted"
    assert sent["submitted_fulfillment_order"]["merchant_requests"][0]["message"] == "soon"
    assert sent["unsubmitted_fulfillment_order"]["line_items"][0]["quantity"] == 1
    asked = shop.rest("assigned_fulfillment_orders.json", assignment_status="fulfillment_requested")
    assert [each["id"] for each in asked["fulfillment_orders"]] == [row["id"]]
    for step, status, request in (
        ("fulfillment_request/accept", "in_progress", "accepted"),
        ("cancellation_request", "in_progress", "cancellation_requested"),
        ("cancellation_request/reject", "in_progress", "cancellation_rejected"),
        ("close", "incomplete", "closed"),
    ):
        after = shop.made(f"{path}/{step}.json", status=200)["fulfillment_order"]
        assert (after["status"], after["request_status"]) == (status, request), step
    assert shop.refusal(f"{path}/fulfillment_request/reject.json")[0] == 422
    assert shop.sound() == []


def test_a_day_that_is_put_off_is_put_off_again_and_brought_forward():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1), fulfill_at="2026-12-01T12:00:00Z"))
    (row,) = waiting(shop, number)
    path = f"fulfillment_orders/{row['id']}"
    assert (row["status"], row["fulfill_at"]) == ("scheduled", "2026-12-01T07:00:00-05:00")
    later = {"fulfillment_order": {"new_fulfill_at": "2026-12-05T12:00:00Z"}}
    put_off = shop.made(f"{path}/reschedule.json", later, status=200)["fulfillment_order"]
    assert put_off["fulfill_at"] == "2026-12-05T07:00:00-05:00"
    assert shop.made(f"{path}/open.json", status=200)["fulfillment_order"]["status"] == "open"
    assert shop.refusal(f"{path}/reschedule.json", later) == (422, ["Fulfillment order must be scheduled."])


def test_ids_and_counts_may_be_sent_as_the_texts_some_clients_show_them_as():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 2)))
    body = parcel(waiting(shop, number)[0], 1)
    [entry] = body["fulfillment"]["line_items_by_fulfillment_order"]
    entry["fulfillment_order_id"] = str(entry["fulfillment_order_id"])
    [unit] = entry["fulfillment_order_line_items"]
    entry["fulfillment_order_line_items"] = [{name: str(value) for name, value in unit.items()}]
    assert shop.made("fulfillments.json", body)["fulfillment"]["line_items"][0]["quantity"] == 1
    entry["fulfillment_order_id"] = "eleven"
    assert shop.refusal("fulfillments.json", body)[0] == 400
