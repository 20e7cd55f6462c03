"""Private keys for signatures: the old server made them, the new one wants them made (mapping-principals 6.5)."""

# `cryptography` is loaded when the first key is made: it takes some megabytes, and most gateways never make one.

RSA_BITS = 2048
_EXPONENT = 65537


def rsa_key() -> str:
    """A fresh RSA key as PEM (PKCS#1). Takes a tenth of a second or several, so it belongs into a thread."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(_EXPONENT, RSA_BITS)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def ed25519_key() -> str:
    """A fresh Ed25519 key as PEM (PKCS#8)."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    key = ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
