"""Password hashes: which texts are one, which secret belongs to one, and hashes of our own (jmap-management-api 3.1; recordings `directory.secrets.hash`).

Known kinds: PHC strings (`$argon2id$…`, `$pbkdf2-sha256$…`, `$scrypt$…`), those of crypt(3) (`$2b$…`, `$6$…`), and schemes of LDAP
(`{SSHA}…`, whose names ignore case), which may stand around the others. A text that is cut or of another kind is no hash.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from gateway.knowledge import system_crypt

Check: TypeAlias = Callable[[str], bool]
"""Whether a secret belongs to the hash."""

OWN_LOG_COST = 14
_OWN_BYTES = 32
_OWN_SALT_BYTES = 16
_QUICK_SALT_BYTES = 8
_TEXT = "[./0-9A-Za-z]"
_PHC_END = r"\$(?P<salt>[A-Za-z0-9/+.-]{4,64})\$(?P<output>[A-Za-z0-9/+]{14,86})"
_ARGON2 = re.compile(
    r"\$argon2(?P<kind>id|i|d)(?:\$v=19)?\$m=(?P<m>[0-9]{1,9}),t=(?P<t>[0-9]{1,9}),p=(?P<p>[0-9]{1,3})" + _PHC_END
)
_PBKDF2 = re.compile(r"\$pbkdf2-(?P<digest>sha256|sha512)\$i=(?P<i>[0-9]{1,9})(?:,l=[0-9]{1,3})?" + _PHC_END)
_SCRYPT = re.compile(r"\$scrypt\$ln=(?P<ln>[0-9]{1,2}),r=(?P<r>[0-9]{1,4}),p=(?P<p>[0-9]{1,4})" + _PHC_END)
_CRYPT = re.compile(
    rf"\$2[abxy]\$[0-9][0-9]\${_TEXT}{{53}}|\$1\${_TEXT}{{0,8}}\${_TEXT}{{22}}|\$5\$(?:rounds=[0-9]+\$)?{_TEXT}{{0,16}}\${_TEXT}{{43}}"
    rf"|\$6\$(?:rounds=[0-9]+\$)?{_TEXT}{{0,16}}\${_TEXT}{{86}}|\$sha1\$[0-9]+\${_TEXT}{{0,64}}\${_TEXT}{{28}}"
)
_DES = re.compile(rf"{_TEXT}{{13}}")
_BSDI = re.compile(rf"_{_TEXT}{{19}}")
_SCHEME = re.compile(r"\{([A-Za-z0-9]+)\}(.+)", re.DOTALL)
_PLAIN_DIGESTS = {"SHA": "sha1", "SHA256": "sha256", "SHA512": "sha512", "MD5": "md5"}
_SALTED_DIGESTS = {"SSHA": "sha1", "SSHA256": "sha256", "SSHA512": "sha512"}
_SCRYPT_MEMORY = 1 << 30
_ARGON2_KINDS = {"id": "Argon2id", "i": "Argon2i", "d": "Argon2d"}
_MOST_KIBIBYTES = 1 << 18
_MOST_KIBIBYTES_TOUCHED = 1 << 20
_MOST_ROUNDS = 20
_MOST_ITERATIONS = 5_000_000
_MOST_LOG_COST = 14
_COSTS = re.compile(r"\$2[abxy]\$(?P<log>[0-9]{2})\$|\$[56]\$rounds=(?P<rounds>[0-9]+)\$|\$sha1\$(?P<sha1>[0-9]+)\$")


def is_hash(text: str) -> bool:
    """Whether the server takes the text for a password hash."""
    return _check_of(text) is not None


def is_checkable(text: str) -> bool:
    """Whether secrets can be checked against a hash here, at a cost that a service can bear for each attempt."""
    body = _SCHEME.sub(r"\2", text)
    if (scrypt := _SCRYPT.fullmatch(body)) is not None:
        return 128 * int(scrypt["r"]) * int(scrypt["p"]) << min(int(scrypt["ln"]), 40) <= _MOST_KIBIBYTES << 10
    if (argon := _ARGON2.fullmatch(body)) is not None:
        return (
            int(argon["m"]) <= _MOST_KIBIBYTES
            and int(argon["m"]) * int(argon["t"]) <= _MOST_KIBIBYTES_TOUCHED
            and int(argon["t"]) <= _MOST_ROUNDS
        )
    if (pbkdf2 := _PBKDF2.fullmatch(body)) is not None:
        return int(pbkdf2["i"]) <= _MOST_ITERATIONS
    if (crypt := _COSTS.match(body)) is not None and (
        int(crypt["log"] or 0) > _MOST_LOG_COST
        or max(int(crypt["rounds"] or 0), int(crypt["sha1"] or 0)) > _MOST_ITERATIONS
    ):
        return False
    if _CRYPT.fullmatch(body) or (_DES.fullmatch(body) and text.upper().startswith("{CRYPT}")):
        made = system_crypt.hashed("", body)
        return made is not None and not made.startswith("*")
    return is_hash(text) and not _BSDI.fullmatch(body)


def matches(secret: str, stored: str) -> bool:
    """Whether the secret belongs to the hash; False when that is none."""
    check = _check_of(stored)
    return check is not None and check(secret)


def slow(secret: str) -> str:
    """A new hash of the secret, of a kind that costs whoever guesses 16 MB and some hundredths of a second a guess (scrypt, RFC 7914)."""
    salt = os.urandom(_OWN_SALT_BYTES)
    made = hashlib.scrypt(
        secret.encode(), salt=salt, n=1 << OWN_LOG_COST, r=8, p=1, maxmem=_SCRYPT_MEMORY, dklen=_OWN_BYTES
    )
    return f"$scrypt$ln={OWN_LOG_COST},r=8,p=1${_text(salt)}${_text(made)}"


def quick(secret: str) -> str:
    """A new hash of the secret, of a kind that is quick to check: for who keeps no real secrets."""
    salt = os.urandom(_QUICK_SALT_BYTES)
    return "{SSHA256}" + base64.b64encode(hashlib.sha256(secret.encode() + salt).digest() + salt).decode()


def _check_of(text: str) -> Check | None:
    return next(_checks(text), None)


def _checks(text: str) -> Iterator[Check]:
    """The check of a hash, if the text is one."""
    scheme = _SCHEME.fullmatch(text)
    if scheme:
        yield from _in_scheme(scheme[1].upper(), scheme[2])
    else:
        yield from _argon2(text)
        yield from _pbkdf2(text)
        yield from _scrypt(text)
        yield from _crypt(text, _CRYPT)


def _in_scheme(name: str, body: str) -> Iterator[Check]:
    if name in _PLAIN_DIGESTS or name in _SALTED_DIGESTS:
        yield from _digest(name, body)
    elif name in {"ARGON2", "ARGON2I", "ARGON2ID"}:
        yield from _argon2(body)
    elif name == "PBKDF2":
        yield from _pbkdf2(body)
    elif name == "CRYPT" and body.startswith("$"):
        yield from _checks(body)
    elif name == "CRYPT":
        yield from _crypt(body, _DES)
        if _BSDI.fullmatch(body):  # known by its form, but nothing checks it
            yield lambda _secret: False


def _digest(name: str, body: str) -> Iterator[Check]:
    try:
        content = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return
    kind = _PLAIN_DIGESTS.get(name) or _SALTED_DIGESTS[name]
    size = hashlib.new(kind).digest_size
    if len(content) > size if name in _SALTED_DIGESTS else len(content) == size:
        yield lambda secret: hmac.compare_digest(
            hashlib.new(kind, secret.encode() + content[size:]).digest(), content[:size]
        )


def _argon2(text: str) -> Iterator[Check]:
    form = _ARGON2.fullmatch(text)
    output = _bytes(form["output"]) if form else None
    if not form or not output:
        return
    salt = _bytes(form["salt"]) or form["salt"].encode()

    def check(secret: str) -> bool:
        # Loaded here: few passwords are of this kind, and most programs hold none.
        from cryptography.hazmat.primitives.kdf import argon2  # noqa: PLC0415

        maker = getattr(argon2, _ARGON2_KINDS[form["kind"]])
        try:
            made: bytes = maker(
                salt=salt,
                length=len(output),
                iterations=int(form["t"]),
                lanes=int(form["p"]),
                memory_cost=int(form["m"]),
            ).derive(secret.encode())
        except (ValueError, MemoryError):
            return False
        return hmac.compare_digest(made, output)

    yield check


def _pbkdf2(text: str) -> Iterator[Check]:
    form = _PBKDF2.fullmatch(text)
    output = _bytes(form["output"]) if form else None
    if form and output:
        salt = _bytes(form["salt"]) or form["salt"].encode()
        yield lambda secret: hmac.compare_digest(
            hashlib.pbkdf2_hmac(form["digest"], secret.encode(), salt, max(int(form["i"]), 1), len(output)), output
        )


def _scrypt(text: str) -> Iterator[Check]:
    form = _SCRYPT.fullmatch(text)
    output = _bytes(form["output"]) if form else None
    if not form or not output:
        return
    salt = _bytes(form["salt"]) or form["salt"].encode()

    def check(secret: str) -> bool:
        costs = {"n": 1 << int(form["ln"]), "r": int(form["r"]), "p": int(form["p"])}
        try:
            made = hashlib.scrypt(secret.encode(), salt=salt, maxmem=_SCRYPT_MEMORY, dklen=len(output), **costs)
        except (ValueError, MemoryError, OverflowError):
            return False
        return hmac.compare_digest(made, output)

    yield check


def _crypt(text: str, form: re.Pattern[str]) -> Iterator[Check]:
    if form.fullmatch(text):
        yield lambda secret: hmac.compare_digest(system_crypt.hashed(secret, text) or "", text)


def _bytes(text: str) -> bytes | None:
    """Bytes of base 64 without padding, None when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")
