"""Private keys that would stop every reload are refused before they are written."""


import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.legacy.settings.writing.signing_keys import signs


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


SHORT, LONG = (pem(ec.generate_private_key(curve)) for curve in (ec.SECP256R1(), ec.SECP384R1()))
RSA = pem(rsa.generate_private_key(65537, 2048))
PUBLIC = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("key", "algorithm", "yes"),
    [
        (SHORT, "ES256", True),
        (SHORT, "ES384", False),
        (LONG, "ES384", True),
        (RSA, "ES256", False),
        (RSA, "RS256", True),
        (RSA, "PS512", True),
        (SHORT, "RS256", False),
        (PUBLIC, "ES256", False),
        ("no key", "ES256", False),
        ("", "RS256", False),
        ("any text", "HS256", True),
    ],
)
def test_keys(key, algorithm, yes):
    assert signs(key, algorithm) is yes
