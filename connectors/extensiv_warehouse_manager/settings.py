"""What a connection to a warehouse needs to know."""

from dataclasses import dataclass, field
from datetime import timedelta

from connectors.core.http import HttpLimits


@dataclass(frozen=True)
class Settings:
    """One customer of one warehouse. `user_login` or its id is what the warehouse gave, `tpl` its own GUID.

    `page_size` may be at most 500. `server_ahead` is how much later their clocks show than UTC. `overlap` is how far
    before its cursor a read starts, for what was committed late; `margin` how much later than its answer a write can be
    trusted to be seen. `webhook_public_key` is what `webhook_key()` answers; events are believed by it alone.
    """

    connection: str
    client_id: str
    client_secret: str = field(repr=False)
    customer_id: str = ""
    facility_id: str = ""
    user_login: str = ""
    user_login_id: str = ""
    tpl: str = ""
    base_url: str = "https://secure-wms.com"
    webhook_public_key: str = ""
    page_size: int = 250
    pages_maximum: int = 1000
    calls_per_minute: int = 400
    server_ahead: timedelta = timedelta(0)
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    http: HttpLimits = field(default_factory=HttpLimits)
