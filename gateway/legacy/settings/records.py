"""What one row of the settings map yields for the objects of the new server: old keys and their texts (mapping-settings 3.3, 3.5)."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import Many, Scalar, Variant, conversion, read_auth
from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.knowledge.expressions import read as read_expression
from gateway.knowledge.settings_map import Row
from gateway.knowledge.value_forms import in_order, members
from gateway.legacy.settings.naming import COLLECTIONS, Ids, Snapshot, shown
from gateway.legacy.settings.stores import DATA, reference, stores

Texts = Iterator[tuple[str, str]]
Named = Mapping[str, Ids]
"""Record ids by type."""

_log = logging.getLogger(__name__)

_ABSENT = object()
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What conversions raise for values of a form that the new server did not have when they were written."""

_WHOLE = frozenset({"file-ext", "score-action"})
_METRIC = re.compile(r"metric\(\s*(['\"])(?P<name>[^'\"]*)\1\s*\)", re.ASCII)
_SIGNS = re.compile(r"[^a-z0-9]", re.ASCII)

# What the old pages took for switched on: any of these properties differs from what a new listener has.
_LISTENER_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "proxy.override": {"overrideProxyTrustedNetworks": {}},
    "socket.override": {
        "socketBacklog": 1024,
        "socketNoDelay": True,
        "socketReceiveBufferSize": None,
        "socketReuseAddress": True,
        "socketReusePort": True,
        "socketSendBufferSize": None,
        "socketTosV4": None,
        "socketTtl": None,
    },
    "tls.override": {"tlsDisableCipherSuites": {}, "tlsDisableProtocols": {}, "tlsIgnoreClientOrder": True, "tlsTimeout": 60000},
}

# Rows of stores whose property has another meaning in another kind of store.
_ONLY_IN = {"store.<id>.access-key": "S3", "store.<id>.azure-access-key": "Azure"}


def texts_of(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    """Keys and texts of a row; nothing for rows without counterpart and properties that the stored variant lacks."""
    if row.direction == "none" or row.is_record:
        return
    if special := _SPECIAL.get(row.pattern) or _SPECIAL_FORMS.get(row.word):
        yield from _as_far_as_known(row, lambda: special(row, snapshot, named))
    elif row.pattern.startswith("store.<id>."):
        for store in stores(snapshot):
            if store.type in row.objects and _ONLY_IN.get(row.pattern, store.value["@type"]) == store.value["@type"]:
                yield from value_texts(row, _base(row, store.id), store.value, snapshot, named)
    else:
        yield from _of_objects(row, snapshot, named)


def _of_objects(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    (type_,) = row.objects
    for it in snapshot.get(type_, ()):
        if "<id>" not in row.base:
            yield from value_texts(row, row.base, it, snapshot, named)
        elif "<id>" in row.pointer:
            before, _, after = row.pointer.partition("/<id>")
            parts = _at(it, before)
            for name in parts if isinstance(parts, dict) else ():
                yield from value_texts(row, _base(row, name), it, snapshot, named, pointer=f"{before}/{name}{after}")
        elif type_ in COLLECTIONS and shown(type_, it):
            yield from value_texts(row, _base(row, named[type_][it["id"]]), it, snapshot, named)


def value_texts(row: Row, base: str, it: Object, snapshot: Snapshot, named: Named, *, pointer: str | None = None) -> Texts:
    """Keys and texts of one property of an object."""
    return _as_far_as_known(row, lambda: _value_texts(row, base, it, snapshot, named, pointer=pointer or row.pointer))


def _as_far_as_known(row: Row, texts: Callable[[], Iterable[tuple[str, str]]]) -> Texts:
    """The texts, or none where another version of the new server has something else than this gateway knows: the rest of a page is still shown."""
    try:
        return iter(list(texts()))
    except _UNREADABLE as error:
        _log.warning("%s is not shown: the new server has a value of an unknown form (%s)", row.pattern, type(error).__name__)
        return iter(())


def _value_texts(row: Row, base: str, it: Object, snapshot: Snapshot, named: Named, *, pointer: str) -> Texts:
    codec = conversion(row.form)
    if row.word in _WHOLE:
        value: Any = it
    elif pointer.endswith("/@type") or row.word == "http-auth":
        value = _at(it, pointer.rpartition("/")[0])
    else:
        value = _at(it, pointer.removesuffix("/<n>/sourceIp"))
    if value is _ABSENT:
        return
    if value is None:
        if row.null is not None:
            yield base, row.null
    elif isinstance(codec, Many):
        yield from indexed(base, codec.read(value))
    elif isinstance(codec, Scalar | Variant):
        if (text := codec.read(value)) is not None:
            yield base, text
    else:
        yield from _IN_CONTEXT[row.word](row, base, value, snapshot, named)


def indexed(base: str, texts: list[str]) -> Texts:
    """Keys of a list: a single element stands under the key itself (mapping-settings 1.8)."""
    if len(texts) == 1:
        yield base, texts[0]
    else:
        width = len(str(len(texts) - 1))
        yield from ((f"{base}.{place:0{width}}", text) for place, text in enumerate(texts))


def _at(it: Object, pointer: str) -> Any:
    value: Any = it
    for element in pointer.split("/")[1:]:
        if not isinstance(value, dict) or element not in value:
            return _ABSENT
        value = value[element]
    return value


def _base(row: Row, name: str) -> str:
    return row.base.replace("<id>", name)


def _one(base: str, text: str | None) -> Texts:
    if text is not None:
        yield base, text


# Forms whose text depends on more than the value.


def _expression(row: Row, base: str, value: Any, _snapshot: Snapshot, _named: Named) -> Texts:
    for rest, text in read_expression(row.form, value).items():
        yield f"{base}.{rest}" if rest else base, text


def _auth(row: Row, base: str, value: Any, _snapshot: Snapshot, _named: Named) -> Texts:
    return _one(base, read_auth(row.pointer.rpartition("/")[2], value))


def _reference(row: Row, base: str, value: Any, snapshot: Snapshot, named: Named) -> Texts:
    type_, _, member = row.form.removeprefix("id-ref(x:").removesuffix(")").partition("/")
    if type_ in named and member == "description":
        return _one(base, named[type_].get(value))
    return _one(base, next((it[member] for it in snapshot.get(type_, ()) if it["id"] == value), None))


def _metrics(_row: Row, base: str, value: Any, _snapshot: Snapshot, _named: Named) -> Texts:
    for rest, text in read_expression("expression", value).items():
        yield f"{base}.{rest}" if rest else base, _METRIC.sub(lambda match: _SIGNS.sub("_", match["name"]), text)


_IN_CONTEXT: Mapping[str, Callable[[Row, str, Any, Snapshot, Named], Texts]] = {
    "expression": _expression,
    "expression-sign": _expression,
    "expression-single": _expression,
    "http-auth": _auth,
    "id-ref": _reference,
    "metric-expression": _metrics,
}


# Rows that are computed.


def _event_sets(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    """Events under their own policy as they are; a web hook that names what it leaves out reads as all others, a tracer as nothing."""
    (type_,) = row.objects
    policy, every = ("metricsPolicy", METRICS) if type_ == "Metrics" else ("eventsPolicy", EVENTS)
    usual = "include" if type_ == "WebHook" else "exclude"
    for it in snapshot.get(type_, ()):
        base = _base(row, named[type_][it["id"]]) if type_ in COLLECTIONS else row.base
        held = members(it.get(row.pointer[1:]) or {})
        if it.get(policy, usual) == usual:
            yield from indexed(base, held)
        elif type_ != "Tracer":
            yield from indexed(base, [name for name in every if name not in held])


def _switches(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    usual = _LISTENER_DEFAULTS[row.tail.removeprefix(".")]
    for it in snapshot.get("NetworkListener", ()):
        differs = any(it.get(name, value) != value for name, value in usual.items())
        yield _base(row, named["NetworkListener"][it["id"]]), "true" if differs else "false"


def _existing(row: Row, _snapshot: Snapshot, named: Named) -> Texts:
    (type_,) = row.objects
    return ((_base(row, name), "") for name in named[type_].values())


def _lookups(_row: Row, snapshot: Snapshot, _named: Named) -> Texts:
    for type_ in ("MemoryLookupKey", "MemoryLookupKeyValue"):
        for it in snapshot.get(type_, ()):
            yield f"lookup.{it['namespace']}.{it['key']}", it.get("value", "")


def _roles(row: Row, snapshot: Snapshot, _named: Named) -> Texts:
    (type_,) = row.objects
    return _one(row.base, reference(type_, snapshot))


def _default_certificate(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    chosen = next((it.get("defaultCertificateId") for it in snapshot.get("SystemSettings", ())), None)
    for key, name in named["Certificate"].items():
        yield _base(row, name), "true" if key == chosen else "false"


def _names_of_certificates(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    """Host names for which an ACME provider is asked, collected from the domains that use it."""
    for key, name in named["AcmeProvider"].items():
        hosts: list[str] = []
        for domain in snapshot.get("Domain", ()):
            managed = domain.get("certificateManagement") or {}
            if managed.get("acmeProviderId") == key:
                labels = members(managed.get("subjectAlternativeNames") or {})
                apex = domain["name"]
                hosts += [label if label == apex else f"{label}.{apex}" for label in labels] or [apex]
        if hosts:
            yield from indexed(_base(row, name), hosts)


def _default_domain(snapshot: Snapshot) -> str | None:
    chosen = next((it.get("defaultDomainId") for it in snapshot.get("SystemSettings", ())), None)
    return next((it["name"] for it in snapshot.get("Domain", ()) if it["id"] == chosen), None)


def _report_domain(row: Row, snapshot: Snapshot, _named: Named) -> Texts:
    for it in snapshot.get("ReportSettings", ()):
        yield from _one(row.base, it.get("outboundReportDomain") or _default_domain(snapshot))


def _directory(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    for it in snapshot.get("Authentication", ()):
        yield from _one(row.base, "internal" if it.get("directoryId") is None else named["Directory"].get(it["directoryId"]))


def _directory_types(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    yield "directory.internal.type", "internal"
    yield from _of_objects(row, snapshot, named)


def _directory_stores(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    yield "directory.internal.store", DATA
    for it in snapshot.get("Directory", ()):
        if it["@type"] == "Sql" and it["store"]["@type"] == "Default":
            yield _base(row, named["Directory"][it["id"]]), DATA


def _queries(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    """SQL queries stood with the store; the first directory that uses the data store tells them."""
    for it in snapshot.get("Directory", ()):
        if it["@type"] == "Sql" and it["store"]["@type"] == "Default":
            yield from value_texts(row, _base(row, DATA), it, snapshot, named)
            return


def _compression(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    if (name := reference("BlobStore", snapshot)) is not None:
        for it in snapshot.get("Email", ()):
            yield from value_texts(row, _base(row, name), it, snapshot, named)


def _cleaning(row: Row, snapshot: Snapshot, named: Named) -> Texts:
    for it in snapshot.get("DataRetention", ()):
        yield from value_texts(row, _base(row, DATA), it, snapshot, named)
        if reference("BlobStore", snapshot) != DATA:
            yield from value_texts(row, _base(row, "blob"), it, snapshot, named, pointer="/blobCleanupSchedule")


def _store_addresses(row: Row, snapshot: Snapshot, _named: Named) -> Texts:
    """Addresses of a store; one that has a single address stood in the same list."""
    for store in stores(snapshot):
        if store.type in row.objects:
            if "urls" in store.value:
                yield from indexed(_base(row, store.id), members(store.value["urls"]))
            elif "url" in store.value:
                yield _base(row, store.id), store.value["url"]


def _greetings(row: Row, snapshot: Snapshot, _named: Named) -> Texts:
    """Host name of each source address: the first that a connection strategy has for it."""
    names: dict[str, str] = {}
    for it in snapshot.get("MtaConnectionStrategy", ()):
        for source in in_order(it.get("sourceIps") or {}):
            if source.get("ehloHostname"):
                names.setdefault(source["sourceIp"], source["ehloHostname"])
    return ((_base(row, address), name) for address, name in names.items())


_Special = Callable[[Row, Snapshot, Named], Iterable[tuple[str, str]]]

_SPECIAL: Mapping[str, _Special] = {
    "directory.<id>.store": _directory_stores,
    "directory.<id>.type": _directory_types,
    "queue.source-ip.<id>.ehlo-hostname": _greetings,
    "report.domain": _report_domain,
    "storage.directory": _directory,
    "store.<id>.compression": _compression,
    "store.<id>.purge.frequency": _cleaning,
    "store.<id>.urls.<n>": _store_addresses,
    **{f"store.<id>.query.{name}": _queries for name in ("emails", "members", "name", "recipients")},
}

_SPECIAL_FORMS: Mapping[str, _Special] = {
    "event-set": _event_sets,
    "id-ref-bool": _default_certificate,
    "key-exists": _existing,
    "lookup-value": _lookups,
    "metric-set": _event_sets,
    "san-list": _names_of_certificates,
    "store-ref": _roles,
    "ui-flag": _switches,
}
