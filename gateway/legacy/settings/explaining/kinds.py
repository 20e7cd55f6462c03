"""What the texts of an old setting look like, in words, for people who ask for a key without a value (mapping-settings 1.8, 6.1)."""

from collections.abc import Mapping

from gateway.knowledge.conversions.words import pairs
from gateway.knowledge.settings_map import Row

_KINDS: Mapping[str, str] = {
    "bool": "true or false",
    "bool-variant": "true or false",
    "cron": "minute hour weekday",
    "duration": "duration, such as 5m; milliseconds on the new server",
    "duration?": "duration, such as 5m, or false; milliseconds on the new server",
    "duration-list": "list of durations",
    "email-set": "list of addresses",
    "event-set": "list of events, * allowed",
    "expression": "expression",
    "expression-sign": "expression for ids of signatures; the signing domain on the new server",
    "expression-single": "one condition; absent for always",
    "file-ext": "AR, NZ, BAD and content types, with | between them",
    "float": "decimal number",
    "header-map": "list of header fields, Name: value",
    "http-auth": "credentials",
    "id-ref": "name of another record",
    "id-ref-bool": "true or false",
    "int": "number",
    "int?": "number, or false",
    "ip-mask-set": "list of addresses or networks",
    "key-exists": "nothing; the key itself says it",
    "list": "list of addresses",
    "locale": "language",
    "lookup-value": "any text; empty for a plain key",
    "metric-expression": "condition over metrics",
    "metric-set": "list of metrics, * allowed",
    "public-string": "text or macro",
    "public-text": "long text or macro",
    "rate": "rate, such as 100/1m",
    "rate?": "rate, such as 100/1m, or false",
    "region": "name of a region",
    "resolver-list": "list of udp://, tcp:// or tls:// addresses",
    "san-list": "list of host names",
    "score-action": "number, discard or reject",
    "secret": "secret or macro",
    "secret-text": "long secret or macro",
    "secret-word": "secret",
    "set": "list of texts",
    "size": "size, such as 10m; bytes on the new server",
    "size?": "size, such as 10m, or false; bytes on the new server",
    "socket-addr-set": "list of address:port",
    "store-ref": "id of a store",
    "string": "text",
    "string?": "text",
    "string-off?": "text, or false",
    "text": "long text",
    "text?": "long text",
    "ui-flag": "true or false",
    "upper-set": "list of cipher suites",
}
_CHOICES = {"enum": "", "enum-set": "list of ", "variant": ""}


def kind_of(row: Row) -> str:
    """The texts that a row takes; old words are shown with the new ones where these differ."""
    if row.word in _CHOICES:
        words = pairs(row.form.partition("(")[2].removesuffix(")"))
        return _CHOICES[row.word] + ", ".join(old if new == old else f"{old} → {new}" for old, new in words)
    return _KINDS[row.word]
