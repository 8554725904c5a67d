"""What the connector's stories are told with: a vendor that answers what it is told to, and the words it says."""

import asyncio
import json
import random
import re
from datetime import UTC, datetime

import httpx

from connectors.core.clock import LoopClock
from connectors.shopify import Settings, Shopify
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
SHOP = "some-shop.myshopify.com"
DATE = "Mon, 23 Nov 2026 09:00:00 GMT"


class Vendor:
    """Answers by operation name: data, or a whole body, or a response, or a list of such, or what a function says."""

    def __init__(self, **answers) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict]] = []
        self.seconds: list[float] = []
        self.cost = {"requestedQueryCost": 10, "actualQueryCost": 5}
        self.status = {"maximumAvailable": 2000.0, "currentlyAvailable": 1900, "restoreRate": 100.0}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert str(request.url) == f"https://{SHOP}/admin/api/2026-10/graphql.json"
        assert request.headers["x-shopify-access-token"] == "shpat-secret"
        body = json.loads(request.content)
        name = re.match(r"\s*(?:query|mutation) (\w+)", body["query"]).group(1)
        self.asked.append((name, body["variables"]))
        self.seconds.append(asyncio.get_running_loop().time())
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(body["variables"])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        whole = answer if "data" in answer or "errors" in answer else {"data": answer}
        extensions = {"cost": self.cost | {"throttleStatus": self.status}}
        return httpx.Response(200, json=whole | {"extensions": extensions}, headers={"date": DATE})

    def names(self):
        return [name for name, _ in self.asked]

    def variables(self, name):
        return [variables for asked, variables in self.asked if asked == name]


def client(vendor: Vendor, **settings) -> Shopify:
    return Shopify(
        Settings("shop", SHOP, access_token="shpat-secret", client_secret="app-secret", **settings),
        clock=LoopClock(MONDAY),
        chance=random.Random(1),
        transport=httpx.MockTransport(vendor),
    )


def ask(vendor: Vendor, question, **settings):
    async def story():
        async with client(vendor, **settings) as shop:
            return await question(shop)

    return virtual_time.run(story())


async def collect(pages):
    return [page async for page in pages]


def nodes(*found, after=None):
    return {"nodes": list(found), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def gql_error(code, message="no", **extensions):
    return {"message": message, "extensions": ({"code": code} if code else {}) | extensions}


LINE = {
    "id": "gid://shopify/LineItem/55",
    "sku": "MUG-BLU",
    "title": "Mug",
    "quantity": 3,
    "currentQuantity": 2,
    "requiresShipping": True,
    "originalUnitPriceSet": {"shopMoney": {"amount": "12.5", "currencyCode": "USD"}},
}
ORDER = {
    "id": "gid://shopify/Order/7001",
    "name": "#1042",
    "createdAt": "2026-11-20T09:00:01Z",
    "processedAt": "2026-11-20T09:00:00Z",
    "updatedAt": "2026-11-20T10:00:00Z",
    "cancelledAt": None,
    "closedAt": None,
    "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "UNFULFILLED",
    "currencyCode": "USD",
    "email": "ana@mail.example",
    "note": None,
    "tags": ["vip"],
    "currentTotalPriceSet": {"shopMoney": {"amount": "43.0", "currencyCode": "USD"}},
    "shippingAddress": {
        "name": "Ana Ruiz",
        "company": None,
        "address1": "5 Pine Rd",
        "address2": "Apt 4",
        "city": "Albany",
        "provinceCode": "NY",
        "zip": "12207",
        "countryCodeV2": "US",
        "phone": None,
    },
    "shippingLine": {"title": "Express"},
    "lineItems": nodes(LINE),
}


def user_error(message, *field, **more):
    return {"field": list(field) or None, "message": message} | more
