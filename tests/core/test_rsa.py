"""RSA signatures, written twice: what the machine signs, connectors believe, and nothing else."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import BadSignature
from connectors.core.webhooks import must_be_signed
from mock_servers.core.rsa import Key, key_of, public_pem, signed_base64

KEY = key_of("a secret", 1024)
PEM = public_pem(KEY)

MESSAGE = b'{"eventType":"OrderConfirm"}'


def believed(pem: str, signature: str, message: bytes) -> bool:
    try:
        must_be_signed(pem, signature, message, "it")
    except BadSignature:
        return False
    return True


def test_a_key_grows_from_its_secret_alone():
    assert key_of("a secret", 1024) == KEY
    assert key_of("another", 1024) != KEY
    assert KEY.modulus.bit_length() == 1024
    assert str(KEY.modulus) not in repr(KEY)
    assert str(KEY.private) not in repr(KEY)


def test_a_signature_is_believed_and_no_other_key_or_message_is():
    signature = signed_base64(KEY, MESSAGE)
    assert believed(PEM, signature, MESSAGE)
    assert not believed(PEM, signature, MESSAGE + b" ")
    assert not believed(public_pem(key_of("another", 1024)), signature, MESSAGE)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 1023))
def test_one_bit_is_enough(place):
    raw = int.from_bytes(base64.b64decode(signed_base64(KEY, MESSAGE)), "big") ^ (1 << place)
    assert not believed(PEM, base64.b64encode(raw.to_bytes(128, "big")).decode(), MESSAGE)


def test_the_same_number_written_otherwise_is_not_believed():
    """Longer by a zero or by the modulus, with another last letter, with blanks: a signature has one spelling."""
    signature = signed_base64(KEY, MESSAGE)
    raw = base64.b64decode(signature)
    larger = int.from_bytes(raw, "big") + KEY.modulus
    for other in (
        base64.b64encode(b"\0" + raw).decode(),
        base64.b64encode(larger.to_bytes(129, "big")).decode(),
        signature + "\n",
        f" {signature}",
        signature.rstrip("="),
        "",
        "é" * 172,
    ):
        assert not believed(PEM, other, MESSAGE), other


def test_padding_that_is_only_nearly_right_is_not_believed():
    """Who pads with less than the whole could be forged with a small exponent."""
    import hashlib

    from mock_servers.core.rsa import SHA256

    info = SHA256 + hashlib.sha256(MESSAGE).digest()
    for padded in (
        b"\0\1" + b"\xff" * 8 + b"\0" + info + b"\0" * (128 - 11 - len(info)),
        b"\0\2" + b"\xff" * (128 - 3 - len(info)) + b"\0" + info,
    ):
        forged = pow(int.from_bytes(padded, "big"), KEY.private, KEY.modulus).to_bytes(128, "big")
        assert not believed(PEM, base64.b64encode(forged).decode(), MESSAGE)


@pytest.mark.parametrize(
    "pem",
    ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", PEM[:80], PEM.replace("M", "N", 1),
     public_pem(Key(3 * 5, 3))],
)  # fmt: skip
def test_what_is_no_key_believes_nothing(pem):
    with pytest.raises(BadSignature, match="public key"):
        must_be_signed(pem, signed_base64(KEY, MESSAGE), MESSAGE, "it")
