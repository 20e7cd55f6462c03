"""Sending what a PATCH comes to (mapping-principals 3.0, 3.5, 4.2).

The principal itself is one entry of one `/set`: all of it or nothing. Patches of other objects go behind it, so that nothing is done when it is
refused. Entries of `aliases` and `credentials` are addressed by their position, which another writer may have moved in between; then what
was hit is put back.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.jmap.calls import Call, Get, Object, Set
from gateway.jmap.errors import Garbled
from gateway.legacy.outcomes import failures
from gateway.legacy.paging import CALLS_PER_REQUEST, in_chunks
from gateway.legacy.principal.candidates import ACCOUNT, LIST
from gateway.legacy.principal.context import allowed, outdated, sound
from gateway.legacy.principal.facts import API_KEY
from gateway.legacy.principal.keys.patching import keep
from gateway.legacy.principal.patch.plan import Plan, Subject
from gateway.legacy.principal.rights import insist
from gateway.legacy.principal.values.addresses import free_index
from gateway.legacy.principal.values.errors import Request, address_taken, holder, refusal
from gateway.legacy.refusals import Refusal
from gateway.legacy.writing import OBJECTS_PER_SET

_HOLDER = ("id", "emailAddress", "aliases", "domainId")
_POSITION = re.compile(r"(aliases|credentials)/(\d+)(?:/.*)?")
_LISTED = {ACCOUNT: ("id", "aliases", "credentials"), LIST: ("id", "aliases")}
_SPOKEN = ("Cannot modify", "Invalid email", "Invalid domain name", "String cannot be empty")


class Vanished(Exception):
    """What a pointer named is not there any more."""

    def __init__(self, description: str) -> None:
        super().__init__("what was to be changed is not where it was")
        self.description = description


async def write(subject: Subject, plan: Plan) -> bool:
    """Write everything, the principal itself first, and remember what the new server cannot; False when nothing had to be sent.

    Refusal, Vanished, and what the client raises.
    """
    if subject.kind.word == API_KEY and (plan.key or plan.pointers):
        # The new server asks for rights over accounts only, and not at all where only the state changes: who may do nothing but look at
        # accounts must not give himself the secret of one.
        await insist(subject.exchange, subject.kind.word, "update")
        await insist(subject.exchange, "individual", "update")
    if plan.pointers:
        await _target(subject, plan)
    if plan.key:
        await keep(subject.exchange, plan.key)
    if plan.others:
        await _others(subject, plan)
    await _remember(subject, plan)
    touched = {subject.kind.object, *plan.others} if plan.pointers else set(plan.others)
    outdated(subject.exchange, *touched)
    return bool(plan.pointers or plan.others or plan.key)


async def _target(subject: Subject, plan: Plan) -> None:
    type_, caller = subject.kind.object, subject.exchange.caller
    change = Set(type_, update={subject.id: plan.pointers})
    if not subject.exchange.settings.verify_index_writes or not _by_position(subject, plan.pointers):
        (written,) = await caller.request(change)
        await _judge(subject, plan, written)
        return
    answer, after = await caller.attempt(change, Get(type_, [subject.id], _LISTED[type_]))
    await _judge(subject, plan, sound(answer))
    seen = allowed(after)
    repair = mended(subject.object, plan.pointers, seen["list"][0]) if seen and seen["list"] else {}
    if repair:
        await caller.request(Set(type_, update={subject.id: repair}))


def mended(before: Object, pointers: Mapping[str, object], after: Object) -> Object:
    """Pointers that repair what removals by position did after another writer had moved the entries.

    `before` and `after` were read before and after the write. An entry that was to go and is still there goes now; an alias that vanished in its
    place is added again. Nothing when everything that was to go is gone.
    """
    repair: Object = {}
    for list_ in ("aliases", "credentials"):
        old = {_entry(list_, it): index for index, it in (before.get(list_) or {}).items()}
        new = {_entry(list_, it): index for index, it in (after.get(list_) or {}).items()}
        gone = {entry for entry, index in old.items() if pointers.get(f"{list_}/{index}", index) is None}
        left = gone & new.keys()
        repair |= {f"{list_}/{new[entry]}": None for entry in left}
        if left and list_ == "aliases":
            lost = [it for it in (before.get(list_) or {}).values() if _entry(list_, it) not in gone | new.keys()]
            repair |= {f"{list_}/{free_index()}": it for it in lost}
    return repair


def _entry(list_: str, entry: Object) -> tuple[str, ...]:
    return (entry["name"], entry["domainId"]) if list_ == "aliases" else (entry["credentialId"],)


def _by_position(subject: Subject, pointers: Mapping[str, object]) -> bool:
    """Whether anything is removed or changed at a position that was read."""
    found = (_POSITION.fullmatch(pointer) for pointer in pointers)
    return subject.kind.object in _LISTED and any(it and it[2] in (subject.object.get(it[1]) or {}) for it in found)


async def _judge(subject: Subject, plan: Plan, answer: Object) -> None:
    """Return when the principal was changed, else raise why not."""
    if subject.id in answer.get("updated", ()):
        return
    error = failures(answer, "updated").get(subject.id)
    if error is None:
        raise Garbled("the answer does not say whether a principal was changed")
    description: str = error.get("description", "")
    if error["type"] == "invalidPatch" and not description.startswith(_SPOKEN) and _by_position(subject, plan.pointers):
        raise Vanished(description)
    raise await _refused(subject, plan, error)


async def _refused(subject: Subject, plan: Plan, error: Object) -> Refusal:
    """Old refusal; of a taken address after a look at who has it."""
    request = Request(
        plan.name or subject.found.name, plan.own, plan.addresses, plan.references, roles=subject.names("roles")
    )
    taken_by = holder(error)
    if taken_by is None:
        return refusal(error, request)
    type_, id_ = taken_by
    (answer,) = await subject.exchange.caller.attempt(Get(type_, [id_], _HOLDER))
    seen = allowed(answer)
    return address_taken(request, next(iter(seen["list"]), None) if seen else None, subject.context)


async def _others(subject: Subject, plan: Plan) -> None:
    """Patches of other objects: groups of users, recipients of lists, catch-all addresses. Those that are gone need none."""
    for calls in in_chunks(list(_calls(plan.others)), CALLS_PER_REQUEST):
        answers = await subject.exchange.caller.request(*calls)
        for error in _errors(answers):
            if error["type"] != "notFound":
                raise refusal(error, Request(subject.found.name, references=plan.references))


def _calls(others: Mapping[str, Mapping[str, Object]]) -> Iterator[Call]:
    for type_, patches in others.items():
        wanted = [(id_, patch) for id_, patch in patches.items() if patch]
        for some in in_chunks(wanted, OBJECTS_PER_SET):
            yield Set(type_, update=dict(some))


def _errors(answers: Sequence[Object]) -> Iterator[Object]:
    for answer in answers:
        yield from failures(answer, "updated").values()


async def _remember(subject: Subject, plan: Plan) -> None:
    """Keep what the new server cannot: the name as it was given, the name of an app password, the strings of secrets."""
    memory = subject.exchange.memory
    if plan.remember is not None:
        await memory.remember(plan.remember)
    if plan.secrets is not None:
        await memory.set_app_slot(subject.id, plan.secrets.slot)
        if subject.exchange.settings.secrets_memory == "hashes":
            await memory.set_secrets(subject.id, plan.secrets.strings)
