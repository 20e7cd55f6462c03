"""The list of principals (legacy-rest-api 2.1, mapping-principals 3.2)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.jmap.calls import Call, Get, Object, Ref
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import find, in_chunks, pages
from gateway.legacy.principal.around import BY_NAME, Reader, Row
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.context import Context, read, sound
from gateway.legacy.principal.facts import API_KEY, KINDS, PROPERTIES
from gateway.legacy.principal.gather import Sought, rest
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.numbers import legacy_id
from gateway.legacy.principal.reading import emails_of
from gateway.legacy.principal.rights import has_tenants, insist, insist_tenants
from gateway.legacy.principal.search import Sieve
from gateway.legacy.principal.shapes import shape
from gateway.legacy.principal.wanted import TENANT, Part, Wanted, plan
from gateway.legacy.principal.words import words
from gateway.legacy.refusals import Unsupported

FARTHEST = 2**31 - 1
SHAPED_AT_ONCE = 100

_EXAMINED = ("id", "@type", "name", "domainId", "emailAddress", "description", "aliases", "clientId", "contacts")


_PLAIN_NAMES: Mapping[str, Callable[[Object], str]] = {
    "domain": lambda it: it["name"],
    "role": lambda it: parted(it["description"])[0],
    "tenant": lambda it: parted(it["name"])[0],
    "oauthClient": lambda it: it["clientId"],
}


class Line(NamedTuple):
    """One result before it is read: old name in bytes, old number, word of its kind, JMAP id; sorted as the old server did."""

    name: bytes
    number: int
    word: str
    id: str


async def list_principals(exchange: Exchange) -> Any:
    """Principals of the wanted kinds: `{"items", "total"}`, more than a page of them one page at a time."""
    wanted = await _within_edition(exchange, Wanted.of(exchange.query))
    context = await _context(exchange, wanted)
    parts = plan(wanted, context)
    sieve = _sieve(wanted, parts)
    # What the new server is asked for it judges itself.
    for word in sorted(wanted.named - {it.kind.word for it in parts}):
        await insist(exchange, word, "list")
    if wanted.named == {API_KEY}:
        raise Unsupported("The gateway does not serve API keys yet")
    if not parts:
        return {"items": [], "total": 0}
    if wanted.counted and sieve is None:
        answers = await exchange.caller.request(*(it.query(1, ()) for it in parts))
        return {"items": [], "total": sum(answer["total"] for answer in answers)}
    if sieve is None and len(parts) == 1 and parts[0].kind.object == ACCOUNT:
        return await _sorted_there(exchange, wanted, parts[0], context)
    return await _sorted_here(exchange, wanted, parts, context, sieve)


async def _within_edition(exchange: Exchange, wanted: Wanted) -> Wanted:
    """What is wanted; Unsupported when that is tenants and there are none (legacy-rest-api 2.1)."""
    asks = any(kind.word == TENANT for kind in wanted.kinds)
    if not (asks or wanted.tenant) or await has_tenants(exchange):
        return wanted
    if asks and wanted.named:
        await insist_tenants(exchange)
    return wanted.without_tenants()


def _sieve(wanted: Wanted, parts: Sequence[Part]) -> Sieve | None:
    """What tests the results: needed where a search finds too many, or where a word that one kind lacks is one that another has."""
    several = words(wanted.text)
    needed = any(it.search.tested for it in parts) or (len(parts) > 1 and len(several) > 1)
    return Sieve(several) if needed else None


async def _context(exchange: Exchange, wanted: Wanted) -> Context | None:
    """The context, when something of it decides what is asked for; else it goes along with the rest."""
    if not wanted.text and not wanted.tenant:
        return None
    context, cached, _ = await read(exchange)
    if cached and wanted.tenant and wanted.tenant not in context.tenant_names:
        context, _, _ = await read(exchange, fresh=True)
    return context


async def _together(exchange: Exchange, context: Context | None, calls: Sequence[Call]) -> tuple[Context, list[Object]]:
    """The context and the answers to the calls; the first error among them is raised."""
    if context is not None:
        return context, await exchange.caller.request(*calls)
    context, _, answers = await read(exchange, *calls)
    return context, [sound(answer) for answer in answers]


async def _sorted_there(exchange: Exchange, wanted: Wanted, part: Part, context: Context | None) -> Any:
    """Users or groups: the new server sorts them by local part and cuts the result into pages."""
    page, window = exchange.settings.get_page, wanted.window
    start = min(window.offset, FARTHEST)
    query = part.query(min(window.limit or page, page), (BY_NAME,), start)
    context, (found, first) = await _together(exchange, context, [query, Get(ACCOUNT, Ref(0), PROPERTIES[ACCOUNT])])
    total, reader = found["total"], Reader(exchange, context, wanted.fields)
    end = window.end(total)

    async def items() -> AsyncIterator[list[Object]]:
        yield await _shaped(reader, [(part.kind, it) for it in first["list"]], wanted.fields)
        for query in pages(part.query(page, (BY_NAME,)), start=start + page, end=end, page=page):
            (more,) = await find(exchange.caller, [replace(query, limit=min(page, end - query.position))], PROPERTIES[ACCOUNT])
            yield await _shaped(reader, [(part.kind, it) for it in more.objects], wanted.fields)

    return await _answer(total, end - start > page, items())


async def _sorted_here(
    exchange: Exchange, wanted: Wanted, parts: Sequence[Part], context: Context | None, sieve: Sieve | None
) -> Any:
    """Several kinds, or results that have to be tested: all are found first, then sorted by name, then read page by page."""
    page = exchange.settings.get_page
    calls: list[Call] = []
    for part in parts:
        calls += (part.query(page), Get(part.kind.object, Ref(len(calls)), PROPERTIES[part.kind.object]))
    context, answers = await _together(exchange, context, calls)
    small = sum(answer["total"] for answer in answers[::2]) <= page
    known: dict[tuple[str, str], Object] = {}
    found: list[tuple[Line, int | None]] = []
    for part, query, first in zip(parts, answers[::2], answers[1::2], strict=True):
        if small:
            known |= {(part.kind.word, it["id"]): it for it in first["list"]}
        more = await rest(exchange, Sought(part.query(page), _EXAMINED), query["total"])
        found += await _lines(exchange, context, part, first["list"] + more, sieve)
    del answers
    lines = [line for line, shown in found if sieve is None or shown is None or sieve.holds(shown)]
    lines.sort()
    if wanted.counted:
        return {"items": [], "total": len(lines)}
    chosen, reader = wanted.window.cut(lines), Reader(exchange, context, wanted.fields)

    async def items() -> AsyncIterator[list[Object]]:
        for some in in_chunks(chosen, page):
            rows = await _rows(exchange, some, known)
            yield await _shaped(reader, rows, wanted.fields)

    return await _answer(len(lines), len(chosen) > page, items())


async def _answer(total: int, long: bool, pages: AsyncIterator[list[Object]]) -> Any:
    if long:
        return Listing(total, pages, {})
    return {"items": [item async for some in pages for item in some], "total": total}


async def _lines(
    exchange: Exchange, context: Context, part: Part, objects: Sequence[Object], sieve: Sieve | None
) -> list[tuple[Line, int | None]]:
    """A line for each of the objects, and what the sieve sees of it; None where the new server's word counts."""
    kind, mail = part.kind, part.kind.object in ("Account", "MailingList")
    names = await Names.of(exchange, context, [it["emailAddress"] for it in objects] if mail else [])

    def name(it: Object) -> str:
        return names.mail(kind.object, it) if mail else _PLAIN_NAMES[kind.word](it)

    def texts(it: Object) -> list[str]:
        addresses = emails_of(it, context, implied=names.implied(kind.object, it)) if mail else list(it.get("contacts") or ())
        return [name(it), it.get("description") or "", *addresses]

    lines = []
    for it in objects:
        shown = sieve.shown(texts(it)) if sieve else None
        line = Line(name(it).encode(), legacy_id(kind.object, it["id"]), kind.word, it["id"])
        lines.append((line, None if part.search.exact else shown))
    return lines


async def _rows(exchange: Exchange, lines: Sequence[Line], known: Mapping[tuple[str, str], Object]) -> list[Row]:
    """The objects of some lines; those that are gone meanwhile are left out."""
    if not known:
        ids: dict[str, list[str]] = {}
        for line in lines:
            ids.setdefault(line.word, []).append(line.id)
        calls = [Get(KINDS[word].object, some, PROPERTIES[KINDS[word].object]) for word, some in ids.items()]
        answers = await exchange.caller.request(*calls)
        known = {(word, it["id"]): it for word, answer in zip(ids, answers, strict=True) for it in answer["list"]}
    return [(KINDS[line.word], known[line.word, line.id]) for line in lines if (line.word, line.id) in known]


async def _shaped(reader: Reader, rows: Sequence[Row], fields: frozenset[str] | None) -> list[Object]:
    """Old forms of one page."""
    around = await reader.around(rows)
    shaped: list[Object] = []
    for few in in_chunks(rows, SHAPED_AT_ONCE):
        shaped += (shape(kind, it, around, fields) for kind, it in few)
        await asyncio.sleep(0)  # other requests get their turn
    return shaped
