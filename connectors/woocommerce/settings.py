"""What a connection to a store needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.canonical import OrderStatus
from connectors.core.http import HttpLimits


@dataclass(frozen=True)
class Settings:
    """One store, and the key we have there; it needs the permission to read and write.

    Over `https` the key is sent by HTTP Basic. Over `http`, which is for this machine only, requests are signed by
    OAuth 1.0a, as the store itself demands. `base_url` ends where `/wp-json` begins, which may be in a folder.

    `site_url` is the store's own address as it says it in webhooks, where it is reached by another. `webhook_secret`
    signs the webhooks that `subscribe` makes. `statuses` says what a status of a plugin's stands for ("shipped" →
    "shipped"); one that nobody named is held. The store has no limit of its own; `calls_per_minute` is ours.
    """

    connection: str
    base_url: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    site_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    statuses: Mapping[str, OrderStatus] = field(default_factory=dict)
    page_size: int = 99
    pages_maximum: int = 1000
    calls_per_minute: int = 240
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    http: HttpLimits = field(default_factory=HttpLimits)
