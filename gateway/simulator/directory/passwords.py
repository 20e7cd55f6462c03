"""What becomes of the credentials in a written account (jmap-management-api 3.1; recordings `directory.secrets`).

Passwords are kept as hashes: those that come as a hash as they are, others after the policy of `x:Authentication` let them pass.
"""

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import seconds, text_of
from gateway.simulator.directory.hashes import fresh, is_hash
from gateway.simulator.directory.strength import estimate
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.values import MASK
from gateway.simulator.text_ids import number_of

SECONDARY = frozenset({"AppPassword", "ApiKey"})
STRENGTHS = ("zero", "one", "two", "three", "four")

_ADVICE = "Add another word or two. Uncommon words are better."
_REASONS = {
    "common": f"This is a very common password. {_ADVICE}",
    "word": f"This is similar to a commonly used password. {_ADVICE}",
    "sequence": f"Sequences like abc or 6543 are easy to guess. {_ADVICE} Avoid sequences.",
    "repetition": f'Repeats like "aaa" are easy to guess. {_ADVICE} Avoid repeated words and characters.',
    "year": f"Recent years are easy to guess. {_ADVICE} Avoid recent years.",
}


def settle(rules: Object, now: int, before: Object, after: Object) -> None:
    """Number new credentials and put new secrets into the form in which they are kept; SetError for what may not be written.

    `before` and `after` are the lists of the stored and the written account, `rules` the `x:Authentication` in force, `now` unix seconds.
    """
    if sum(item["@type"] == "Password" for item in after.values()) > 1:
        raise SetError("invalidProperties", "Only one password credential is allowed.", properties=["credentials"])
    known = {item["credentialId"]: item for item in before.values()}
    for index in sorted(after, key=int):
        item = after[index]
        old = known.get(item["credentialId"])
        if old is None and item["@type"] in SECONDARY:
            raise SetError("invalidProperties", "Secondary credentials cannot be set directly.", properties=["credentials"])
        if item["@type"] == "Password":
            _secret(rules, now, old, item)
        if old is None:
            item["credentialId"] = next_id(after)


def next_id(credentials: Object) -> str:
    """Id for another credential of an account: one more than the highest in use, at least 1."""
    used = (number_of(item["credentialId"]) for item in credentials.values() if item["credentialId"] is not None)
    return encode(max(used, default=0) + 1)


def kept(rules: Object, secret: str) -> str:
    """Hash of a new password that the policy lets pass; SetError when it does not."""
    shortest, longest = rules["passwordMinLength"], rules["passwordMaxLength"]
    if len(secret) < shortest:
        raise _refused(f"Password must be at least {shortest} characters long.")
    if len(secret) > longest:
        raise _refused(f"Password must be at most {longest} characters long.")
    found = estimate(secret)
    if found.score < STRENGTHS.index(rules["passwordMinStrength"]):
        raise _refused(f"Password is too weak. {_REASONS.get(found.kind, _ADVICE)}")
    return fresh(secret)


def _secret(rules: Object, now: int, old: Object | None, item: Object) -> None:
    if old is not None:
        for name in ("secret", "otpAuth"):
            item[name] = old[name] if item[name] == MASK else item[name]
        if item["secret"] == old["secret"]:
            return
    if not is_hash(item["secret"] or ""):
        item["secret"] = kept(rules, item["secret"] or "")
    lasting = rules["passwordDefaultExpiry"]
    if lasting and (item["expiresAt"] is None if old is None else _is_past(item, now)):
        item["expiresAt"] = text_of(now + lasting // 1000)


def _is_past(credential: Object, now: int) -> bool:
    return credential["expiresAt"] is not None and seconds(credential["expiresAt"]) <= now


def _refused(description: str) -> SetError:
    return SetError("invalidProperties", description, properties=["secret"])
