"""Which texts the new server stores as password hashes; any other text becomes the password itself (mapping-principals 2.11).

The test is as strict as the new server's: a hash that it does not know, stored as a password, would be a password that everybody can read.
"""

import base64
import binascii
import re
from collections.abc import Callable

_SALT = "[./0-9A-Za-z]"

# `$name$v=19$m=65536,t=3$salt$output`: the output is base64 without padding, of 10 to 64 bytes.
_PHC = re.compile(
    r"\$(?:argon2|pbkdf2|scrypt)[a-z0-9-]{0,26}"
    r"(?:\$v=[0-9]{1,10})?"
    r"(?:\$[a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+(?:,[a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+)*)?"
    r"\$[A-Za-z0-9/+.-]{4,64}"
    r"\$([A-Za-z0-9/+]{14,86})"
)
_DOLLAR = tuple(
    re.compile(form)
    for form in (
        r"\$2[abxy]\$[0-9]{2}\$[./0-9A-Za-z]{53}",
        rf"\$1\${_SALT}{{0,8}}\$[./0-9A-Za-z]{{22}}",
        rf"\$5\$(?:rounds=[0-9]+\$)?{_SALT}{{0,16}}\$[./0-9A-Za-z]{{43}}",
        rf"\$6\$(?:rounds=[0-9]+\$)?{_SALT}{{0,16}}\$[./0-9A-Za-z]{{86}}",
        rf"\$sha1\$[0-9]+\${_SALT}{{0,64}}\$[./0-9A-Za-z]{{28}}",
    )
)
_DES = re.compile(r"[./0-9A-Za-z]{13}")
_BSDI = re.compile(r"_[./0-9A-Za-z]{19}")
_SCHEME = re.compile(r"\{([^{}]+)\}(.*)", re.DOTALL)


def is_hash(text: str) -> bool:
    """Whether a text is a complete hash of a kind that the new server checks passwords against."""
    scheme = _SCHEME.fullmatch(text)
    if scheme is None:
        return _is_dollar(text)
    known = _SCHEMES.get(scheme[1].upper())
    return known is not None and known(scheme[2])


def is_unusable(text: str) -> bool:
    """Whether a text looks like a hash and is none: cut, of an unknown kind, or BSDi, which the new server stores and never matches."""
    return not is_hash(text) and (text.startswith(("$", "{")) or _BSDI.fullmatch(text) is not None)


def _is_phc(text: str) -> bool:
    form = _PHC.fullmatch(text)
    if form is None:
        return False
    output = form[1]
    try:
        base64.b64decode(output + "=" * (-len(output) % 4), validate=True)
    except binascii.Error:
        return False
    return True


def _is_dollar(text: str) -> bool:
    return _is_phc(text) or any(form.fullmatch(text) for form in _DOLLAR)


def _is_crypt(text: str) -> bool:
    return _is_dollar(text) or _DES.fullmatch(text) is not None


def _bytes(low: int, high: int | None) -> Callable[[str], bool]:
    """Test for base64 of at least `low` and at most `high` bytes."""

    def test(text: str) -> bool:
        try:
            size = len(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            return False
        return low <= size and (high is None or size <= high)

    return test


_SCHEMES: dict[str, Callable[[str], bool]] = {
    "ARGON2": _is_phc,
    "ARGON2I": _is_phc,
    "ARGON2ID": _is_phc,
    "PBKDF2": _is_phc,
    "SHA": _bytes(20, 20),
    "SSHA": _bytes(21, None),
    "SHA256": _bytes(32, 32),
    "SSHA256": _bytes(33, None),
    "SHA512": _bytes(64, 64),
    "SSHA512": _bytes(65, None),
    "MD5": _bytes(16, 16),
    "CRYPT": _is_crypt,
}
