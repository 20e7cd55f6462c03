"""Questions about a message that the new server answers at once: actions with a result (mapping-operations 6.3, 7.1)."""

from collections.abc import Callable

from gateway.jmap.calls import Object, Set
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, named, refusal, settle
from gateway.legacy.refusals import BadRequest, Refusal

KEY = "a"
NOBODY = "postmaster@localhost"

_UNFIT = frozenset({"invalidProperties", "invalidPatch", "validationFailed"})


def greeting(name: str) -> str:
    """The name that a client said it has, or what stands for none: the new server wants one."""
    return name or "unknown.invalid"


def senders(given: str, ehlo: str) -> list[str]:
    """Envelope senders to try one after the other: the address given, else those that stand for none, which the new server does not take."""
    return [given] if "@" in given else [f"postmaster@{ehlo}", NOBODY]


async def ask(exchange: Exchange, question: Callable[[str], Object], tried: list[str], sender: str, unreadable: Callable[[], Refusal]) -> Object:
    """What the new server answers to `question`, made for the first of the senders that it takes; `sender` is the property that holds it.

    `unreadable` makes what is raised for a message that is none, BadRequest for any other value that it does not take.
    """
    error: Object = {}
    for address in tried:
        (answer,) = await exchange.caller.request(Set("Action", create={KEY: question(address)}))
        error = failures(answer, "created").get(KEY, {})
        if not error:
            settle(answer, "created", KEY)
            result: Object = answer["created"][KEY]
            return result
        if error["type"] not in _UNFIT or sender not in named(error):
            break
    if error["type"] not in _UNFIT:
        raise refusal(error)
    raise unreadable() if {"message", "body"}.intersection(named(error)) else BadRequest()
