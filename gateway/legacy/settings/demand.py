"""Which rows of the settings map a request asks for, and which objects they need (mapping-settings 3.1, 3.4)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.knowledge.settings_map import SETTINGS, Found, Row
from gateway.legacy.settings.naming import spelled
from gateway.legacy.settings.stores import ROLES

_FILTERS = {
    "AllowedIp": "address",
    "BlockedIp": "address",
    "MemoryLookupKey": "namespace",
    "MemoryLookupKeyValue": "namespace",
    "SpamFileExtension": "extension",
    "SpamTag": "tag",
}
_MOST_FILTERS = 4
_ALONE = frozenset({"file-ext", "key-exists", "lookup-value", "score-action"})

_STORES = (*ROLES, "StoreLookup")
_BESIDE_TYPES = {"AcmeProvider": ("Domain",), "Certificate": ("SystemSettings",), "DkimSignature": ("Domain",)}
_BESIDE_ROWS = {
    "acme.<id>.domains.<n>": ("AcmeProvider",),
    "certificate.<id>.default": ("Certificate",),
    "report.domain": ("SystemSettings", "Domain"),
}
_SEPARATOR = "."


@dataclass(slots=True)
class Demand:
    """Rows to render and objects to fetch: by type the values that the filter of a query may have, or None for all objects."""

    rows: dict[str, Row] = field(default_factory=dict)
    objects: dict[str, set[str] | None] = field(default_factory=dict)
    everything: bool = False
    _wholly: set[str] = field(default_factory=set)

    def add(self, row: Row, only: str | None = None) -> None:
        """Ask for a row; `only` narrows it to objects whose filtered property has this value."""
        if row.direction == "none" or row.is_record or row.pattern in self._wholly:
            return
        if only is None:
            self._wholly.add(row.pattern)
        self.rows[row.pattern] = row
        types = _STORES if row.pattern.startswith("store.") else ()
        for type_ in (*row.objects, *types, *_referenced(row)):
            self._want(type_, only if type_ in _FILTERS else None)

    def _want(self, type_: str, only: str | None) -> None:
        wanted = self.objects.setdefault(type_, set())
        if wanted is None:
            return
        if only is None or len(wanted | {only}) > _MOST_FILTERS:
            self.objects[type_] = None
        else:
            wanted.add(only)

    def filters(self, type_: str) -> list[dict[str, str]]:
        """Filters of the queries for a type, none when all objects are needed."""
        return [{_FILTERS[type_]: value} for value in sorted(self.objects[type_] or ())]


def of_prefixes(prefixes: Iterable[str]) -> Demand:
    """What listings below these prefixes show; each ends with a dot, or is empty for everything."""
    demand = Demand()
    for prefix in prefixes:
        demand.everything = demand.everything or not prefix
        with_prefix(demand, prefix)
    return demand


def with_prefix(demand: Demand, prefix: str) -> None:
    """Ask for everything that begins with a text as well, whether that ends with a dot or not."""
    for row in rows_below(prefix):
        demand.add(row, _namespace(row, prefix))


def with_keys(demand: Demand, keys: Iterable[str]) -> dict[str, Found]:
    """Ask for exact keys as well, and give the rows of those that have one."""
    known = {key: found for key in keys if (found := SETTINGS.find(key))}
    for found in known.values():
        demand.add(found.row, spelled(found.row.objects[0], found.id) if found.id and found.row.word in _ALONE else None)
    return known


def rows_below(prefix: str) -> Iterator[Row]:
    """Rows whose keys a listing shows, aliases only where the prefix does not cover the key that is listed."""
    for row in SETTINGS.near(prefix):
        if not _covers(prefix, row) or "unlisted" in row.marks:
            continue
        if "asked" in row.marks and prefix.count(_SEPARATOR) < row.pattern.count(_SEPARATOR):
            continue
        if row.alias is None or not _covers(prefix, SETTINGS.by_pattern[row.alias]):
            yield row


def _covers(prefix: str, row: Row) -> bool:
    if row.head.startswith(prefix):
        return True
    return prefix.startswith(row.head) and (row.head != row.base or row.is_list or row.is_expression)


def _namespace(row: Row, prefix: str) -> str | None:
    if row.word != "lookup-value":
        return None
    name, dot, _ = prefix.removeprefix(row.head).partition(_SEPARATOR)
    return name if dot and prefix.startswith(row.head) else None


def _referenced(row: Row) -> Iterator[str]:
    yield from _BESIDE_ROWS.get(row.pattern, ())
    for type_ in row.objects:
        yield from _BESIDE_TYPES.get(type_, ())
    if row.word == "id-ref":
        yield row.form.removeprefix("id-ref(x:").partition("/")[0]
