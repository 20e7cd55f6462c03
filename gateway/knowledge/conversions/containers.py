"""Sets, lists and maps of the new server, which were indexed keys (mapping-settings 1.8, 6.1)."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network
from typing import Any

from gateway.knowledge.conversions.numbers import DURATION
from gateway.knowledge.conversions.texts import has_macro
from gateway.knowledge.conversions.values import Invalid, Many
from gateway.knowledge.value_forms import in_order, members

_LARGEST_PORT = 65535
_SMALLEST_PREFIX = 8
_MAILTO = "mailto:"
_PROTOCOLS = ("udp", "tcp", "tls")
_ENDPOINT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+)):([0-9]{1,5})", re.ASCII)


def _text(text: str) -> str:
    if not text:
        raise Invalid("the value is empty")
    if has_macro(text):
        raise Invalid("macros are for secrets only")
    return text


def _email(text: str) -> str:
    address = text.removeprefix(_MAILTO)
    if "@" not in address.strip("@"):
        raise Invalid("expected an address")
    return _text(address)


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise Invalid("expected an address or a network") from None
    if network.prefixlen < _SMALLEST_PREFIX:
        raise Invalid(f"a network has a prefix of {_SMALLEST_PREFIX} to {32 if isinstance(network, IPv4Network) else 128} bits")
    return text


def _endpoint(text: str) -> tuple[str, int]:
    """Address and port of `1.2.3.4:25` or `[::]:25`."""
    if match := _ENDPOINT.fullmatch(text):
        try:
            address = ip_address(match[1] or match[2])
        except ValueError:
            raise Invalid("expected an address, not a name") from None
        if isinstance(address, IPv6Address) == bool(match[1]) and int(match[3]) <= _LARGEST_PORT:
            return match[1] or match[2], int(match[3])
    raise Invalid("expected <address>:<port>")


def _listening(text: str) -> str:
    _endpoint(text)
    return text


def set_of(member: Callable[[str], str]) -> Many:
    """A set whose members are checked one by one."""
    return Many(members, lambda texts: {member(text): True for text in texts})


def _write_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Invalid("expected <name>: <value>")
        if name.strip().lower() in {known.lower() for known in headers}:
            raise Invalid("a header may stand once only")
        headers[_text(name.strip())] = _text(value.strip())
    return headers


def _read_resolver(server: dict[str, Any]) -> str:
    address = server["address"]
    host = f"[{address}]" if ":" in address else address
    return f"{server['protocol']}://{host}:{server['port']}"


def _write_resolver(text: str) -> dict[str, Any]:
    protocol, separator, rest = text.partition("://")
    if not separator or protocol not in _PROTOCOLS:
        raise Invalid("expected udp://, tcp:// or tls://, an address and a port")
    address, port = _endpoint(rest)
    return {"protocol": protocol, "address": address, "port": port}


def _numbered(values: list[Any]) -> dict[str, Any]:
    return {str(place): value for place, value in enumerate(values)}


def _write_source(text: str) -> dict[str, str]:
    try:
        return {"sourceIp": str(ip_address(text))}
    except ValueError:
        raise Invalid("expected an address") from None


def durations(standard: str) -> Many:
    """Intervals; the standard ones written in full are the new server's default, whatever they are there."""
    usual = standard.split()
    usual_values = [DURATION.write(text) for text in usual]

    def read(value: dict[str, Any]) -> list[str]:
        if value["@type"] == "Default":
            return usual
        return [str(DURATION.read(interval["duration"])) for interval in in_order(value["intervals"])]

    def write(texts: list[str]) -> dict[str, Any]:
        values = [DURATION.write(text) for text in texts]
        if values == usual_values:
            return {"@type": "Default"}
        return {"@type": "Custom", "intervals": _numbered([{"duration": value} for value in values])}

    return Many(read, write)


SET = set_of(_text)
EMAILS = set_of(_email)
NETWORKS = set_of(_network)
ENDPOINTS = set_of(_listening)
HEADERS = Many(lambda value: [f"{name}: {text}" for name, text in value.items()], _write_headers)
RESOLVERS = Many(
    lambda value: [_read_resolver(server) for server in in_order(value)],
    lambda texts: _numbered([_write_resolver(text) for text in texts]),
)
SOURCES = Many(
    lambda value: [source["sourceIp"] for source in in_order(value)],
    lambda texts: _numbered([_write_source(text) for text in texts]),
)
"""Source addresses of a connection; the host names that go with them are other keys."""
