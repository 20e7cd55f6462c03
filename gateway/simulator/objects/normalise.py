"""Normalisers of text properties: each gives the stored text or raises ValueError with the server's words (jmap-management-api 2.2.6)."""

import re

from gateway.simulator.data import words

_ENDINGS = frozenset(words("domain_endings"))
_BLANK = re.compile(r"\s+")


def trim(text: str) -> str:
    """Without outer blanks."""
    return text.strip()


def domain(text: str) -> str:
    """Lower case without blanks, punycode; the ending must be known, and it cannot stand alone."""
    name = _BLANK.sub("", text).lower()
    if not name.isascii():
        try:
            name = ".".join(label.encode("idna").decode() for label in name.split("."))
        except UnicodeError:
            raise ValueError("Invalid domain name") from None
    labels = name.split(".")
    if len(labels) < 2 or not all(labels) or labels[-1] not in _ENDINGS:  # noqa: PLR2004 - name and ending
        raise ValueError("Invalid domain name")
    return name


def email(text: str) -> str:
    """Lower case without blanks, local part and domain; `localhost` counts as one."""
    address = _BLANK.sub("", text).lower()
    local, _, name = address.rpartition("@")
    try:
        return f"{local_part(local)}@{name if name == 'localhost' else domain(name)}"
    except ValueError:
        raise ValueError("Invalid email address") from None


def local_part(text: str) -> str:
    """Lower case, without blanks; no `@`, quotes or brackets inside."""
    local = _BLANK.sub("", text).lower()
    if not local or any(sign in local for sign in '@"(),:;<>[]\\'):
        raise ValueError("Invalid email local part")
    return local


def host(text: str) -> str:
    """Lower case host name or address."""
    name = text.strip().lower().removesuffix(".")
    if not name or not re.fullmatch(r"[a-z0-9_.:\[\]-]+", name):
        raise ValueError("Invalid hostname or IP address")
    return name


def upper(text: str) -> str:
    """Upper case without blanks, as names of spam rules are kept."""
    return _BLANK.sub("", text).upper()


def lower(text: str) -> str:
    """Lower case without outer blanks."""
    return text.strip().lower()


BY_NAME = {"upper": upper, "lower": lower, "trim": trim, "domain": domain, "email": email, "local": local_part, "host": host}
