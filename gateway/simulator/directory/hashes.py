"""Secrets as the simulator keeps them: it holds no real ones, so that its own hashes are quick, and checks of others are remembered."""

from functools import lru_cache

from gateway.knowledge import password_hashes

fresh = password_hashes.quick
is_hash = password_hashes.is_hash


@lru_cache(maxsize=4096)
def matches(secret: str, stored: str) -> bool:
    """Whether the secret belongs to the hash; costly kinds cost once."""
    return password_hashes.matches(secret, stored)
