"""Care of the server itself (legacy-rest-api 2.8 and 2.9, mapping-operations 10)."""

from collections.abc import Mapping
from typing import Any

from gateway.jmap.calls import Object, Set
from gateway.jmap.errors import Garbled
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, refusal
from gateway.legacy.refusals import Forbidden, InternalError
from gateway.legacy.table import Action, route
from gateway.legacy.tasks import runs_task
from gateway.legacy.vocabulary import does, refused

_ACTION = "x:Action/set"


def reloads(kind: str, subject: str) -> Action:
    """Row that puts changes in force; what is wrong with an object of the new server is told under its name, or that of the `subject`."""

    async def reload(exchange: Exchange) -> Any:
        return report(await _act(exchange, kind), subject)

    return does(reload, _ACTION)


def report(error: Object | None, subject: str) -> Mapping[str, Any]:
    """Result of a reload that failed or, for None, did not. Only the first error is known, and warnings never."""
    errors = {} if error is None else {_named(error, subject): {"type": "build", "error": error.get("description") or error["type"]}}
    return {"warnings": {}, "errors": errors}


def _named(error: Object, subject: str) -> str:
    place = error.get("objectId")
    return f"{place['object'].lower()}.{place['id']}" if place else subject


async def reload_everything(exchange: Exchange) -> Any:
    """Reload of all settings. A dry run finds nothing: the new server has checked them when they were written."""
    if exchange.query.get("dry-run"):
        return report(None, "")
    error = await _act(exchange, "ReloadSettings")
    if error is None:
        await exchange.caller.look_again()
    return report(error, "settings")


async def update_webadmin(exchange: Exchange) -> Any:
    """Have the new server fetch its own web applications (decision 24)."""
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
