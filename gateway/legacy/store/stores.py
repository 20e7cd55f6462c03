"""Purges of the stores: what each class of keys has become on the new server (mapping-operations 5.2, 5.3, legacy-rest-api 2.12)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import NotFound, Unsupported
from gateway.legacy.table import Action
from gateway.legacy.tasks import start

EXPIRED_KEYS = ("StoreMaintenance", "purgeData")


@dataclass(frozen=True, slots=True)
class Class:
    """A class of keys in the in-memory store.

    `task` (type, kind of maintenance) deletes them, `broader` deletes them and others, which the settings must allow; None: nothing does.
    `refusal` is what is said instead. `gone` marks the classes that v0.15 did not know any more.
    """

    task: tuple[str, str] | None = None
    broader: tuple[str, str] | None = None
    refusal: str = "This server has no way to delete keys of this kind"
    gone: bool = False


_RATES = Class(broader=("StoreMaintenance", "resetRateLimiters"), refusal="This server can only reset all rate limiters at once")
_TOKENS = Class(broader=("StoreMaintenance", "removeAuthTokens"), refusal="This server can only delete the tokens of ACME and OAuth together")
_NO_MODEL = Class(refusal="Per-account spam classifier models do not exist on this server", gone=True)

CLASSES: Mapping[str, Class] = {
    "greylist": Class(("StoreMaintenance", "removeGreylist")),
    "lock-queue-message": Class(("StoreMaintenance", "removeLockQueueMessage")),
    "lock-email-task": Class(("StoreMaintenance", "removeLockTask")),
    "acme": _TOKENS,
    "oauth": _TOKENS,
    "rate-rcpt": _RATES,
    "rate-scan": _RATES,
    "rate-loiter": _RATES,
    "rate-auth": _RATES,
    "rate-smtp": _RATES,
    "rate-contact": _RATES,
    "rate-http-authenticated": _RATES,
    "rate-http-anonymous": _RATES,
    "rate-imap": _RATES,
    "rate-hash": replace(_RATES, gone=True),
    "lock-purge-account": Class(),
    "lock-queue-report": Class(),
    "lock-housekeeper": Class(),
    "bayes-global": Class(("SpamFilterMaintenance", "reset"), gone=True),
    "bayes-account": _NO_MODEL,
    "reputation-ip": Class(gone=True),
    "reputation-from": Class(gone=True),
    "reputation-domain": Class(gone=True),
    "reputation-asn": Class(gone=True),
    "trusted-reply": Class(gone=True),
}


def of_known_store(action: Action) -> Action:
    """The row behind the look at the id of a store: NotFound unless it stands for the one that there is."""

    async def run(exchange: Exchange) -> Any:
        if exchange.path["store"] not in exchange.settings.store_aliases:
            raise NotFound
        return await action.handle(exchange)

    return replace(action, handle=run)


def purges_keys() -> Action:
    """Row that deletes all keys of a class; of one that the old server did not know it dropped only what had expired."""

    async def purge(exchange: Exchange) -> Any:
        kind, maintenance = _task(exchange)
        await start(exchange, kind, maintenanceType=maintenance)

    kinds = sorted({task[0] for known in CLASSES.values() for task in (known.task, known.broader) if task})
    return Action(purge, tuple(f"x:Task/set {kind}" for kind in kinds), changes=True)


def _task(exchange: Exchange) -> tuple[str, str]:
    known = CLASSES.get(exchange.path["prefix"])
    if known is None or (known.gone and exchange.settings.legacy_version == "0.15"):
        return EXPIRED_KEYS
    task = known.task or (known.broader if exchange.settings.allow_broader_purge else None)
    if task is None:
        raise Unsupported(known.refusal)
    return task
