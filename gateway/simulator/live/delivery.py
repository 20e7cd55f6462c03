"""A delivery that is tried step by step, up to the point where mail would be sent (recordings `telemetry.delivery`)."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import unquote

from gateway.simulator.errors import Object
from gateway.simulator.mail.surroundings import (
    CONNECTION_REFUSED,
    NOT_FOUND,
    SERVER_FAILURE,
    ConnectionRefused,
    NameFailure,
    NameNotFound,
    Surroundings,
)

PREFERENCE = 10
BOGUS_TLSA = "Bogus TLSA record"
NO_TLS = "STARTTLS not advertised by host"

_NO_NAME = re.compile(r"[^A-Za-z0-9._*-]")


async def delivery(target: str, surroundings: Surroundings) -> AsyncIterator[tuple[str, Any]]:
    """The stages for a domain or an address, which is a raw path element."""
    for stage in _stages(unquote(target).rpartition("@")[2].lower(), surroundings):
        yield "event", [stage]
    yield "event", [{"type": "completed"}]


def _stages(domain: str, surroundings: Surroundings) -> Iterator[Object]:
    yield {"type": "mxLookupStart", "domain": domain}
    try:
        host = _exchanger(domain, surroundings)
    except LookupError as error:
        yield {"type": "mxLookupError", "reason": str(error), "elapsed": 0}
        return
    yield {"type": "mxLookupSuccess", "mxs": [{"exchanges": [f"{host}."], "preference": PREFERENCE}], "elapsed": 0}
    yield {"type": "mtaStsFetchStart"}
    yield {"type": "mtaStsNotFound", "elapsed": 0}
    yield {"type": "tlsRptLookupStart"}
    record = surroundings.text(f"_smtp._tls.{domain}")
    yield {"type": "tlsRptNotFound", "elapsed": 0} if record is None else {"type": "tlsRptLookupSuccess", "rua": _addresses(record), "elapsed": 0}
    yield {"type": "deliveryAttemptStart", "hostname": host}
    yield {"type": "tlsaLookupStart"}
    yield {"type": "tlsaLookupError", "elapsed": 0, "reason": BOGUS_TLSA}
    yield {"type": "ipLookupStart"}
    address = surroundings.address(host)
    yield {"type": "ipLookupSuccess", "remoteIps": [address], "elapsed": 0}
    yield {"type": "connectionStart", "remoteIp": address}
    try:
        surroundings.answer(host, "")
    except ConnectionRefused:
        yield {"type": "connectionError", "elapsed": 0, "reason": CONNECTION_REFUSED}
        return
    yield {"type": "connectionSuccess", "elapsed": 0}
    for step in ("readGreeting", "ehlo"):
        yield {"type": f"{step}Start"}
        yield {"type": f"{step}Success", "elapsed": 0}
    yield {"type": "startTlsStart"}
    yield {"type": "startTlsError", "elapsed": 0, "reason": NO_TLS}


def _exchanger(domain: str, surroundings: Surroundings) -> str:
    """Mail host of a domain; LookupError with the reason."""
    strange = _NO_NAME.search(domain)
    if strange:
        raise LookupError(f"DNS resolution error: unrecognized char: {strange[0]}")
    try:
        return surroundings.exchanger(domain)
    except NameNotFound:
        raise LookupError(NOT_FOUND) from None
    except NameFailure:
        raise LookupError(SERVER_FAILURE) from None


def _addresses(record: str) -> list[Object]:
    """Where reports on TLS go: the `rua` of a record."""
    rua = next((part.strip()[4:] for part in record.split(";") if part.strip().startswith("rua=")), "")
    return [
        {"type": "mail", "email": address.removeprefix("mailto:")} if address.startswith("mailto:") else {"type": "http", "url": address}
        for address in rua.split(",")
    ]
