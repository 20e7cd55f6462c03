"""Keys that name other records, and keys that are kept as a reference in other objects (mapping-settings 4, 5.5, 6.1)."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from gateway.jmap.calls import Object
from gateway.knowledge.settings_map import Row
from gateway.knowledge.value_forms import in_order, members
from gateway.legacy.refusals import ItemNotFound
from gateway.legacy.settings.writing.macros import resolved
from gateway.legacy.settings.writing.target import Context, Given, InvalidValue, Update

_SINGLETON = "singleton"
_INTERNAL = "internal"
_MANAGEMENT = "certificateManagement"
_MANUAL = {"@type": "Manual"}


def identified(row: Row, text: str, context: Context) -> str | None:
    """Id of the record that a text names, a reference when the batch creates it; ItemNotFound when there is none."""
    if row.pattern == "storage.directory" and text == _INTERNAL:
        return None
    type_, _, member = row.form.removeprefix("id-ref(x:").removesuffix(")").partition("/")
    name = text.lower() if type_ == "Domain" else text
    if (created := context.created.get((type_, name))) is not None:
        return created
    if member == "description":
        found = next((id_ for id_, record in context.named.get(type_, {}).items() if record == name), None)
    else:
        found = next((str(it["id"]) for it in context.snapshot.get(type_, ()) if it[member] == name), None)
    if found is None:
        raise ItemNotFound(text)
    return found


def effects(row: Row, key: str, record: str, context: Context, *, before: Given, given: Given) -> list[Update]:
    """What a key changes in objects other than that of its record; nothing for keys that are kept in place.

    `given` is None for a key, or a whole record, that is taken away.
    """
    effect = _EFFECTS.get(row.pattern)
    return list(effect(_Change(key, record, before, given, context))) if effect else []


class _Change(NamedTuple):
    key: str
    record: str
    before: Given
    given: Given
    context: Context

    def resolved(self, text: str) -> str:
        return resolved("string", self.key, text, self.context.after)


def _default_certificate(change: _Change) -> Iterator[Update]:
    """The one certificate that is used when none is asked for: `true` names it, `false` takes it away where it is."""
    if change.given not in {None, "true", "false"}:
        raise InvalidValue(change.key, "expected true or false")
    if change.given == "true":
        yield Update("SystemSettings", _SINGLETON, [("/defaultCertificateId", _id("Certificate", change.record, change.context))])
    elif change.before == "true" and not _another_default(change.record, change.context):
        yield Update("SystemSettings", _SINGLETON, [("/defaultCertificateId", None)])


def _another_default(record: str, context: Context) -> bool:
    """Whether the batch names another certificate instead."""
    own = f"certificate.{record}.default"
    return any(
        given == "true" and key != own and context.before.get(key) != "true"
        for key, given in context.after.items()
        if key.startswith("certificate.") and key.endswith(".default")
    )


def _hosts(change: _Change) -> Iterator[Update]:
    """Host names for which a provider is asked, as labels of the domains they lie in; domains no longer named ask nobody."""
    record, given, context = change.record, change.given, change.context
    provider = _id("AcmeProvider", record, context) if given is not None else None
    domains = {it["name"]: it for it in context.snapshot.get("Domain", ())}
    wanted: dict[str, dict[str, bool]] = {}
    for text in [given] if isinstance(given, str) else list(given or ()):
        host = change.resolved(text).lower().rstrip(".")
        name = max((name for name in domains if host == name or host.endswith(f".{name}")), key=len, default=None)
        if name is None:
            raise ItemNotFound(text)
        wanted.setdefault(name, {})[host if host == name else host.removesuffix(f".{name}")] = True
    own = next((id_ for id_, name in context.named.get("AcmeProvider", {}).items() if name == record), None)
    for name, domain in domains.items():
        managed = domain.get(_MANAGEMENT, _MANUAL)
        uses = own is not None and managed.get("acmeProviderId") == own
        if name in wanted and uses:
            if set(members(managed["subjectAlternativeNames"])) != _as_stored(name, wanted[name], managed):
                yield Update("Domain", domain["id"], [(f"/{_MANAGEMENT}/subjectAlternativeNames", wanted[name])])
        elif name in wanted:
            value = {"@type": "Automatic", "acmeProviderId": provider, "subjectAlternativeNames": wanted[name]}
            yield Update("Domain", domain["id"], [(f"/{_MANAGEMENT}", value)])
        elif uses:
            yield Update("Domain", domain["id"], [(f"/{_MANAGEMENT}", _MANUAL)])


def _as_stored(name: str, labels: Mapping[str, bool], managed: Object) -> set[str]:
    """A domain that asks for no names asks for itself."""
    return set() if not managed["subjectAlternativeNames"] and set(labels) == {name} else set(labels)


def _greeting(change: _Change) -> Iterator[Update]:
    """Host name of a source address, in every connection strategy that has the address; ItemNotFound when none has."""
    record, given = change.record, change.given
    found = False
    for it in change.context.snapshot.get("MtaConnectionStrategy", ()):
        sources = in_order(it["sourceIps"])
        if not any(_same_address(source["sourceIp"], record) for source in sources):
            continue
        found = True
        name = change.resolved(given) if isinstance(given, str) else None
        changed = [{**source, "ehloHostname": name} if _same_address(source["sourceIp"], record) else source for source in sources]
        if changed != sources:
            yield Update("MtaConnectionStrategy", it["id"], [("/sourceIps", {str(place): source for place, source in enumerate(changed)})])
    if not found and given is not None:
        raise ItemNotFound(record)


def _same_address(stored: str, text: str) -> bool:
    try:
        return ip_address(stored) == ip_address(text)
    except ValueError:
        return stored == text


def _id(type_: str, record: str, context: Context) -> str:
    if (created := context.created.get((type_, record))) is not None:
        return created
    found = next((id_ for id_, name in context.named.get(type_, {}).items() if name == record), None)
    if found is None:
        raise ItemNotFound(record)
    return found


_EFFECTS: Mapping[str, Callable[[_Change], Iterator[Update]]] = {
    "acme.<id>.domains.<n>": _hosts,
    "certificate.<id>.default": _default_certificate,
    "queue.source-ip.<id>.ehlo-hostname": _greeting,
}
