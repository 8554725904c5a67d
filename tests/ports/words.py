"""What the canonical words may hold: as wild as a shop's customers type."""

from hypothesis import strategies as st

from connectors.canonical import Address, Parcel

COUNTRIES = ("US", "DE", "JP", "BR", "NO", "GB")
TRICKY = (
    "Ødegård & Søn",
    "山田 三郎",
    'O"Brien\\',
    "a'b OR 1:*",
    "#1001",
    "<b>x</b>",
    "%2e%2e/",
    "{}",
    "null",
    "é",
    "e\u0301",
    "\u202eabc",
    "👩‍👩‍👧",
    "a\tb",
    "𝔘𝔫𝔦",
    " x ",
)


def words(smallest: int = 0, largest: int = 24) -> st.SearchStrategy[str]:
    """Text as the canonical model allows it: any characters but NUL and half surrogate pairs."""
    any_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=smallest, max_size=largest)
    return any_text | st.sampled_from([word for word in TRICKY if smallest <= len(word) <= largest])


def addresses() -> st.SearchStrategy[Address]:
    """An address with what every carrier needs; the rest may be there or not. In the USA the state is two letters."""
    return st.builds(
        lambda country, region, **rest: Address(country=country, region=region if country == "US" else "", **rest),
        country=st.sampled_from(COUNTRIES),
        region=st.sampled_from(("NY", "CA", "ME")),
        name=words(1),
        street1=words(1),
        city=words(1),
        postal_code=words(1, 12),
        street2=words(),
        company=words(),
        phone=words(0, 12),
    )


def parcels() -> st.SearchStrategy[tuple[Parcel, ...]]:
    """Up to three boxes, each with a number of its own however it is typed, or with none."""
    box = st.builds(Parcel, words(1, 16), words(0, 12), st.sampled_from(("", "https://track.example/1")))
    known_by = lambda parcel: "".join(parcel.tracking_number.split()).casefold()  # noqa: E731
    return st.lists(box, max_size=3, unique_by=known_by).map(tuple)
