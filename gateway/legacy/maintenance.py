"""Care of the server itself (legacy-rest-api 2.8 and 2.9, mapping-operations 10)."""

from collections.abc import Mapping
from typing import Any

from gateway.jmap.calls import Object, Set
from gateway.jmap.errors import Garbled
from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, refusal
from gateway.legacy.refusals import Forbidden, InternalError
from gateway.legacy.settings.remembered import RECORD_KEYS
from gateway.legacy.table import Action, route
from gateway.legacy.tasks import runs_task
from gateway.legacy.vocabulary import does, refused

_ACTION = "x:Action/set"


def reloads(kind: str, subject: str) -> Action:
    """Row that puts changes in force; what is wrong with an object of the new server is told under its name, or that of the `subject`."""

    async def reload(exchange: Exchange) -> Any:
        return await _told(exchange, await _act(exchange, kind), subject)

    return does(reload, _ACTION)


def report(errors: Mapping[str, str]) -> Object:
    """Result of a reload, with what is wrong by the name of the object."""
    return {"warnings": {}, "errors": {name: {"type": "build", "error": text} for name, text in errors.items()}}


async def _told(exchange: Exchange, error: Object | None, subject: str) -> Object:
    """Result of a reload that failed or, for None, did not. Only the first error is known, and warnings never."""
    if error is None:
        return report({})
    return report({await _name(exchange, error.get("objectId"), subject): error.get("description") or error["type"]})


async def _name(exchange: Exchange, place: Object | None, subject: str) -> str:
    """Settings key of the record that an object is, when a client gave it its id; else its type and its own id."""
    if place is None:
        return subject
    type_, id_ = place["object"], place["id"]
    known = (await exchange.memory.record_ids([type_]))[type_].get(id_)
    return f"{type_.lower()}.{id_}" if known is None else RECORD_KEYS[type_].replace("<id>", known)


async def reload_everything(exchange: Exchange) -> Any:
    """Reload of all settings. A dry run finds nothing: the new server has checked them when they were written."""
    if exchange.query.get("dry-run"):
        return report({})
    error = await _act(exchange, "ReloadSettings")
    if error is None:
        await exchange.caller.look_again()
    return await _told(exchange, error, "settings")


async def update_webadmin(exchange: Exchange) -> Any:
    """Read the bundle of the old WebAdmin again; where none is served, have the new server fetch its own web applications (decision 24)."""
    if exchange.update_webadmin is not None:
        # Nothing of this reaches the new server, which else would have refused.
        if not holds("webadmin-update", (await exchange.caller.account()).permissions):
            raise Forbidden
        await exchange.update_webadmin()
        return None
    if await _act(exchange, "UpdateApps") is not None:
        raise InternalError
    return None


async def _act(exchange: Exchange, kind: str) -> Object | None:
    """Carry out a command of the new server; None, or what it says against it. Forbidden for a caller who may not."""
    (answer,) = await exchange.caller.request(Set("Action", create={"a": {"@type": kind}}))
    if "a" in answer.get("created", ()):
        return None
    error = failures(answer, "created").get("a")
    if error is None:
        raise Garbled("the answer does not say whether a command was carried out")
    if isinstance(refusal(error), Forbidden):
        raise Forbidden
    return error


ROUTES = (
    route("reload", does(reload_everything, _ACTION)),
    route("reloadLookups", reloads("ReloadLookupStores", "lookup")),
    route("reloadCertificates", reloads("ReloadTlsCertificates", "certificate")),
    route("reloadBlockedIps", reloads("ReloadBlockedIps", "server.blocked-ip")),
    route("updateSpamFilter", runs_task("SpamFilterMaintenance", maintenanceType="updateRules")),
    route("updateWebadmin", does(update_webadmin, _ACTION)),
    route("restart", refused("Restart is not yet supported")),
)
