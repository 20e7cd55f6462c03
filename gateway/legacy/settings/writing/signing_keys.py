"""Private keys that the new server stores unseen, and that stop every later reload when they cannot be used (mapping-settings 10)."""


def signs(pem: str, algorithm: str) -> bool:
    """Whether a key can sign with an algorithm of the old list (`ES256`, `RS512`, `HS256` …); any text does for those that begin with `HS`."""
    if algorithm.startswith("HS"):
        return True
    # Loaded here only: it is needed about once in the life of a server and takes some megabytes.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    if algorithm.startswith("ES"):
        return isinstance(key, EllipticCurvePrivateKey) and str(key.curve.key_size) == algorithm[2:]
    return isinstance(key, RSAPrivateKey)
