"""Mailboxes as far as a management client looks into them: folders, messages, their contents (RFC 8621)."""

import itertools
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from typing import Any, Protocol

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.simulator.arguments import ResultReference
from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects.lookup import full
from gateway.simulator.strict_json import Reader, value
from gateway.simulator.text_ids import canonical, number_of
from gateway.simulator.world import Method, World

CAPABILITY = "urn:ietf:params:jmap:mail"
FOLDERS = 5


class Delivery(Protocol):
    """What is told about a message that was put into a mailbox."""

    @property
    def account_id(self) -> str:
        """Whose mailbox."""

    @property
    def header(self) -> bytes:
        """Header fields of this mailbox alone."""

    @property
    def data(self) -> bytes:
        """The message as it is stored, once for all mailboxes."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A message that comes back into the mailbox of an account."""

    account_id: str
    header: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A message that was destroyed: its account, its properties, its sender's address and its content."""

    account_id: str
    message: Object
    sender: str
    content: bytes


def install(world: World) -> None:
    """Keep what is delivered, and answer the mail methods."""
    kept: dict[str, dict[str, Object]] = {}
    world.on("message.delivered", partial(_deliver, world, kept))
    world.on("message.restored", partial(_deliver, world, kept))
    world.methods["Mailbox/query"] = Method(CAPABILITY, _folders, with_references)
    world.methods["Email/query"] = Method(CAPABILITY, partial(_query, kept), with_references)
    world.methods["Email/get"] = Method(CAPABILITY, partial(_get, kept), with_references)
    world.methods["Email/set"] = Method(CAPABILITY, partial(_set, world, kept), with_references)


def with_references(reader: Reader) -> Any:
    """Any arguments; members with `#` are result references."""
    given = value(reader)
    if not isinstance(given, dict):
        return {}
    return {name: _reference(content) if name.startswith("#") else content for name, content in given.items()}


def _reference(content: Any) -> Any:
    if isinstance(content, dict) and content.keys() >= {"resultOf", "name", "path"}:
        return ResultReference(str(content["resultOf"]), str(content["name"]), str(content["path"]))
    return content


def _deliver(world: World, kept: dict[str, dict[str, Object]], fact: Delivery) -> None:
    messages = kept.setdefault(fact.account_id, {})
    number = (len(messages) + 1) << 30 | len(messages)
    id_ = encode(number)
    messages[id_] = {
        "blobId": world.blobs.link(fact.account_id, number, fact.header, fact.data),
        "subject": _header(fact.data, b"subject"),
        "size": len(fact.header) + len(fact.data),
        "receivedAt": text_of(world.clock.seconds()),
    }
    world.space[fact.account_id] += len(fact.header) + len(fact.data)


def _header(data: bytes, name: bytes) -> str | None:
    for line in itertools.takewhile(bool, data.splitlines()):
        head, colon, content = line.partition(b":")
        if colon and head.lower() == name:
            return content.strip().decode("utf-8", "replace")
    return None


def _folders(caller: Caller, given: Object) -> Object:
    ids = [encode(number) for number in range(FOLDERS)]
    return full(given | {"accountId": _account(caller, given)}, ids) | {"queryState": "saa"}


def _query(kept: dict[str, dict[str, Object]], caller: Caller, given: Object) -> Object:
    account = _account(caller, given)
    text = (given.get("filter") or {}).get("text", "")
    messages = kept.get(account, {})
    ids = [id_ for id_, message in messages.items() if all(word in (message["subject"] or "").lower() for word in text.lower().split())]
    first = (given.get("sort") or [{}])[0]
    ids.sort(key=number_of, reverse=not first.get("isAscending", True))
    return full(given | {"accountId": account}, ids) | {"queryState": f"s{encode(len(messages))}"}


def _get(kept: dict[str, dict[str, Object]], caller: Caller, given: Object) -> Object:
    account = _account(caller, given)
    messages = kept.get(account, {})
    ids = given["ids"] if given.get("ids") is not None else list(messages)
    wanted = given.get("properties")
    shown = [{name: content for name, content in messages[id_].items() if not wanted or name in wanted} | {"id": id_} for id_ in ids if id_ in messages]
    return {"accountId": account, "state": f"s{encode(len(messages))}", "list": shown, "notFound": [id_ for id_ in ids if id_ not in messages]}


def _set(world: World, kept: dict[str, dict[str, Object]], caller: Caller, given: Object) -> Object:
    """Destroys; nothing else can be done to messages here."""
    account = _account(caller, given)
    messages = kept.get(account, {})
    answer: Object = {"accountId": account, "destroyed": [], "notDestroyed": {}}
    for id_ in given.get("destroy") or ():
        message = messages.pop(id_, None)
        if message is None:
            answer["notDestroyed"][id_] = {"type": "notFound"}
            continue
        answer["destroyed"].append(id_)
        world.space[account] -= message["size"]
        content = world.blobs.content(message["blobId"]) or b""
        world.tell("message.destroyed", Destroyed(account, message, parseaddr(_header(content, b"from") or "")[1], content))
    return answer


def _account(caller: Caller, given: Object) -> str:
    account = canonical(given["accountId"]) if isinstance(given.get("accountId"), str) else None
    if account is None:
        raise MethodError("invalidArguments", 'The "accountId" property is required.')
    if not caller.owns(account):
        raise MethodError("forbidden", f"You are not an owner of account {account}")
    return account
