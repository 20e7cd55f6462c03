"""What an authenticator application does (RFC 6238)."""

import base64
import hmac
import struct
from hashlib import sha1

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URL = f"otpauth://totp/Mail:kim?secret={SECRET}&issuer=Mail"
STEP = 30


def code(now: float) -> str:
    """The code of six digits of this half minute."""
    mac = hmac.digest(base64.b32decode(SECRET), struct.pack(">Q", int(now) // STEP), sha1)
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFF_FFFF) % 10**6:06}"


def wrong(now: float) -> str:
    """Six digits that are no code now, nor a half minute before or after."""
    near = {code(now + shift) for shift in (-STEP, 0, STEP)}
    return next(digits for digits in ("000000", "111111", "222222", "333333") if digits not in near)
