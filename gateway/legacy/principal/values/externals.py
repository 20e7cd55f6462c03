"""Recipients of lists outside this server, as clients write them (mapping-principals 2.3, legacy-rest-api 3.5)."""

import re

from gateway.legacy.refusals import Other
from gateway.settings import Settings

_FORM = re.compile(r"[^@]+@[^@.]+(?:\.[^@.]+)+")

# Domains of private networks, which no list of public suffixes has.
_PRIVATE = frozenset({"test", "localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "localdomain"})


def external(text: str, settings: Settings) -> str:
    """An address of somebody else without blanks and in lower case; Other when it is none.

    v0.15 took only domains below a public suffix.
    """
    address = "".join(text.split()).lower()
    private = settings.legacy_version == "0.15" and address.rpartition(".")[2] in _PRIVATE
    if private or not _FORM.fullmatch(address):
        raise Other("Invalid email address", f'Invalid value "{text}" for externalMembers')
    return address
