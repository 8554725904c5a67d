"""What the merchant of a world sells, and to whom: the same for every vendor of that world, out of its seed.

An order that starts in a cart names SKUs the warehouse knows because both were seeded from here.
"""

import random
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

CHANCE_STREAM = 0xCA7A
NOUNS = (
    "Mug",
    "Lamp",
    "Chair",
    "Poster",
    "Kettle",
    "Blanket",
    "Notebook",
    "Backpack",
    "Clock",
    "Vase",
    "Candle",
    "Tray",
)
COLORS = ("Amber", "Blue", "Coral", "Green", "Ivory", "Lilac", "Olive", "Plum", "Red", "Sand", "Teal", "White")
STOCK_MAXIMUM = 500


class Item(Struct, frozen=True):
    """One thing that is sold. Price in US dollars with two decimals, weight in grams."""

    sku: str
    title: str
    price: str
    barcode: str
    grams: int
    stock: int


class Person(Struct, frozen=True):
    """One who buys, and where they live. `region` is the two-letter state."""

    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    city: str
    region: str
    postal_code: str
    country: str = "US"


@lru_cache(maxsize=8)
def items(seed: int, count: int) -> tuple[Item, ...]:
    """The first `count` things of a world's catalogue; a longer one begins with the shorter."""
    chance = random.Random(seed ^ CHANCE_STREAM)  # noqa: S311 - repeatable on purpose
    return tuple(_item(chance, number) for number in range(1, count + 1))


@lru_cache(maxsize=8)
def people(seed: int, count: int = 200) -> tuple[Person, ...]:
    """Shoppers, made by Faker."""
    return tuple(_people(seed, count))


def _item(chance: random.Random, number: int) -> Item:
    noun, color = chance.choice(NOUNS), chance.choice(COLORS)
    return Item(
        sku=f"{noun[:3].upper()}-{color[:3].upper()}-{number:04d}",
        title=f"{color} {noun}",
        price=f"{chance.randint(5, 180)}.{chance.choice((0, 50, 90, 99)):02d}",
        barcode=f"{chance.randrange(10**11, 10**12)}",
        grams=chance.randint(50, 5000),
        stock=chance.randint(20, STOCK_MAXIMUM),
    )


def _people(seed: int, count: int) -> Iterator[Person]:
    from faker import Faker  # half of a start-up's time, needed only where something is seeded

    faker = Faker("en_US", use_weighting=False)
    faker.seed_instance(seed)
    for number in range(count):
        first, last = faker.first_name(), faker.last_name()
        state = faker.state_abbr(include_territories=False, include_freely_associated_states=False)
        yield Person(
            first_name=first,
            last_name=last,
            email=f"{first}.{last}{number}@example.com".lower(),
            phone=f"+1555{faker.random_number(digits=7, fix_len=True)}",
            street=faker.street_address(),
            city=faker.city(),
            region=state,
            postal_code=faker.postcode_in_state(state),
        )
