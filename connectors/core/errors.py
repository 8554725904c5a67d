"""What can go wrong between a connector and its vendor, arranged for whoever catches it.

    ConnectorError
    ├── NotApplied            nothing happened there; repeat after `retry_after_seconds`
    │   ├── Throttled         429, or a bucket that is empty on their side or on ours
    │   └── Unavailable       refused connection, no such host, 503 at the door, no token to be had
    ├── Unknown               it may have happened; look it up before doing it again
    │   ├── TimedOut          no whole answer in time
    │   ├── Broken            the connection was reset, or any other 5xx
    │   └── Unreadable        an answer came, and it is not what the vendor says it answers
    │       └── PagingLoop    pages that repeat themselves or do not end
    ├── Refused               the vendor said no; a person has to look
    │   ├── Invalid           400, 422: what we sent is wrong
    │   ├── Unauthorized      401, also after the token was renewed once
    │   ├── Forbidden         402, 403, 423: known to them, and still not allowed
    │   ├── NotFound          404, 410
    │   ├── Conflict          409, 412: the record is not in a state that allows it, or exists already
    │   └── BadCursor         a cursor this connector did not write
    └── BadSignature          a webhook or a callback that did not come from the vendor

The class alone decides the outcome of a write. Messages say what was tried, what came back (a short excerpt with every
secret taken out) and what to do next.
"""

from typing import ClassVar


class ConnectorError(Exception):
    """Anything a connector raises on purpose.

    `tried` is the method and the address without secrets, `status` the HTTP status if there was one, `excerpt` the
    beginning of the answer, already redacted, `code` the vendor's own word for it, and `next_step` what the reader of
    the error queue should do.
    """

    step: ClassVar[str] = "Look at what was tried and what came back."

    def __init__(
        self,
        message: str,
        *,
        tried: str = "",
        status: int | None = None,
        excerpt: str = "",
        code: str = "",
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.tried = tried
        self.status = status
        self.excerpt = excerpt
        self.code = code
        self.next_step = next_step if next_step is not None else self.step

    def __str__(self) -> str:
        parts = [self.message]
        if self.tried:
            parts.append(f"Tried: {self.tried}.")
        if self.excerpt:
            parts.append(f"Answer: {self.excerpt}")
        if self.next_step:
            parts.append(f"Next: {self.next_step}")
        return " ".join(parts)


class NotApplied(ConnectorError):  # noqa: N818 - named for the outcome
    """Nothing happened at the vendor. `retry_after_seconds` is None when nobody said how long to wait."""

    step = "Nothing was changed; it is repeated by itself."

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        tried: str = "",
        status: int | None = None,
        excerpt: str = "",
        code: str = "",
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, tried=tried, status=status, excerpt=excerpt, code=code, next_step=next_step)
        self.retry_after_seconds = retry_after_seconds


class Throttled(NotApplied):
    """Too many calls, theirs or our own count."""

    step = "Nothing was changed; it is repeated when the limit allows."


class Unavailable(NotApplied):
    """Nobody opened the door."""

    step = "Nothing was changed; it is repeated by itself. If it lasts, check the address and the vendor's status page."


class Unknown(ConnectorError):  # noqa: N818 - named for the outcome
    """It may have happened. Wait the connector's `settle`, look it up, and only then repeat."""

    step = "It may have happened: look it up at the vendor before repeating."


class TimedOut(Unknown):
    """No whole answer within the time-out."""


class Broken(Unknown):
    """The connection broke, or the vendor's server did."""


class Unreadable(Unknown):
    """An answer that is not what was agreed: no JSON, cut short, too long, or of another shape."""


class PagingLoop(Unreadable):
    """Pages that repeat themselves, or more of them than anybody should have to walk."""

    step = "The list cannot be trusted; nothing read so far is lost. Narrow the window or report it to the vendor."


class Refused(ConnectorError):  # noqa: N818 - named for the outcome
    """The vendor said no, and would say it again."""

    step = "Correct what the answer complains of, then replay it."


class Invalid(Refused):
    """What we sent does not make sense to the vendor."""


class Unauthorized(Refused):
    """The credentials are wrong, or were taken back."""

    step = "Check the credentials of this connection, then replay it."


class Forbidden(Refused):
    """The credentials are right and not enough."""

    step = "Give the app the permission that is named, or settle the account, then replay it."


class NotFound(Refused):
    """The vendor does not have it."""


class Conflict(Refused):
    """The record exists already, or its state does not allow this."""


class BadCursor(Refused):
    """A cursor that was not written by this connector, or by a newer one."""

    step = "Remove the stored cursor; the pass then starts from the beginning, which is harmless."


class BadSignature(ConnectorError):  # noqa: N818 - named for the outcome
    """The message did not come from the vendor, or the secret is not the one it signs with."""

    step = "Answer 401 and change nothing. If every message fails, the signing secret is wrong."
