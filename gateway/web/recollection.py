"""What is remembered of principals while the process runs; implements `legacy.exchange.Memory`."""

from collections.abc import Collection, Mapping, Sequence

from gateway.legacy.exchange import OldName

ACCOUNT = "Account"


class Recollection:
    """A memory that ends with the process."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], OldName] = {}
        self._by_address: dict[str, OldName] = {}
        self._by_name: dict[str, dict[tuple[str, str], OldName]] = {}
        self._slots: dict[str, str] = {}
        self._secrets: dict[str, Mapping[str, str]] = {}

    async def at_addresses(self, addresses: Collection[str]) -> Mapping[str, OldName]:
        """Old names by own address."""
        return {address: self._by_address[address] for address in addresses if address in self._by_address}

    async def called(self, names: Collection[str]) -> Sequence[OldName]:
        """Everything that is remembered under one of the names."""
        return [old for name in set(names) for old in self._by_name.get(name, {}).values()]

    async def remember(self, old: OldName) -> None:
        """Remember the name of an object."""
        key = old.type, old.id
        self._drop(key)
        self._names[key] = self._by_address[old.address] = old
        self._by_name.setdefault(old.name, {})[key] = old

    async def forget(self, type_: str, ids: Collection[str]) -> None:
        """Forget everything about objects."""
        for id_ in ids:
            self._drop((type_, id_))
            if type_ == ACCOUNT:
                self._slots.pop(id_, None)
                self._secrets.pop(id_, None)

    def _drop(self, key: tuple[str, str]) -> None:
        old = self._names.pop(key, None)
        if old is None:
            return
        if self._by_address.get(old.address) is old:
            del self._by_address[old.address]
        same = self._by_name[old.name]
        del same[key]
        if not same:
            del self._by_name[old.name]

    async def app_slots(self, accounts: Collection[str]) -> Mapping[str, str]:
        """Names of the app passwords that occupy password slots."""
        return {id_: self._slots[id_] for id_ in accounts if id_ in self._slots}

    async def set_app_slot(self, account: str, name: str | None) -> None:
        """Remember which app password occupies the slot of an account."""
        if name is None:
            self._slots.pop(account, None)
        else:
            self._slots[account] = name

    async def secrets(self, accounts: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Strings that clients wrote."""
        return {id_: self._secrets[id_] for id_ in accounts if id_ in self._secrets}

    async def set_secrets(self, account: str, strings: Mapping[str, str]) -> None:
        """Remember the strings of an account."""
        self._secrets[account] = dict(strings)
