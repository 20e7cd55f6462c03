"""Record ids of the old settings for objects of the new server (mapping-settings 4)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from gateway.jmap.calls import Object
from gateway.knowledge.value_forms import members

Snapshot = Mapping[str, Sequence[Object]]
"""Objects by type, a singleton as a list of one."""

Ids = Mapping[str, str]
"""Old record id by JMAP id."""

_NAMED = {
    "AiModel": "name",
    "AllowedIp": "address",
    "BlockedIp": "address",
    "EventTracingLevel": "event",
    "HttpLookup": "namespace",
    "MtaConnectionStrategy": "name",
    "MtaDeliverySchedule": "name",
    "MtaRoute": "name",
    "MtaTlsStrategy": "name",
    "MtaVirtualQueue": "name",
    "NetworkListener": "name",
    "SieveSystemScript": "name",
    "SieveUserScript": "name",
    "SpamDnsblServer": "name",
    "SpamFileExtension": "extension",
    "SpamRule": "name",
    "SpamTag": "tag",
}
_LOWER = frozenset({"SpamDnsblServer", "SpamRule"})
_ADDRESSES = frozenset({"AllowedIp", "BlockedIp"})

_USUAL = {
    "MtaInboundThrottle": {"Sender IP throttle": "ip", "Sender address to recipient throttle": "sender"},
    "MtaOutboundThrottle": {},
    "MtaQueueQuota": {"Global queue quota": "size"},
    "Directory": {},
}
"""Types whose id is the slug of a description, and the old names of the objects that every installation has."""

_TRACERS = {"Log": "log", "Stdout": "stdout", "Journal": "journal", "OtelHttp": "otel", "OtelGrpc": "otel"}
_ALGORITHMS = {"Dkim1RsaSha256": "rsa", "Dkim1Ed25519Sha256": "ed25519"}
_LETSENCRYPT = "acme-v02.api.letsencrypt.org"
_STRANGE = re.compile(r"[^A-Za-z0-9._@:-]")
_STRANGE_RUN = re.compile(r"[^a-z0-9._-]+")


def record_ids(type_: str, snapshot: Snapshot, remembered: Ids | None = None) -> Ids:
    """Ids of all records of a type; what the gateway remembers goes before names that are derived."""
    objects = [it for it in snapshot.get(type_, ()) if shown(type_, it)]
    if type_ in _NAMED:
        named = {it["id"]: str(it[_NAMED[type_]]) for it in objects}
        return {key: name.lower() for key, name in named.items()} if type_ in _LOWER else named
    kept = remembered or {}
    derived = _derived(type_, [it for it in objects if it["id"] not in kept], snapshot)
    ids: dict[str, str] = {it["id"]: kept[it["id"]] for it in objects if it["id"] in kept}
    taken = set(ids.values())
    for it in sorted(objects, key=lambda it: (len(it["id"]), it["id"])):
        if it["id"] not in ids:
            name = derived[it["id"]]
            ids[it["id"]] = f"{name}-{it['id']}" if name in taken else name
            taken.add(ids[it["id"]])
    return ids


def shown(type_: str, it: Object) -> bool:
    """Whether the old settings have a record for an object: not for the signatures of a newer standard."""
    return type_ != "DkimSignature" or it["@type"] in _ALGORITHMS


def named_by(type_: str) -> str | None:
    """Property that holds the record id of a type, or the text that it is made of; None where nothing does."""
    return _NAMED.get(type_) or ("description" if type_ in _USUAL else None)


def spelled(type_: str, record: str) -> str:
    """Record id as it is listed: some are stored in one case only, addresses have one canonical text."""
    if type_ in _LOWER or type_ == "SpamFileExtension":
        return record.lower()
    if type_ == "SpamTag":
        return record.upper()
    if type_ in _ADDRESSES:
        return _address(record)
    return record


def _address(text: str) -> str:
    """An address or network as the new server writes it: bits behind the prefix stay, a prefix of all bits does not (jmap-management-api 2.2)."""
    host, slash, prefix = text.partition("/")
    try:
        address = ip_address(host)
    except ValueError:
        return text
    return str(address) if prefix == str(address.max_prefixlen) else f"{address}{slash}{prefix}"


def is_address(text: str) -> bool:
    """Whether a record id is an address or a network."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def slug(text: str) -> str:
    """Description as record id (mapping-settings 4.4)."""
    return _STRANGE_RUN.sub("-", text.lower()).strip("-")


def _derived(type_: str, objects: Sequence[Object], snapshot: Snapshot) -> dict[str, str]:
    if type_ == "DkimSignature":
        return _signatures(objects, snapshot)
    name = _BASES[type_](snapshot)
    return {it["id"]: _STRANGE.sub("-", name(it)) for it in objects}


def _signatures(objects: Iterable[Object], snapshot: Snapshot) -> dict[str, str]:
    domains = {it["id"]: it["name"] for it in snapshot.get("Domain", ())}
    bases = {it["id"]: f"{_ALGORITHMS[it['@type']]}-{domains.get(it['domainId'], it['domainId'])}" for it in objects}
    count = Counter(bases.values())
    return {
        it["id"]: _STRANGE.sub("-", base if count[base] == 1 else f"{base}-{it['selector']}")
        for it in objects
        for base in (bases[it["id"]],)
    }


def _certificate(snapshot: Snapshot) -> Callable[[Object], str]:
    default = next((it.get("defaultCertificateId") for it in snapshot.get("SystemSettings", ())), None)

    def name(it: Object) -> str:
        if it["id"] == default:
            return "default"
        subjects = sorted(members(it.get("subjectAlternativeNames") or {}), key=str.encode)
        return subjects[0].lower().replace("*", "_") if subjects else f"certificate-{it['id']}"

    return name


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _provider(it: Object) -> str:
    host = _host(it["directory"])
    return "letsencrypt" if host == _LETSENCRYPT else host


def _described(type_: str) -> Callable[[Object], str]:
    def name(it: Object) -> str:
        text = it.get("description")
        fallback = f"{'quota' if type_ == 'MtaQueueQuota' else type_.lower()}-{it['id']}"
        return _USUAL[type_].get(text or "") or slug(text or "") or fallback

    return name


_BASES: Mapping[str, Callable[[Snapshot], Callable[[Object], str]]] = {
    "AcmeProvider": lambda _snapshot: _provider,
    "Alert": lambda _snapshot: lambda it: f"alert-{it['id']}",
    "Certificate": _certificate,
    "MtaHook": lambda _snapshot: lambda it: _host(it["url"]),
    "MtaMilter": lambda _snapshot: lambda it: f"{it['hostname']}-{it['port']}",
    "Tracer": lambda _snapshot: lambda it: _TRACERS.get(it["@type"], it["@type"].lower()),
    "WebHook": lambda _snapshot: lambda it: _host(it["url"]),
    "Directory": lambda _snapshot: _described("Directory"),
    "MtaInboundThrottle": lambda _snapshot: _described("MtaInboundThrottle"),
    "MtaOutboundThrottle": lambda _snapshot: _described("MtaOutboundThrottle"),
    "MtaQueueQuota": lambda _snapshot: _described("MtaQueueQuota"),
}

DERIVED = frozenset({*_BASES, "DkimSignature"})
"""Types whose record ids are derived, unless the gateway remembers others."""

COLLECTIONS = frozenset({*_NAMED, *DERIVED, "Domain", "MemoryLookupKey", "MemoryLookupKeyValue", "StoreLookup"})
"""Types of which there are several objects; of all others there is one."""
