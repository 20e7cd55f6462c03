"""`POST /settings` and `DELETE /settings/{key}`: from operations to what is sent, all or nothing (decision 17, mapping-settings 5)."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from gateway.jmap.errors import MethodError, OutcomeUnknown, UpstreamError
from gateway.knowledge import schema
from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import outdated
from gateway.legacy.refusals import NotFound, Refusal
from gateway.legacy.settings import own
from gateway.legacy.settings.demand import Demand, with_keys, with_prefix
from gateway.legacy.settings.fetch import fetch
from gateway.legacy.settings.naming import DERIVED, Snapshot, record_ids
from gateway.legacy.settings.remembered import Remembered, recall
from gateway.legacy.settings.view import named
from gateway.legacy.settings.writing import bounds, patches
from gateway.legacy.settings.writing.compare import compare
from gateway.legacy.settings.writing.editing import Draft
from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.errors import refusal
from gateway.legacy.settings.writing.macros import macro_keys
from gateway.legacy.settings.writing.operations import Clear, Delete, Insert, Operation, parse, weight
from gateway.legacy.settings.writing.send import Done, Refused, send
from gateway.legacy.settings.writing.sheet import read
from gateway.legacy.settings.writing.slots import Slot
from gateway.state import OwnSettingsChanged

UPDATE = "settings-update"
DELETE = "settings-delete"

_LOCK = "settings"
_TRIES = 2
_RACES = 9
_MANY = 1000
_RACE = "serverUnavailable"
_GONE = "notFound"


async def update_settings(exchange: Exchange) -> None:
    """Carry out all operations of the body or none of them.

    Two round trips when one type of object changes, one when nothing does. What takes a while to look through is not looked through for strangers.
    """
    operations = parse(exchange.body)
    if sum(map(weight, operations)) > _MANY:
        await exchange.caller.account()
    await _undisturbed(exchange, operations, UPDATE)


async def delete_setting(exchange: Exchange) -> None:
    """Remove one key, not what begins with it; one that is not there is no failure."""
    key = exchange.path["key"]
    if not key:
        raise NotFound
    await _undisturbed(exchange, [Delete((key,))], DELETE)


async def _undisturbed(exchange: Exchange, operations: Sequence[Operation], right: str) -> None:
    """Write to the end even when nobody waits for the answer any more: a batch is not left half-done."""
    work = asyncio.ensure_future(_write(exchange, operations, right))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        if not work.done():
            exchange.background(_end(work))
        raise


async def _end(work: "asyncio.Future[None]") -> None:
    with contextlib.suppress(Refusal):
        await work


async def _write(exchange: Exchange, operations: Sequence[Operation], right: str) -> None:
    """One writer at a time: what was read stays true until it is written, as far as it is the gateway that writes."""
    async with exchange.locks(_LOCK):
        for last in (*[False] * (_TRIES - 1), True):
            batch = _Batch(exchange, operations, right)
            try:
                await _settled(batch)
            except MethodError as error:
                if last or error.type != _RACE or not batch.sent:
                    raise
            except Refused as refused:
                if last or refused.error["type"] != _GONE:
                    raise refusal(refused.error, refused.entry, asserted=batch.asserted) from None
            else:
                return


async def _settled(batch: "_Batch") -> None:
    """Write a batch whose own settings another gateway may change meanwhile; nothing was sent when it begins again."""
    for _ in range(_RACES):
        with contextlib.suppress(OwnSettingsChanged):
            return await batch.write()
    return await batch.write()


class _Batch:
    """One attempt: read, edit, compare, send."""

    def __init__(self, exchange: Exchange, operations: Sequence[Operation], right: str) -> None:
        self._exchange = exchange
        self._operations = operations
        self._right = right
        self.sent = False
        self.asserted = any(isinstance(it, Insert) and it.assert_empty for it in operations)

    async def write(self) -> None:
        """Refusal, Refused, and what the client raises; nothing is written then, unless the refusal says so."""
        exchange = self._exchange
        demand = wanted(self._operations)
        kept = await own.kept(exchange, self._right) if _has_own(self._operations) else {}
        remembered = await recall(exchange.memory, demand)
        snapshot = await fetch(exchange.caller, demand, exchange.settings.get_page)
        draft, entries = self._compared(demand, snapshot, remembered, kept)
        await own.change(exchange, kept, draft.own, self._right)
        self.sent = True
        try:
            done = await send(exchange, entries, snapshot)
        except OutcomeUnknown:
            raise
        except (Refused, Refusal, UpstreamError):
            await own.take_back(exchange, kept, draft.own)
            raise
        outdated(exchange, *{it.entry.type for it in done})
        await self._remember(done, snapshot, remembered)

    def _compared(
        self, demand: Demand, snapshot: Snapshot, remembered: Remembered, kept: Mapping[str, str]
    ) -> tuple[Draft, list[Entry]]:
        """The map after all operations, and what has to be sent for it."""
        names = named(snapshot, remembered)
        sheet = read(rows_of(demand.objects), snapshot, names, other_names(names))
        draft = Draft(sheet, kept, lambda slot: is_default(slot, snapshot))
        draft.apply(self._operations)
        entries = compare(draft, snapshot, names)
        bounds.insist(entries)
        return draft, entries

    async def _remember(self, done: Sequence[Done], snapshot: Snapshot, remembered: Remembered) -> None:
        """Keep the record ids that clients used where they do not follow from the objects, and forget those of objects that are gone."""
        memory = self._exchange.memory
        after = _after(snapshot, done)
        for type_ in {it.entry.type for it in done} & DERIVED:
            some = [it for it in done if it.entry.type == type_ and it.entry.record]
            names = record_ids(type_, after, remembered.get(type_))
            used = {
                it.id: str(it.entry.record)
                for it in some
                if it.entry.action != "destroy" and names.get(it.id) != it.entry.record
            }
            gone = {it.id: str(it.entry.record) for it in some if it.entry.action == "destroy"}
            if used:
                await memory.remember_records(type_, used)
            if gone:
                await memory.forget_records(type_, gone)


def wanted(operations: Iterable[Operation]) -> Demand:
    """What the operations can touch, and what their macros look up."""
    demand = Demand()
    prefixes: dict[str, None] = {}
    for operation in operations:
        match operation:
            case Insert(prefix, _, assert_empty):
                pairs = list(operation.pairs())
                with_keys(demand, [key for key, _ in pairs])
                with_keys(demand, [key for _, text in pairs for key in macro_keys(text)])
                if assert_empty and prefix is not None:
                    prefixes[f"{prefix}."] = None
            case Delete(keys):
                with_keys(demand, keys)
            case Clear(prefix):
                prefixes[prefix] = None
    for prefix in prefixes:
        with_prefix(demand, prefix)
    return demand


def _has_own(operations: Iterable[Operation]) -> bool:
    """Whether own settings may be concerned."""
    for operation in operations:
        match operation:
            case Insert(prefix):
                keys = [key for key, _ in operation.pairs()]
                keys += [] if prefix is None else [f"{prefix}."]
                keys += [key for _, text in operation.pairs() for key in macro_keys(text)]
            case Delete(found):
                keys = list(found)
            case Clear(prefix):
                keys = [prefix]
                if "." not in prefix:
                    return True
        if any(map(own.is_own, keys)):
            return True
    return False


def rows_of(types: Iterable[str]) -> list[Row]:
    """Listed rows of these types of objects."""
    wanted_ = set(types)
    return [
        row
        for row in SETTINGS.rows
        if row.alias is None and row.direction != "none" and not row.is_record and wanted_.intersection(row.objects)
    ]


def other_names(names: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Further record ids by type: a derived one with the JMAP id behind it always means its object (mapping-settings 4.2)."""
    return {
        type_: {f"{name}-{id_}": name for id_, name in names[type_].items()} for type_ in DERIVED if names.get(type_)
    }


def is_default(slot: Slot, snapshot: Snapshot) -> bool:
    """Whether a setting of a single object is what a new server has; those of records were made by somebody."""
    if slot.record is not None:
        return False
    type_ = slot.row.objects[0]
    stored = next(iter(snapshot.get(type_, ())), None)
    if stored is None:
        return False
    pointer, part = slot.row.pointer, slot.row.pointer.removesuffix("/@type")
    value = patches.at(stored, patches.elements(pointer))
    if not part:
        return bool(value == schema.object_type(type_).schema.default_variant)
    prop = schema.property_at(type_, part, stored)
    initial = schema.initial(prop) if prop else schema.MISSING
    if part != pointer:
        return isinstance(initial, dict) and value == initial.get("@type")
    return initial is not schema.MISSING and patches.same(initial, value)


def _after(snapshot: Snapshot, done: Sequence[Done]) -> Snapshot:
    """What was fetched, with the changes of what was there."""
    changed = {it.id: it.entry for it in done if it.entry.action == "update"}
    return {
        type_: [
            patches.patched(it, changed[it["id"]].changes)
            if it["id"] in changed and changed[it["id"]].type == type_
            else it
            for it in objects
        ]
        for type_, objects in snapshot.items()
    }
