"""Sending what a batch comes to, and taking it back when a part of it is refused (mapping-settings 5.2).

The new server writes one object wholly or not at all, and knows no transaction over several. So requests go one after the other, the first failure
ends them, and what was written before is undone with what was read before. Two things cannot be undone: secrets, which nobody can read, hence they
come late; and a request whose answer was lost. After the latter nothing more is sent, neither the rest nor an undo, for either could meet a change
that is still on its way: the caller hears that the outcome is unknown, which holds for the batch as a whole.
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from gateway.jmap.calls import Object, Set
from gateway.jmap.errors import Garbled, MethodError, OutcomeUnknown, UpstreamError
from gateway.knowledge import schema
from gateway.legacy.exchange import Caller, Exchange, Memory
from gateway.legacy.outcomes import failures
from gateway.legacy.paging import in_chunks
from gateway.legacy.refusals import Other
from gateway.legacy.settings.demand import Demand
from gateway.legacy.settings.fetch import fetch
from gateway.legacy.settings.naming import DERIVED, Snapshot
from gateway.legacy.settings.writing import patches
from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.order import requests
from gateway.legacy.writing import OBJECTS_PER_SET

_VERBS = {"create": "created", "update": "updated", "destroy": "destroyed"}
_HALF_DONE = frozenset({"serverPartialFail", "serverUnavailable"})
"""Method errors after which a part of the objects of a call may be written."""

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The new server refused an object; everything before it is undone."""

    def __init__(self, entry: Entry, error: Object) -> None:
        super().__init__(error["type"])
        self.entry = entry
        self.error = error


class Done(NamedTuple):
    """An entry that was carried out, and the JMAP id of its object."""

    entry: Entry
    id: str


async def send(exchange: Exchange, entries: Sequence[Entry], snapshot: Snapshot) -> list[Done]:
    """Carry out all entries or none; `snapshot` is what was read before.

    Refused for a set error, Other when something could not be put back, OutcomeUnknown when an answer was lost, else what the client raises.
    """
    done: list[Done] = []
    try:
        for request in requests(entries):
            await _send(exchange, request, snapshot, done)
    except OutcomeUnknown:
        _log.warning("the answer to a change of settings was lost after %d objects; nothing more was sent", len(done))
        raise
    except (Refused, UpstreamError) as failure:
        left = await _undo(exchange.caller, exchange.memory, done)
        if left:
            _log.error("settings could not be put back: %s", ", ".join(left))
            raise Other(
                "The change failed half-way, and not everything could be put back", ", ".join(left)
            ) from failure
        raise
    return done


async def _send(exchange: Exchange, request: Sequence[Sequence[Entry]], snapshot: Snapshot, done: list[Done]) -> None:
    """One request; what was carried out is added to `done` even when something else of it failed."""
    names = {f"#{it.entry.id}": it.id for it in done if it.entry.action == "create"}
    answers = await exchange.caller.attempt(*(_set(entries, names) for entries in request))
    failure: Exception | None = None
    for entries, answer in zip(request, answers, strict=True):
        if isinstance(answer, MethodError):
            if answer.type in _HALF_DONE:
                done += await _carried_out(exchange, entries, snapshot)
            failure = failure or answer
            continue
        for entry in entries:
            error = _note(entry, answer, done)
            failure = failure or error
    if failure is not None:
        raise failure


def _note(entry: Entry, answer: Object, done: list[Done]) -> Exception | None:
    """Note what became of an entry, and give what went wrong."""
    verb = _VERBS[entry.action]
    error = failures(answer, verb).get(entry.id)  # type: ignore[arg-type]  # one of the verbs
    if error is not None:
        return Refused(entry, error)
    found = answer.get(verb) or {}
    if entry.id not in found:
        return Garbled(f"the answer does not say whether an object was {verb}")
    done.append(Done(entry, found[entry.id]["id"] if entry.action == "create" else entry.id))
    return None


def _set(entries: Sequence[Entry], names: Mapping[str, str]) -> Set:
    """The `/set` of entries of one type; references to what was created before become its id."""
    return Set(
        entries[0].type,
        create={it.id: _resolved(it.value, names) for it in entries if it.action == "create"} or None,
        update={it.id: _resolved(patches.wire(it.changes), names) for it in entries if it.action == "update"} or None,
        destroy=[it.id for it in entries if it.action == "destroy"] or None,
    )


def _resolved(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(it, names) for name, it in value.items()}
    return names.get(value, value) if isinstance(value, patches.Reference) else value


async def _carried_out(exchange: Exchange, entries: Sequence[Entry], snapshot: Snapshot) -> list[Done]:
    """Which entries of a call that failed as a whole were carried out nevertheless, told by what is there now.

    What was there before was not created, whatever it looks like, and no object was created twice. OutcomeUnknown when that cannot be read.
    """
    (type_,) = {entry.type for entry in entries}
    try:
        found = await fetch(exchange.caller, Demand(objects={type_: None}), exchange.settings.get_page)
    except UpstreamError as failure:
        raise OutcomeUnknown from failure
    now = {it["id"]: it for it in found.get(type_, ())}
    fresh = now.keys() - {it["id"] for it in snapshot.get(type_, ())}
    done = []
    for entry in entries:
        if entry.action == "create":
            alike = (id_ for id_ in sorted(fresh) if _agrees(now[id_], entry.value))
            if (made := next(alike, None)) is not None:
                fresh = fresh - {made}
                done.append(Done(entry, made))
        elif entry.action == "destroy":
            done += [] if entry.id in now else [Done(entry, entry.id)]
        elif entry.id in now and any(
            patches.at(now[entry.id], names) != patches.at(entry.stored, names) for names in entry.changes
        ):
            done.append(Done(entry, entry.id))
    return done


def _agrees(it: Object, value: Object) -> bool:
    """Whether an object has the single values of a new one; the new server completes all others."""
    return all(patches.same(it.get(name), part) for name, part in value.items() if not isinstance(part, dict | patches.Reference))


async def _undo(caller: Caller, memory: Memory, done: Sequence[Done]) -> list[str]:
    """Put back what was done, the last first; gives the old keys or records for which that failed."""
    left: list[str] = []
    for _, group in groupby(reversed(done), key=lambda it: (it.entry.type, it.entry.action)):
        for some in in_chunks(list(group), OBJECTS_PER_SET):
            inverses = [(it, *_inverse(it)) for it in some]
            left += [key for it, _, complete in inverses if not complete for key in _spoken(it.entry)]
            known = [(it, value) for it, value, _ in inverses if value is not None]
            failed = await _put_back(caller, memory, known) if known else []
            left += [key for entry in failed for key in _spoken(entry)]
    return list(dict.fromkeys(left))


async def _put_back(caller: Caller, memory: Memory, undone: Sequence[tuple[Done, Object]]) -> list[Entry]:
    """Send the inverse of entries of one type and action; gives those for which it failed."""
    entry = undone[0][0].entry
    match entry.action:
        case "create":
            verb, change = "destroyed", Set(entry.type, destroy=[it.id for it, _ in undone])
            names = [it.id for it, _ in undone]
        case "update":
            verb, change = "updated", Set(entry.type, update={it.id: value for it, value in undone})
            names = [it.id for it, _ in undone]
        case _:
            names = [f"c{place}" for place in range(len(undone))]
            verb, change = (
                "created",
                Set(entry.type, create={name: value for name, (_, value) in zip(names, undone, strict=True)}),
            )
    try:
        (answer,) = await caller.request(change)
    except UpstreamError:
        return [it.entry for it, _ in undone]
    found = answer.get(verb) or {}
    if verb == "created" and entry.type in DERIVED:
        back = {
            found[name]["id"]: it.entry.record for name, (it, _) in zip(names, undone, strict=True) if name in found
        }
        await memory.remember_records(entry.type, {id_: record for id_, record in back.items() if record})
    return [it.entry for name, (it, _) in zip(names, undone, strict=True) if name not in found]


def _inverse(done: Done) -> tuple[Object | None, bool]:
    """What is sent to take an entry back (None: nothing can be), and whether that puts everything back: what is masked it cannot."""
    entry, stored = done.entry, done.entry.stored or {}
    if entry.action == "create":
        return {}, True
    if entry.action == "destroy" or ("@type",) in entry.changes:
        return (None, False) if patches.masked(stored) else (_anew(entry.type, stored), True)
    before = patches.inverse(stored, entry.changes)
    known = {names: value for names, value in before.items() if not patches.masked(value)}
    return patches.wire(known) if known else None, len(known) == len(before)


def _anew(type_: str, stored: Object) -> Object:
    """What was read, as it can be written."""
    declared = schema.properties(schema.object_type(type_).schema, stored)
    return patches.type_first({
        name: value
        for name, value in stored.items()
        if value is not None and (name == "@type" or (name in declared and declared[name].mutability != "server"))
    })


def _spoken(entry: Entry) -> list[str]:
    return list(dict.fromkeys(entry.keys.values())) or [entry.record or entry.type]
