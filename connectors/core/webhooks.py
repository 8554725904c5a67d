"""Signatures over raw bytes: made, and compared without telling how far they agree."""

import base64
import binascii
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


RSA_KEY = bytes.fromhex("300d06092a864886f70d0101010500")
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
RSA_BITS_MINIMUM, RSA_BITS_MAXIMUM = 1024, 8192


def must_be_signed(public_key: str, signature: str, message: bytes, what: str) -> None:
    """Raises `BadSignature` unless the signature (base64, RSA with PKCS #1 v1.5 and SHA-256, RFC 8017 section 8.2.2) is
    by the key in `public_key` (PEM, SubjectPublicKeyInfo). Written out, since nothing secret passes through it and the
    one message that fits is built and compared whole, which leaves no padding to be lenient about."""
    modulus, exponent = _rsa_key(public_key)
    if not signature:
        raise BadSignature(f"{what} carries no signature")
    size = (modulus.bit_length() + 7) // 8
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    exact = base64.b64encode(given).decode() == signature and len(given) == size
    value = int.from_bytes(given, "big")
    info = SHA256_INFO + hashlib.sha256(message).digest()
    wanted = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    if not exact or value >= modulus or pow(value, exponent, modulus).to_bytes(size, "big") != wanted:
        raise BadSignature(f"{what} does not have a signature by the key we know")


def _rsa_key(pem: str) -> tuple[int, int]:
    """Modulus and exponent. Raises `BadSignature` for what is no RSA key."""
    try:
        text = "".join(line for line in pem.split("\n") if line and not line.startswith("-----"))
        whole = _der(base64.b64decode(text, validate=True), 0x30)[0]
        if not whole.startswith(RSA_KEY):
            raise ValueError("not an RSA key")
        bits = _der(whole[len(RSA_KEY) :], 0x03)[0]
        numbers = _der(bits[1:], 0x30)[0]
        modulus, rest = _der(numbers, 0x02)
        found = int.from_bytes(modulus, "big"), int.from_bytes(_der(rest, 0x02)[0], "big")
        if not RSA_BITS_MINIMUM <= found[0].bit_length() <= RSA_BITS_MAXIMUM:
            raise ValueError("not a size that is used")
    except (binascii.Error, ValueError, IndexError) as error:
        step = "Set the public key that the vendor publishes."
        raise BadSignature("no public key is set for this connection", next_step=step) from error
    return found


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first value, which has this tag, and what follows it (X.690 section 8.1)."""
    if data[0] != tag:
        raise ValueError("another value than expected")
    size, at = data[1], 2
    if size & 0x80:
        at = 2 + (size & 0x7F)
        size = int.from_bytes(data[2:at], "big")
    if len(data) < at + size:
        raise ValueError("cut short")
    return data[at : at + size], data[at + size :]


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by name, whatever its capitals; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _digest(secret: str, message: bytes) -> bytes:
    if not secret:
        raise BadSignature("no signing secret is set for this connection", next_step="Set the signing secret.")
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()
