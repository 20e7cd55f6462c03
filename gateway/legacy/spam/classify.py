"""What the spam filter thinks of a message (mapping-operations 6.3)."""

from collections.abc import Callable
from typing import Any

from gateway.jmap.calls import Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.questions import ask, greeting, senders
from gateway.legacy.refusals import BadRequest
from gateway.legacy.spam.samples import unreadable
from gateway.legacy.spam.tags import rejecting

_NEWS = frozenset({"DKIM2_NA"})
"""Tags that the old server could not give and that say nothing: there is no signature of a kind that it did not know."""

_SEVEN_BITS = 1
_MORE_BITS = 2 | 4
_UNICODE = 32


async def classify(exchange: Exchange) -> Any:
    """Score, tags and verdict."""
    given = exchange.body
    if not all(_is_address(it) for it in given["envRcptTo"]):
        raise BadRequest
    if not given["message"]:
        raise unreadable()
    ehlo = greeting(given.get("ehloDomain", ""))

    def question(sender: str) -> Object:
        return {
            "@type": "ClassifySpam",
            "message": given["message"],
            "remoteIp": given["remoteIp"],
            "ehloDomain": ehlo,
            "isTls": given.get("isTls", False),
            "envFrom": sender,
            **_optional(given),
        }

    answer = await ask(exchange, question, senders(given["envFrom"], ehlo), "envFrom", unreadable)
    unscored = any(tag["disposition"] == "reject" for tag in answer["tags"].values())
    return opinion(answer, await rejecting(exchange) if unscored else lambda _: False)


def opinion(answer: Object, rejects: Callable[[str], bool]) -> Object:
    """Old form of a classification; `rejects` tells of a tag that the new server calls rejecting whether it is."""
    tags = {name: _tag(name, tag, rejects) for name, tag in sorted(answer["tags"].items()) if name not in _NEWS}
    result = answer["result"]
    if result in {"spam", "ham"}:
        score = answer["score"]
        return {"score": score, "tags": tags, "disposition": {"action": "allow", "value": _headers(tags, result, score)}}
    # Whoever is turned away has a score of 0 on the new server; the old one told the sum.
    return {"score": _sum(answer), "tags": tags, "disposition": {"action": result}}


def _optional(given: Object) -> Object:
    """Members that are left out when they say nothing."""
    found: Object = {}
    if given.get("authenticatedAs"):
        found["authenticatedAs"] = given["authenticatedAs"]
    if parameters := _parameters(given["envFromFlags"]):
        found["envFromParameters"] = parameters
    if given["envRcptTo"]:
        found["envRcptTo"] = dict.fromkeys(given["envRcptTo"], True)
    return found


def _parameters(flags: int) -> str | None:
    """The one word for what MAIL FROM said; None for nothing that the filter looks at. It treats 8BITMIME and BINARYMIME alike."""
    if flags & _UNICODE:
        return "smtpUtf8"
    if flags & _MORE_BITS:
        return "binaryMime"
    return "bit7" if flags & _SEVEN_BITS else None


def _tag(name: str, tag: Object, rejects: Callable[[str], bool]) -> Object:
    disposition = tag["disposition"]
    if disposition == "score":
        return {"action": "allow", "value": tag["score"]}
    if disposition == "reject" and not rejects(name):
        return {"action": "allow", "value": 0.0}
    return {"action": disposition}


def _sum(answer: Object) -> float:
    total: float = sum(tag["score"] for tag in answer["tags"].values())
    return total


def _headers(tags: Object, result: str, score: float) -> str:
    """Header lines like those that the old server would have added, for people; the new one gives none. WebAdmin looks for `: Yes`."""
    names = ",\r\n\t".join(f"{name} ({tag.get('value', 0.0):.2f})" for name, tag in tags.items())
    word = "Yes" if result == "spam" else "No"
    return f"X-Spam-Result: {names}\r\nX-Spam-Score: {result}, score={score:.2f}\r\nX-Spam-Status: {word}, score={score:.2f}\r\n"


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain)
