"""How sure we are of a fact, where it was read, and when.

`documented`: the vendor says so. `observed`: the vendor's real answers, or an official client, show so. `assumed`: a
decision of ours until somebody knows better. "Assumed" is honest; an unmarked guess is a lie that tests will defend.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

Grade = Literal["documented", "observed", "assumed"]


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """One fact's standing. `source` names a document, a client's file or an assumption; `read` is the day."""

    grade: Grade
    source: str
    read: date
