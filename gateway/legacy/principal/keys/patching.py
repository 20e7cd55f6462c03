"""Changes of an API key that the state holds: its name and its secrets (mapping-principals 2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.jmap.calls import Other
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.keys.making import new_secret
from gateway.legacy.principal.keys.values import Held, verified
from gateway.legacy.principal.numbers import FIRST_KEY
from gateway.legacy.principal.values.addresses import taken
from gateway.legacy.refusals import ItemNotFound
from gateway.state import Key, KeyChanged, KeyTaken

ATTEMPTS = 3


@dataclass(slots=True, repr=False)
class KeyChange:
    """What becomes of a key: its name and its secrets afterwards, None for what stays."""

    key: Key
    name: str | None = None
    secrets: Sequence[Held] | None = None

    def __bool__(self) -> bool:
        return self.name is not None or self.secrets is not None


async def key_behind(exchange: Exchange, account: str, name: str) -> Key:
    """The key that an account stands for; ItemNotFound when somebody removed it meanwhile, StateError."""
    key = await exchange.memory.keys.of(account, certain=True)
    if key is None:
        raise ItemNotFound(name)
    return key


async def keep(exchange: Exchange, change: KeyChange) -> None:
    """Keep a change; a first secret needs a key of the new server, and a new name is told there. Refusal, StateError."""
    key, keys = change.key, exchange.memory.keys
    verifiers = None if change.secrets is None else await verified(change.secrets, exchange.settings)
    name = change.name or key.name
    secret = key.secret or (await new_secret(exchange, key.account, name) if verifiers else "")
    if change.name is not None and key.secret:
        renamed = {"accountId": key.account, "update": {FIRST_KEY: {"description": name}}}
        await exchange.caller.attempt(Other("x:ApiKey/set", "", renamed, writes=True))
    for attempt in range(ATTEMPTS):
        changed = replace(key, name=name, secret=secret, verifiers=key.verifiers if verifiers is None else verifiers)
        try:
            await keys.change(key, changed)
        except KeyTaken:
            raise taken("name", name) from None
        except KeyChanged:
            if attempt == ATTEMPTS - 1:
                raise
            # Another gateway changed something else of it: what was asked for here is put on top.
            key = await key_behind(exchange, key.account, key.name)
            name = change.name or key.name
        else:
            return
