"""Codes of a second factor (RFC 6238; jmap-management-api 3.1)."""

import base64
import binascii
import hmac
from hashlib import sha1
from urllib.parse import parse_qs, unquote, urlsplit

STEP = 30
LEAST_BYTES = 16


def accepts(url: str, code: str, now: int) -> bool:
    """Whether the code is that of this half minute, or of the one before or after; never for a URL that cannot be used."""
    known = _secret(url)
    if known is None:
        return False
    secret, digits = known
    return any(hmac.compare_digest(code.encode(), _code(secret, now // STEP + shift, digits).encode()) for shift in (-1, 0, 1))


def _secret(url: str) -> tuple[bytes, int] | None:
    """Secret and number of digits; None for no `otpauth://totp` URL, a short secret, or an issuer that is not that of the label."""
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    issuer, colon, _ = unquote(parts.path.lstrip("/")).partition(":")
    if (parts.scheme, parts.netloc) != ("otpauth", "totp") or (colon and given.get("issuer", issuer) != issuer):
        return None
    text = given.get("secret", "").upper()
    try:
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
        digits = int(given.get("digits", "6"))
    except (binascii.Error, ValueError):
        return None
    return (secret, digits) if len(secret) >= LEAST_BYTES and digits in {6, 8} else None


def _code(secret: bytes, counter: int, digits: int) -> str:
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), sha1)
    start = mac[-1] & 15
    return str((int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF) % 10**digits).zfill(digits)
