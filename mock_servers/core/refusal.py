"""How a behaviour says no. The status and the words are the vendor's and live in its profile."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an accident
    """Raised with a name out of the profile's `errors.known`, and whatever its words need.

    `details` are `(field, message)` pairs, for vendors that list what was wrong. `headers` go out with the answer.
    """

    def __init__(
        self,
        code: str,
        *,
        details: tuple[tuple[str, str], ...] = (),
        headers: dict[str, str] | None = None,
        **words: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.headers = headers or {}
        self.words = words


class ContractBroken(Exception):  # noqa: N818 - names what happened, like the others here
    """The fake was about to answer something its own contract does not allow. Always our mistake; never hidden."""


class UsageError(ValueError):
    """Somebody asked the machine itself (not a vendor) for something it cannot do; the text says what to do instead."""
