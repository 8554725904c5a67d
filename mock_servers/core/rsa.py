"""RSA signatures as webhooks of some vendors carry them: PKCS #1 v1.5 with SHA-256 (RFC 8017, 8.2).

Written out because it is thirty lines and the usual library is a compiled one of many megabytes. It signs what a fake
sends to its own users and keeps no secret that matters: do not use it for anything else, its timing tells the key.
"""

import hashlib
import random
from base64 import b64encode
from functools import lru_cache

from msgspec import Struct

SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
EXPONENT = 65537
ROUNDS = 24


class Key(Struct, frozen=True):
    """A key pair: modulus and private exponent."""

    modulus: int
    private: int

    def __repr__(self) -> str:
        return f"Key({self.modulus.bit_length()} bits)"


def signed_base64(key: Key, message: bytes) -> str:
    """The signature of the bytes, in base64."""
    size = (key.modulus.bit_length() + 7) // 8
    digest = SHA256 + hashlib.sha256(message).digest()
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    value = pow(int.from_bytes(padded, "big"), key.private, key.modulus)
    return b64encode(value.to_bytes(size, "big")).decode()


def public_pem(key: Key) -> str:
    """The public half as `-----BEGIN PUBLIC KEY-----` (SubjectPublicKeyInfo, RFC 5280)."""
    numbers = _der(0x30, _integer(key.modulus) + _integer(EXPONENT))
    text = b64encode(_der(0x30, RSA_ENCRYPTION + _der(0x03, b"\0" + numbers))).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


@lru_cache(maxsize=8)
def key_of(secret: str, bits: int = 2048) -> Key:
    """The key pair that grows from a secret: the same one each time, and nobody's who does not know the secret."""
    chance = random.Random(hashlib.sha512(secret.encode()).digest())  # noqa: S311 - its seed is the secret
    while True:
        one, two = _prime(chance, bits // 2), _prime(chance, bits // 2)
        around = (one - 1) * (two - 1)
        if one != two and around % EXPONENT:
            return Key(one * two, pow(EXPONENT, -1, around))


def _prime(chance: random.Random, bits: int) -> int:
    while True:
        found = chance.getrandbits(bits) | (3 << (bits - 2)) | 1
        if all(found % small for small in SMALL) and _is_prime(chance, found):
            return found


def _is_prime(chance: random.Random, number: int) -> bool:
    """Miller and Rabin's test."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(ROUNDS):
        value = pow(chance.randrange(2, number - 1), odd, number)
        if value in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


SMALL = tuple(number for number in range(3, 1000, 2) if all(number % other for other in range(3, number, 2)))


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + content
