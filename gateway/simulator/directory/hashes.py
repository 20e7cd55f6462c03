"""Which secrets are stored as they are because they are hashes already (jmap-management-api 3.1)."""

import re

_HASH = re.compile(
    r"\$(?:argon2(?:id|i|d)\$|pbkdf2|scrypt\$|[156]\$|sha1\$)|\$2[abxy]\$\d\d\$.{53}\Z|\{(?:S?SHA(?:256|512)?|MD5|ARGON2(?:I|D|ID)?|PBKDF2|CRYPT)\}",
    re.IGNORECASE,
)


def is_hash(secret: str) -> bool:
    """Whether the server takes the text for a password hash."""
    return bool(_HASH.match(secret))
