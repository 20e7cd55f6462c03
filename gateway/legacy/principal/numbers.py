"""Numeric ids of principals: the type is in the number, so nothing has to be remembered (mapping-principals 1.2, decision 3).

Use: `legacy_id("Domain", "b")` is what clients see as `id` and what a create answers; `target_of(268435457)` is `("Domain", "b")`.
"""

from gateway.knowledge.ids import decode, encode
from gateway.legacy.principal.facts import API_KEY, KINDS

FIRST_KEY = "b"
"""Id of the first key of an account that has no other credentials, as those that stand for API keys."""

_TAGS = {kind.object: kind.tag for kind in KINDS.values() if kind.word != API_KEY}
_TYPES = {tag: type_ for type_, tag in _TAGS.items()}
_KEYS = KINDS[API_KEY].tag

_SMALL = 28
_LARGE = 2**52
_LARGE_TAG = 48

_KEYS_PER_ACCOUNT = 2**8
_KEY_ACCOUNTS = 2**20
_MANY_KEYS_PER_ACCOUNT = 2**16


def legacy_id(type_: str, id_: str) -> int:
    """Number of an object: below 2^31, as old clients read it, for the first 2^28 objects of a type, and below 2^53 after that."""
    return _tagged(_TAGS[type_], decode(id_))


def legacy_key_id(account: str, credential: str) -> int:
    """Number of an API key, which is a credential of an account."""
    owner, key = decode(account), decode(credential)
    if owner < _KEY_ACCOUNTS and key < _KEYS_PER_ACCOUNT:
        return _tagged(_KEYS, owner * _KEYS_PER_ACCOUNT + key)
    return _LARGE + (_KEYS << _LARGE_TAG) + owner * _MANY_KEYS_PER_ACCOUNT + key % _MANY_KEYS_PER_ACCOUNT


def target_of(number: int) -> tuple[str, str] | None:
    """Type and JMAP id of a number that `legacy_id` gave, None for any other."""
    tag, rest = _parted(number)
    type_ = _TYPES.get(tag)
    return None if type_ is None or number < 0 else (type_, encode(rest))


def key_of(number: int) -> tuple[str, str] | None:
    """Account and credential of a number that `legacy_key_id` gave, None for any other."""
    tag, rest = _parted(number)
    owner, key = divmod(rest, _MANY_KEYS_PER_ACCOUNT if number >= _LARGE else _KEYS_PER_ACCOUNT)
    return None if tag != _KEYS else (encode(owner), encode(key))


def _parted(number: int) -> tuple[int, int]:
    """Tag and rest of a number."""
    return divmod(number - _LARGE, 1 << _LARGE_TAG) if number >= _LARGE else divmod(number, 1 << _SMALL)


def _tagged(tag: int, number: int) -> int:
    if number < 1 << _SMALL:
        return (tag << _SMALL) + number
    return _LARGE + (tag << _LARGE_TAG) + number
