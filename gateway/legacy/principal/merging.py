"""Results of several kinds in one order, kept as little more than name and number (legacy-rest-api 2.1, mapping-principals 3.2).

Use: `await merger.take(part, objects, keep=True)` and `await merger.take_rest(part, total)` for each part of a list, then `await merger.lines()` and,
for a page of these, `await merger.rows(some)`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from gateway.jmap.calls import Get, Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import find_more, in_chunks, pages
from gateway.legacy.principal.around import Row
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.context import Context, tenant_of
from gateway.legacy.principal.facts import API_KEY, KINDS, MAIL_KINDS, PROPERTIES, Kind, kind_of
from gateway.legacy.principal.keys.objects import (
    FOREIGN,
    foreign_keys,
    foreign_name,
    key_number,
    only_keys,
    without_keys,
)
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.numbers import key_of, legacy_id, target_of
from gateway.legacy.principal.reading import emails_of
from gateway.legacy.principal.search import Sieve
from gateway.legacy.principal.wanted import Part
from gateway.state import OldName

Line: TypeAlias = tuple[bytes, int]
"""Old name and old number of one result: by these the old server sorted, and the number tells type and id."""

_Tested: TypeAlias = tuple[bytes, int, int]
"""A line and what it shows of the words looked for, as bits, or `SURE` where that does not matter."""

SURE = -1
PAGES_AT_ONCE = 2
TAKEN_AT_ONCE = 100
MERGED_AT_ONCE = 1000

_NAMED = ("id", "name", "emailAddress", "description", "clientId")
_TESTED = (*_NAMED, "domainId", "aliases", "contacts")
_MAIL = ("Account", "MailingList")

_PLAIN_NAMES: Mapping[str, Callable[[Object], str]] = {
    "Domain": lambda it: it["name"],
    "Role": lambda it: parted(it["description"])[0],
    "Tenant": lambda it: parted(it["name"])[0],
    "OAuthClient": lambda it: it["clientId"],
}


def number_of(kind: Kind, object_: Object) -> int:
    """Old number of an object."""
    return key_number(object_) if kind.word == API_KEY else legacy_id(kind.object, object_["id"])


class Merger:
    """Gathers results; `sieve` tests them where the new server finds too many, `keys` are the accounts that stand for API keys."""

    def __init__(self, exchange: Exchange, context: Context, sieve: Sieve | None, keys: Mapping[str, OldName]) -> None:
        self._exchange = exchange
        self._context = context
        self._sieve = sieve
        self._keys = keys
        self._runs: list[list[_Tested]] = []
        self._known: dict[int, Object] = {}

    async def take(self, part: Part, objects: Sequence[Object], *, keep: bool = False) -> None:
        """Take results in; with `keep` their objects, which have all properties, are not read again."""
        if part.kind.word == API_KEY:
            objects = list(foreign_keys(objects, self._keys))
        elif part.kind.word == "individual" and self._keys:
            objects = without_keys(objects, self._keys)
        await self._take(part, objects, keep=keep)

    async def take_keys(self, part: Part, accounts: Sequence[Object], *, keep: bool) -> None:
        """Take in the API keys that accounts stand for, which were read with all properties; with `keep` they are not read again."""
        tenant = part.filter.get("memberTenantId")
        await self._take(
            part, [it for it in only_keys(accounts, self._keys) if tenant in {None, tenant_of(it)}], keep=keep
        )

    async def _take(self, part: Part, objects: Sequence[Object], *, keep: bool) -> None:
        names = await Names.of(
            self._exchange, self._context, [it["emailAddress"] for it in objects if "emailAddress" in it]
        )
        for few in in_chunks(objects, TAKEN_AT_ONCE):
            self._runs.append(sorted(self._tested(part, few, names)))
            if keep:
                self._known |= {number_of(part.kind, it): it for it in few}
            await asyncio.sleep(0)  # other requests get their turn

    def _tested(self, part: Part, objects: Sequence[Object], names: Names) -> Iterator[_Tested]:
        """A line for each object, and what it shows of the words looked for."""
        type_, sieve = part.kind.object, self._sieve
        mail = part.kind.word in MAIL_KINDS
        for it in objects:
            name = (
                foreign_name(it)
                if FOREIGN in it
                else names.mail(type_, it)
                if type_ in _MAIL
                else _PLAIN_NAMES[type_](it)
            )
            shown = SURE
            if sieve is not None:
                addresses = emails_of(it, self._context, implied=names.implied(type_, it)) if mail else list(it.get("contacts") or ())
                bits = sieve.shown([name, it.get("description") or "", *addresses])
                shown = SURE if part.search.exact else bits
            yield name.encode(), number_of(part.kind, it), shown

    async def take_rest(self, part: Part, total: int) -> None:
        """Take in what a search finds behind its first page, of which only what decides is read."""
        page = self._exchange.settings.get_page
        later = pages(part.query(page), start=page, end=total, page=page)
        properties = part.properties if part.kind.word == API_KEY else _TESTED if self._sieve else _NAMED
        async for found in find_more(self._exchange.caller, later, properties, together=PAGES_AT_ONCE):
            await self.take(part, found.objects)

    async def lines(self) -> list[Line]:
        """All results that stand the test, each once, in the order of the old server."""
        runs, self._runs = self._runs, []
        while len(runs) > 1:
            longer = []
            for pair in in_chunks(runs, 2):
                longer.append(sorted(chain(*pair)))  # two runs that are sorted are merged, not sorted again
                await asyncio.sleep(0)  # other requests get their turn
            runs = longer
        lines: list[Line] = []
        for some in in_chunks(runs[0] if runs else [], MERGED_AT_ONCE):
            for name, number, shown in some:
                line = name, number
                if self._stands(shown) and (not lines or line != lines[-1]):
                    lines.append(line)
            await asyncio.sleep(0)
        return lines

    def _stands(self, shown: int) -> bool:
        return shown == SURE or (self._sieve is not None and self._sieve.holds(shown))

    async def rows(self, lines: Sequence[Line]) -> list[Row]:
        """The objects of some lines; those that are gone meanwhile are left out."""
        targets = {number: target for _, number in lines if (target := target_of(number))}
        keys = {number: key for _, number in lines if (key := key_of(number))}
        known = self._known
        if not known:
            ids: dict[str, dict[str, None]] = {}
            for type_, id_ in (*targets.values(), *((ACCOUNT, account) for account, _ in keys.values())):
                ids.setdefault(type_, {})[id_] = None
            answers = await self._exchange.caller.request(
                *(Get(type_, [*some], PROPERTIES[type_]) for type_, some in ids.items())
            )
            found = {type_: answer["list"] for type_, answer in zip(ids, answers, strict=True)}
            known = {legacy_id(type_, it["id"]): it for type_, objects in found.items() for it in objects}
            accounts = found.get(ACCOUNT, [])
            known |= {
                key_number(it): it for it in (*foreign_keys(accounts, self._keys), *only_keys(accounts, self._keys))
            }
        return [
            (KINDS[API_KEY] if number in keys else kind_of(targets[number][0], known[number]), known[number])
            for _, number in lines
            if number in known
        ]
