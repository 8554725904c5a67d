"""Signatures over raw bytes: made, and compared without telling how far they agree."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from connectors.core.errors import BadSignature


def sign_base64(secret: str, message: bytes) -> str:
    """HMAC-SHA256 (RFC 2104, FIPS 180-4) of the bytes, in base64."""
    return base64.b64encode(_digest(secret, message)).decode("ascii")


def sign_hex(secret: str, message: bytes) -> str:
    """HMAC-SHA256 of the bytes, in lower-case hexadecimal."""
    return _digest(secret, message).hex()


def must_match(expected: str, given: str, what: str) -> None:
    """Raises `BadSignature` unless both are equal, in constant time. Neither is shown."""
    if not given:
        raise BadSignature(f"{what} carries no signature")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        raise BadSignature(f"{what} does not have the signature our secret gives")


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by name, whatever its capitals; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _digest(secret: str, message: bytes) -> bytes:
    if not secret:
        raise BadSignature("no signing secret is set for this connection", next_step="Set the signing secret.")
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()
