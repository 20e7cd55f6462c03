"""What a change of the own secrets asks for (legacy-rest-api 2.14), judged as a whole before anything is done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.legacy.principal.values.secrets import NO_CHOSEN_APP, Secret, classify
from gateway.legacy.refusals import BadRequest, Other, Unsupported

ALL = ""
NEEDS_BASIC = "Password changes only allowed using Basic auth"

_GUARDED = frozenset({"setPassword", "enableOtpAuth", "disableOtpAuth"})
_TEXTS = {
    "setPassword": ("password",),
    "enableOtpAuth": ("url",),
    "disableOtpAuth": (),
    "addAppPassword": ("name", "password"),
    "removeAppPassword": (),
}
_MAYBE = {"disableOtpAuth": "url", "removeAppPassword": "name"}


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """The outcome of all elements: later ones win over earlier ones.

    `no_otp` is the start of the URL that is to go, "" for any, None when none is; `gone` are names of app passwords, `ALL` for all of them.
    """

    password: Secret | None = None
    otp: Secret | None = None
    no_otp: str | None = None
    gone: tuple[str, ...] = ()


def elements(body: Any) -> list[dict[str, Any]]:
    """The elements of a body; BadRequest when there are none, or when one is not of a known form."""
    if not isinstance(body, list) or not all(map(_is_known, body)):
        raise BadRequest
    if not body:
        raise BadRequest("Empty request")
    return body


def needs_basic(given: Sequence[dict[str, Any]]) -> bool:
    """Whether one of the elements is taken only from callers who show the password that they have."""
    return any(it["type"] in _GUARDED for it in given)


def wanted(given: Sequence[dict[str, Any]]) -> Wanted:
    """What elements come to; Other for a secret that would lock the account, Unsupported for an app password with a chosen secret."""
    result = Wanted()
    for it in given:
        match it["type"]:
            case "setPassword":
                result = _with(result, it["password"])
            case "enableOtpAuth":
                result = _with(result, it["url"])
            case "disableOtpAuth":
                result = replace(result, otp=None, no_otp=it.get("url") or ALL)
            case "addAppPassword":
                raise Unsupported(NO_CHOSEN_APP)
            case _:
                result = replace(result, gone=(*result.gone, it.get("name") or ALL))
    return result


def _with(before: Wanted, text: str) -> Wanted:
    """With a password or an OTP URL, whichever the text is: the old server kept both in one list, and told them apart like this."""
    secret = classify(text)
    if secret.kind == "otp":
        return replace(before, otp=secret, no_otp=None)
    if secret.kind == "app":
        raise Unsupported(NO_CHOSEN_APP)
    if secret.kind == "keep":
        raise Other("Invalid password", "The text stands for a secret that cannot be shown")
    return replace(before, password=secret)


def _is_known(it: Any) -> bool:
    if not isinstance(it, dict) or not isinstance(it.get("type"), str) or it["type"] not in _TEXTS:
        return False
    maybe = _MAYBE.get(it["type"])
    return all(isinstance(it.get(name), str) for name in _TEXTS[it["type"]]) and isinstance(maybe and it.get(maybe), str | None)
