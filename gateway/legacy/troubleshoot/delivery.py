"""A delivery tried step by step, told as it goes on (legacy-rest-api 5.3, mapping-operations 7.2, 7.3)."""

from typing import Any
from urllib.parse import quote

from gateway.jmap.calls import Object
from gateway.knowledge.query_string import number
from gateway.legacy.exchange import Exchange
from gateway.legacy.live import DROP, events

_TRIED = ("connection", "readGreeting", "ehlo", "startTls", "mailFrom", "rcptTo")
STAGES = frozenset(
    {
        *("mxLookupStart", "mxLookupSuccess", "mxLookupError"),
        *("mtaStsFetchStart", "mtaStsFetchSuccess", "mtaStsFetchError", "mtaStsNotFound", "mtaStsVerifySuccess", "mtaStsVerifyError"),
        *("tlsRptLookupStart", "tlsRptLookupSuccess", "tlsRptLookupError", "tlsRptNotFound"),
        *("deliveryAttemptStart", "tlsaLookupStart", "tlsaLookupSuccess", "tlsaNotFound", "tlsaLookupError"),
        *("ipLookupStart", "ipLookupSuccess", "ipLookupError", "daneVerifySuccess", "daneVerifyError"),
        *(step + end for step in _TRIED for end in ("Start", "Success", "Error")),
        *("quitStart", "quitCompleted", "completed"),
    }
)
"""What old clients know; one that they do not know would break their page."""

_RENAMED = {"remoteIps": "remote_ips", "remoteIp": "remote_ip"}
_SHA256 = frozenset({"1", "sha256"})


async def get_token(exchange: Exchange) -> Any:
    """Token for the stream, valid for a minute."""
    return await exchange.caller.text("/api/token/delivery")


async def try_delivery(exchange: Exchange) -> Any:
    """The stages of a delivery to a domain or an address; `timeout` are seconds per step, 30 without it."""
    target = quote(exchange.path["target"], safe="")
    if not target.strip("."):
        target = target.replace(".", "%2E")  # an element of dots alone would be taken for a way through the path
    seconds = number(exchange.query, "timeout")
    return events(exchange, f"/api/live/delivery/{target}", {"timeout": str(seconds)} if seconds else {}, old_stages)


def old_stages(name: str, value: Any) -> Any:
    """Old form of the stages of one event, which is one; events of any other name are no stages, and old clients do not listen to them."""
    if name != "event":
        return DROP
    known = [_old_stage(stage) for stage in value if stage["type"] in STAGES]
    return known or DROP


def _old_stage(stage: Object) -> Object:
    shaped = {_RENAMED.get(name, name): value for name, value in stage.items()}
    if stage["type"] == "tlsaLookupSuccess":
        record = stage["record"]
        shaped["record"] = {**record, "entries": [_old_entry(entry) for entry in record["entries"]]}
    return shaped


def _old_entry(entry: Object) -> Object:
    """A TLSA record: the new server names its way of matching, the old one told whether it is SHA-256."""
    shaped = {name: value for name, value in entry.items() if name != "matching"}
    if "matching" in entry:
        shaped["is_sha256"] = str(entry["matching"]).lower() in _SHA256
    return shaped
