"""What is remembered of principals (names, app passwords in password slots, strings of secrets) and settings (record ids, own keys), and the API keys of clients.

Implements `legacy.exchange.Memory`.

Everything lies in dictionaries, so that asking costs next to nothing; `durable.Memory` adds the database behind them.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cachetools import TTLCache

from gateway.state.keys import Keys
from gateway.state.names import OldName
from gateway.state.own import OwnSettings

ACCOUNT = "Account"
SLOT = "slot"
SECRETS = "secrets"
LOGIN_SECONDS = 1.0
"""How long a login may go by what was known a moment ago."""

MISSED_NAMES = 1024
_RECORD = "record "


class Entry(NamedTuple):
    """One thing that is remembered: `value` None to forget it.

    `subject` is the type of an object that has a name, `slot`, `secrets`, or `record ` and the type of an object that is a record of settings.
    """

    subject: str
    id: str
    value: str | None


Entries = Callable[[], Iterable[Entry]]
"""A change, decided by what is remembered at the moment of asking."""


class Recollection:
    """A memory that ends with the process."""

    def __init__(self, own: OwnSettings | None = None, keys: Keys | None = None) -> None:
        self.own = own or OwnSettings()
        self.keys = keys or Keys()
        self._names: dict[tuple[str, str], OldName] = {}
        self._by_name: dict[str, dict[tuple[str, str], OldName]] = {}
        self._by_address: dict[str, OldName] = {}
        self._missed: TTLCache[str, bool] = TTLCache(MISSED_NAMES, LOGIN_SECONDS)
        self._texts: dict[str, dict[str, str]] = {SLOT: {}, SECRETS: {}}

    async def at_addresses(self, addresses: Collection[str]) -> Mapping[str, OldName]:
        """Old names by own address."""
        await self._refresh()
        return {address: old for address in addresses if (old := self._by_address.get(address)) is not None}

    async def called(self, names: Collection[str]) -> Sequence[OldName]:
        """Everything that is remembered under one of the names."""
        await self._refresh()
        return [old for name in names for old in self._by_name.get(name, {}).values()]

    async def login(self, name: str) -> str | None:
        """Own address of the account that a bare name was given to, None when that is not clear."""
        if "@" in name:
            return None
        await self._refresh(for_login=True)
        if name not in self._by_name and name not in self._missed:
            # It may have been given a moment ago.
            await self._refresh()
            self._missed[name] = True
        found = [old.address for old in self._by_name.get(name, {}).values() if old.type == ACCOUNT]
        return found[0] if len(found) == 1 else None

    async def remember(self, old: OldName) -> None:
        """Remember the name of an object in place of what was remembered before; of its address, too, which nothing else can have now."""
        says_nothing = old.name == old.address and not old.implied
        value = None if says_nothing else json.dumps([old.name, old.address, old.implied], ensure_ascii=False)

        def entries() -> Iterator[Entry]:
            before = self._by_address.get(old.address)
            if before and (before.type, before.id) != (old.type, old.id):
                yield Entry(before.type, before.id, None)
            yield Entry(old.type, old.id, value)

        await self._change(entries)

    async def drop(self, stale: Collection[OldName]) -> None:
        """Forget names that do not hold any more, unless something else was remembered of the object meanwhile."""
        await self._change(
            lambda: [Entry(old.type, old.id, None) for old in stale if self._names.get((old.type, old.id)) == old]
        )

    async def forget(self, type_: str, ids: Collection[str]) -> None:
        """Forget everything about objects."""
        subjects = (type_, SLOT, SECRETS) if type_ == ACCOUNT else (type_,)
        await self._change(lambda: [Entry(subject, id_, None) for id_ in ids for subject in subjects])

    async def app_slots(self, accounts: Collection[str]) -> Mapping[str, str]:
        """Names of the app passwords that occupy password slots."""
        await self._refresh()
        return self._some(SLOT, accounts)

    async def set_app_slot(self, account: str, name: str | None) -> None:
        """Remember which app password occupies the slot of an account."""
        await self._change(lambda: [Entry(SLOT, account, name)])

    async def secrets(self, accounts: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Strings that clients wrote."""
        await self._refresh()
        opened = {id_: self._opened(id_, value) for id_, value in self._some(SECRETS, accounts).items()}
        return {id_: json.loads(text) for id_, text in opened.items() if text is not None}

    async def set_secrets(self, account: str, strings: Mapping[str, str]) -> None:
        """Remember the strings of an account in place of those before."""
        value = self._closed(account, json.dumps(dict(strings), ensure_ascii=False)) if strings else None
        await self._change(lambda: [Entry(SECRETS, account, value)])

    async def record_ids(self, types: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Old record ids by type and JMAP id."""
        await self._refresh()
        return {type_: dict(self._of(_RECORD + type_) or {}) for type_ in types}

    async def remember_records(self, type_: str, ids: Mapping[str, str]) -> None:
        """Remember old record ids by JMAP id."""
        await self._change(lambda: [Entry(_RECORD + type_, id_, name) for id_, name in ids.items()])

    async def forget_records(self, type_: str, ids: Mapping[str, str]) -> None:
        """Forget old record ids, unless something else was remembered of the object meanwhile."""
        subject = _RECORD + type_
        await self._change(
            lambda: [Entry(subject, id_, None) for id_, name in ids.items() if self._value(subject, id_) == name]
        )

    def _apply(self, entries: Iterable[Entry]) -> None:
        """Bring the dictionaries up to date."""
        for subject, id_, value in entries:
            texts = self._of(subject)
            if texts is None:
                self._name(subject, id_, value)
            elif value is None:
                texts.pop(id_, None)
            else:
                texts[id_] = value

    def _clear(self) -> None:
        """Forget what is in the dictionaries."""
        self._names.clear()
        self._by_name.clear()
        self._by_address.clear()
        for texts in self._texts.values():
            texts.clear()

    async def _refresh(self, *, for_login: bool = False) -> None:
        """Learn what others remembered; `for_login` a little later will do."""

    async def _write(self, entries: Entries) -> None:
        """Make a change known and lasting, and apply it; what it is, is decided when nobody else can make one."""
        self._apply(self._news(entries))

    def _closed(self, _account: str, text: str) -> str | None:
        """How strings are kept, None when they are not to be."""
        return text

    def _opened(self, _account: str, value: str) -> str | None:
        """Strings again as they were, None when they cannot be read."""
        return value

    def _some(self, subject: str, ids: Collection[str]) -> dict[str, str]:
        texts = self._texts[subject]
        return {id_: texts[id_] for id_ in ids if id_ in texts} if texts else {}

    async def _change(self, entries: Entries) -> None:
        """Write what is not remembered like that already; `entries` may depend on what is."""
        await self._refresh()
        if self._news(entries):
            await self._write(entries)

    def _news(self, entries: Entries) -> list[Entry]:
        return [entry for entry in entries() if self._value(entry.subject, entry.id) != entry.value]

    def _of(self, subject: str) -> dict[str, str] | None:
        """Texts by id; None for the type of an object that has a name."""
        return self._texts.setdefault(subject, {}) if subject.startswith(_RECORD) else self._texts.get(subject)

    def _value(self, subject: str, id_: str) -> str | None:
        texts = self._of(subject)
        if texts is not None:
            return texts.get(id_)
        old = self._names.get((subject, id_))
        return None if old is None else json.dumps([old.name, old.address, old.implied], ensure_ascii=False)

    def _name(self, type_: str, id_: str, value: str | None) -> None:
        key = type_, id_
        before = self._names.pop(key, None)
        if before is not None:
            same = self._by_name[before.name]
            del same[key]
            if not same:
                del self._by_name[before.name]
            if self._by_address.get(before.address) == before:
                del self._by_address[before.address]
        if value is not None:
            old = OldName(type_, id_, *json.loads(value))
            self._names[key] = self._by_name.setdefault(old.name, {})[key] = self._by_address[old.address] = old
