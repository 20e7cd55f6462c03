"""SHA-512 crypt, the password hash `$6$` (Drepper, "Unix crypt using SHA-256 and SHA-512", 2007), with its default of 5000 rounds.

Use: `hashed("secret", "somesalt")` is `$6$somesalt$...`; `matches("secret", text)` compares in constant time, with texts that are `is_readable`.
"""

import hashlib
import hmac
import re

PREFIX = "$6$"
ROUNDS = 5000
LONGEST_SALT = 16

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"\$6\$([./0-9A-Za-z]{1,16})\$[./0-9A-Za-z]{86}")
_SIZE = 64
_TRIPLES = 21


def hashed(password: str, salt: str) -> str:
    """Hash of a password; of the salt, characters of `./0-9A-Za-z`, the first 16 count."""
    salt = salt[:LONGEST_SALT]
    return f"{PREFIX}{salt}${_in_text(_digest(password.encode(), salt.encode()))}"


def matches(password: str, text: str) -> bool:
    """Whether a text is the hash of a password in the form that `hashed` gives; False for every other form."""
    form = _FORM.fullmatch(text)
    return form is not None and hmac.compare_digest(hashed(password, form[1]), text)


def is_readable(text: str) -> bool:
    """Whether a text is a hash that `matches` can compare with."""
    return _FORM.fullmatch(text) is not None


def _digest(password: bytes, salt: bytes) -> bytes:
    other = hashlib.sha512(password + salt + password).digest()
    mixed = hashlib.sha512(password + salt + _repeated(other, len(password)))
    length = len(password)
    while length:
        mixed.update(other if length & 1 else password)
        length >>= 1
    result = mixed.digest()
    p = _repeated(hashlib.sha512(password * len(password)).digest(), len(password))
    s = _repeated(hashlib.sha512(salt * (16 + result[0])).digest(), len(salt))
    for number in range(ROUNDS):
        odd = number & 1
        block = p if odd else result
        if number % 3:
            block += s
        if number % 7:
            block += p
        result = hashlib.sha512(block + (result if odd else p)).digest()
    return result


def _repeated(block: bytes, length: int) -> bytes:
    return (block * (length // _SIZE + 1))[:length]


def _in_text(digest: bytes) -> str:
    """The digest in 86 characters: three bytes, each 21 places apart, make four characters, the lowest bits first."""
    text = ""
    first, second, third = 0, _TRIPLES, 2 * _TRIPLES
    for _ in range(_TRIPLES):
        text += _letters(digest[first] << 16 | digest[second] << 8 | digest[third], 4)
        first, second, third = second + 1, third + 1, first + 1
    return text + _letters(digest[_SIZE - 1], 2)


def _letters(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 6 * place & 63] for place in range(count))
