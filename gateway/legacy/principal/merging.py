"""Results of several kinds in one order, kept as little more than name and number (legacy-rest-api 2.1, mapping-principals 3.2).

Use: `await merger.take(part, objects, keep=True)` and `await merger.take_rest(part, total)` for each part of a list, then `merger.lines()` and,
for a page of these, `await merger.rows(some)`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from gateway.jmap.calls import Get, Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import find_more, pages
from gateway.legacy.principal.around import Row
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import PROPERTIES, kind_of
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.numbers import legacy_id, target_of
from gateway.legacy.principal.reading import emails_of
from gateway.legacy.principal.search import Sieve
from gateway.legacy.principal.wanted import Part

Line: TypeAlias = tuple[bytes, int]
"""Old name and old number of one result: by these the old server sorted, and the number tells type and id."""

PAGES_AT_ONCE = 2

_NAMED = ("id", "name", "emailAddress", "description", "clientId")
_TESTED = (*_NAMED, "domainId", "aliases", "contacts")
_MAIL = ("Account", "MailingList")

_PLAIN_NAMES: Mapping[str, Callable[[Object], str]] = {
    "Domain": lambda it: it["name"],
    "Role": lambda it: parted(it["description"])[0],
    "Tenant": lambda it: parted(it["name"])[0],
    "OAuthClient": lambda it: it["clientId"],
}


class Merger:
    """Gathers results; `sieve` tests them where the new server finds too many."""

    def __init__(self, exchange: Exchange, context: Context, sieve: Sieve | None) -> None:
        self._exchange = exchange
        self._context = context
        self._sieve = sieve
        self._sure: set[Line] = set()
        self._shown: dict[Line, int] = {}
        self._known: dict[int, Object] = {}

    async def take(self, part: Part, objects: Sequence[Object], *, keep: bool = False) -> None:
        """Take results in; with `keep` their objects, which have all properties, are not read again."""
        type_, context = part.kind.object, self._context
        mail = type_ in _MAIL
        names = await Names.of(self._exchange, context, [it["emailAddress"] for it in objects] if mail else [])
        for it in objects:
            name = names.mail(type_, it) if mail else _PLAIN_NAMES[type_](it)
            line = (name.encode(), legacy_id(type_, it["id"]))
            if keep:
                self._known[line[1]] = it
            addresses = emails_of(it, context, implied=names.implied(type_, it)) if self._sieve and mail else list(it.get("contacts") or ())
            shown = self._sieve.shown([name, it.get("description") or "", *addresses]) if self._sieve else 0
            if self._sieve and not part.search.exact:
                self._shown[line] = shown
            else:
                self._sure.add(line)

    async def take_rest(self, part: Part, total: int) -> None:
        """Take in what a search finds behind its first page, of which only what decides is read."""
        page = self._exchange.settings.get_page
        later = pages(part.query(page), start=page, end=total, page=page)
        async for found in find_more(self._exchange.caller, later, _TESTED if self._sieve else _NAMED, together=PAGES_AT_ONCE):
            await self.take(part, found.objects)
            await asyncio.sleep(0)  # other requests get their turn

    def lines(self) -> list[Line]:
        """All results that stand the test, in the order of the old server."""
        stand = {line for line, shown in self._shown.items() if self._sieve and self._sieve.holds(shown)}
        return sorted(self._sure | stand)

    async def rows(self, lines: Sequence[Line]) -> list[Row]:
        """The objects of some lines; those that are gone meanwhile are left out."""
        targets = {number: target for _, number in lines if (target := target_of(number))}
        known = self._known
        if not known:
            ids: dict[str, list[str]] = {}
            for type_, id_ in targets.values():
                ids.setdefault(type_, []).append(id_)
            answers = await self._exchange.caller.request(*(Get(type_, some, PROPERTIES[type_]) for type_, some in ids.items()))
            known = {legacy_id(type_, it["id"]): it for type_, answer in zip(ids, answers, strict=True) for it in answer["list"]}
        return [(kind_of(type_, known[number]), known[number]) for number, (type_, _) in targets.items() if number in known]
