"""Encryption at rest of the caller's mail (mapping-principals 6.4)."""

from typing import Any

from gateway.jmap.calls import Call, Get, Object, Set
from gateway.legacy.account.common import SINGLETON, insist
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, settle
from gateway.legacy.principal.context import sound
from gateway.legacy.refusals import BadRequest, Other, Refusal

NONE_FOUND = "Could not find any valid certificates"
MIXED = "Cannot mix OpenPGP and S/MIME certificates"
NONE_VALID = "No valid certificates found for the selected encryption"
DESCRIPTION = "Legacy API"
LONGEST_WORD = 40
DISABLED: Object = {"@type": "Disabled"}

_PGP, _BLOCK, _CERTIFICATE = "-----BEGIN PGP ", "-----BEGIN ", "-----BEGIN CERTIFICATE"
_KEY = "k0"
_KINDS = ("pGP", "sMIME", "disabled")
_ALGORITHMS = ("Aes128", "Aes256")
_SHOWN = ("id", "description", "key")


async def encryption(exchange: Exchange) -> Any:
    """How the mail is encrypted: with which algorithm and whose certificates, as the text that was given."""
    now, keys = await _present(exchange)
    if now["@type"] == "Disabled":
        return {"type": "disabled"}
    key = next((it for it in keys if it["id"] == now["publicKey"]), None)
    if key is None:
        (answer,) = await exchange.caller.request(Get("PublicKey", [now["publicKey"]], _SHOWN))
        key = next(iter(answer["list"]), {"key": ""})
    return {
        "type": "pGP" if "BEGIN PGP" in key["key"] else "sMIME",
        "algo": "Aes128" if now["@type"] == "Aes128" else "Aes256",
        "certs": key["key"],
        "allow_spam_training": now["allowSpamTraining"],
    }


async def change_encryption(exchange: Exchange) -> int | None:
    """Switch encryption off, or on with certificates, whose number is the answer; the text of a key that is in use is exchanged."""
    await insist(exchange, "manage-encryption")
    given = _checked(exchange.body, strict=exchange.settings.legacy_version == "0.15")
    if exchange.objection is not None:
        raise exchange.objection
    if given["type"] == "disabled":
        (answer,) = await exchange.caller.request(Set("AccountSettings", update={SINGLETON: {"encryptionAtRest": DISABLED}}))
        if failures(answer, "updated").get(SINGLETON, {}).get("type") != "notFound":
            settle(answer, "updated", SINGLETON)
        return None
    blocks = _blocks(given)
    now, keys = await _present(exchange)
    used = now.get("publicKey") or next((it["id"] for it in keys if it["description"] == DESCRIPTION), None)
    change = {
        "@type": given["algo"],
        "publicKey": used or f"#{_KEY}",
        "encryptOnAppend": now.get("encryptOnAppend", False),
        "allowSpamTraining": bool(given.get("allow_spam_training")),
    }
    # A key that is refused leaves the second call without what it refers to.
    written, changed = await exchange.caller.attempt(
        _key_call(used, given["certs"]), Set("AccountSettings", update={SINGLETON: {"encryptionAtRest": change}})
    )
    _judge(sound(written), used)
    settle(sound(changed), "updated", SINGLETON)
    return blocks


async def _present(exchange: Exchange) -> tuple[Object, list[Object]]:
    """The present encryption, and the caller's keys; whoever has no account has neither."""
    settings, keys = await exchange.caller.request(
        Get("AccountSettings", [SINGLETON], ["id", "encryptionAtRest"]), Get("PublicKey", None, _SHOWN)
    )
    return next((it["encryptionAtRest"] for it in settings["list"]), DISABLED), keys["list"]


def _checked(body: Any, *, strict: bool) -> Object:
    """A body in one of the known forms; BadRequest in words like those of the old server's reader."""
    if not isinstance(body, dict):
        raise BadRequest("invalid type: map, expected variant identifier" if isinstance(body, list) else "invalid type: expected an object")
    kind = _word(body, "type", _KINDS)
    if kind == "disabled":
        return body
    _word(body, "algo", _ALGORITHMS)
    _member(body, "certs", str, "a string")
    if strict or body.get("allow_spam_training") is not None:
        _member(body, "allow_spam_training", bool, "a boolean")
    return body


def _word(body: Object, name: str, known: tuple[str, ...]) -> str:
    word: str = _member(body, name, str, "variant identifier")
    if word not in known:
        raise BadRequest(f"unknown variant `{word[:LONGEST_WORD]}`, expected one of {', '.join(f'`{it}`' for it in known)}")
    return word


def _member(body: Object, name: str, type_: type, expected: str) -> Any:
    if name not in body:
        raise BadRequest(f"missing field `{name}`")
    if not isinstance(body[name], type_):
        raise BadRequest(f"invalid type: expected {expected}")
    return body[name]


def _blocks(given: Object) -> int:
    """Number of armoured blocks; Other when there are none, or not those of the wanted kind."""
    text: str = given["certs"]
    if _BLOCK not in text:
        raise Other(NONE_FOUND, None)
    if _PGP in text and _CERTIFICATE in text:
        raise Other(MIXED, None)
    if (_PGP in text) != (given["type"] == "pGP"):
        raise Other(NONE_VALID, None)
    return text.count(_BLOCK)


def _key_call(used: str | None, text: str) -> Call:
    """The call that stores the certificates, in place of those before."""
    if used is not None:
        return Set("PublicKey", update={used: {"key": text}})
    return Set("PublicKey", create={_KEY: {"description": DESCRIPTION, "key": text}})


def _judge(written: Object, used: str | None) -> None:
    """Return when the certificates were stored, else say why not."""
    error = failures(written, "created").get(_KEY) if used is None else failures(written, "updated").get(used)
    if error is not None:
        raise _refused(error)


def _refused(error: Object) -> Refusal:
    if error["type"] == "overQuota":
        return Other(error.get("description") or NONE_VALID, None)
    return Other(NONE_VALID, None)
