"""Addresses elsewhere that are recipients of lists (mapping-principals 2.3)."""

import re

from gateway.legacy.refusals import Other

_ADDRESS = re.compile(r"[^@]+@[^@.]+(?:\.[^@.]+)+")


def external(text: str) -> str:
    """An address without blanks and in lower case; Other when it is none."""
    address = "".join(text.split()).lower()
    if not _ADDRESS.fullmatch(address):
        raise not_external(text)
    return address


def not_external(text: str) -> Other:
    """Refusal of what is no address elsewhere."""
    return Other("Invalid email address", f'Invalid value "{text}" for externalMembers')
