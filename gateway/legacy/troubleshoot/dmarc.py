"""What a receiving server would find about a sender: SPF, DKIM, DMARC (legacy-rest-api 2.15, mapping-operations 7.1)."""

from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.value_forms import in_order
from gateway.legacy.exchange import Exchange
from gateway.legacy.questions import ask, greeting, senders
from gateway.legacy.refusals import Other

_RESULTS = ("spfEhloResult", "spfMailFromResult", "ipRevResult", "arcResult", "dmarcResult")
_AS_THEY_ARE = ("spfEhloDomain", "spfMailFromDomain", "dkimPass", "dmarcPass", "dmarcPolicy", "elapsed")
_BARE = frozenset({"Pass", "None"})


async def check_sender(exchange: Exchange) -> Any:
    """Results for an address of a client, its greeting, and a sender; of a message, or of one made up with the sender as its author.

    Without an address the greeting is what is checked: a sender that stands for none is sent, with a message that has the author given.
    """
    given = exchange.body
    ehlo, sender, message = greeting(given["ehloDomain"]), given["mailFrom"], given.get("body")
    if message == "":
        raise _unreadable()
    if message is None and "@" not in sender:
        message = f"From: {sender}\r\nSubject: test\r\n\r\ntest"

    def question(address: str) -> Object:
        asked = {
            "@type": "TroubleshootDmarc",
            "remoteIp": given["remoteIp"],
            "ehloDomain": ehlo,
            "mailFrom": address,
            # Results, which the new server nevertheless wants to be given.
            "spfEhloDomain": ehlo,
            "spfMailFromDomain": address.rpartition("@")[2],
        }
        return asked if message is None else {**asked, "message": message}

    return findings(await ask(exchange, question, senders(sender, ehlo), "mailFrom", _unreadable))


def findings(found: Object) -> Object:
    """Old form of the results of a check."""
    return {
        **{name: found[name] for name in _AS_THEY_ARE},
        **{name: _result(found[name]) for name in _RESULTS},
        "ipRevPtr": list(found["ipRevPtr"]),
        "dkimResults": [_result(it) for it in in_order(found["dkimResults"])],
    }


def _unreadable() -> Other:
    return Other("Invalid message body", "Failed to parse message body")


def _result(outcome: Object) -> Object:
    kind: str = outcome["@type"]
    word = kind[0].lower() + kind[1:]
    return {"type": word} if kind in _BARE else {"type": word, "details": outcome.get("details") or None}
