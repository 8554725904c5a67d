"""What a connection to a shop needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.core.http import HttpLimits


@dataclass(frozen=True)
class Settings:
    """One shop, and how to prove that we may.

    Either `access_token` alone (a custom app's offline token), or `client_id`, `client_secret` and `refresh_token` (an
    expiring offline token; `access_token` may be its current one), or `client_id` and `client_secret` alone (client
    credentials). `client_secret` also signs the webhooks.

    `location_id` is where levels are published; without it the shop must have just one active location. `locations`
    names one for each warehouse (warehouse id → location id) where there are several. `overlap` covers what the search
    index has not seen yet, `first_read` is where reading starts when there is no cursor.
    """

    connection: str
    shop: str
    access_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    base_url: str = ""
    location_id: str = ""
    locations: Mapping[str, str] = field(default_factory=dict)
    activate_missing: bool = False
    """Stock an item at the location when it is not stocked there yet, instead of refusing its level."""
    restock_cancelled: bool = True
    first_read: datetime | None = None
    page_size: int = 40
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=10)
    http: HttpLimits = field(default_factory=HttpLimits)
