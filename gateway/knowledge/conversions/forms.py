"""The words of the column `form` of the settings map and their conversions."""

from collections.abc import Callable, Mapping
from functools import cache

from gateway.knowledge.conversions import containers, numbers, texts, whole, words
from gateway.knowledge.conversions.values import Conversion, Many, Scalar, optional
from gateway.knowledge.conversions.words import Variant, pairs
from gateway.knowledge.settings_map import MapError, Row

_PLAIN: Mapping[str, Conversion] = {
    "bool": numbers.BOOL,
    "cron": numbers.CRON,
    "duration": numbers.DURATION,
    "duration?": optional(numbers.DURATION),
    "email-set": containers.EMAILS,
    "file-ext": whole.FILE_EXTENSION,
    "float": numbers.FLOAT,
    "header-map": containers.HEADERS,
    "int": numbers.INT,
    "int?": optional(numbers.INT),
    "ip-mask-set": containers.NETWORKS,
    "list": containers.SOURCES,
    "locale": words.LOCALE,
    "public-string": texts.PUBLIC_STRING,
    "public-text": texts.PUBLIC_TEXT,
    "rate": numbers.RATE,
    "rate?": numbers.RATE_OR_NONE,
    "region": words.REGION,
    "resolver-list": containers.RESOLVERS,
    "score-action": whole.SCORE_OR_ACTION,
    "secret": texts.SECRET,
    "secret-text": texts.SECRET_TEXT,
    "secret-word": texts.SECRET_WORD,
    "set": containers.SET,
    "size": numbers.SIZE,
    "size?": optional(numbers.SIZE),
    "socket-addr-set": containers.ENDPOINTS,
    "string": texts.STRING,
    "string-off?": texts.STRING_OR_OFF,
    "string?": texts.STRING_OR_NONE,
    "text": texts.STRING,
    "text?": texts.STRING_OR_NONE,
    "upper-set": words.CIPHERS,
}

_WITH_ARGUMENTS: Mapping[str, Callable[[str], Conversion | Variant]] = {
    "bool-variant": lambda arguments: words.switch(pairs(arguments)),
    "duration-list": containers.durations,
    "enum": lambda arguments: words.enumeration(pairs(arguments)),
    "enum-set": lambda arguments: words.enumerations(pairs(arguments)),
    "variant": lambda arguments: words.variant(pairs(arguments)),
}

IN_CONTEXT = frozenset({
    "event-set",
    "expression",
    "expression-sign",
    "expression-single",
    "http-auth",
    "id-ref",
    "id-ref-bool",
    "key-exists",
    "lookup-value",
    "metric-expression",
    "metric-set",
    "none",
    "record-id",
    "san-list",
    "store-ref",
    "ui-flag",
})
"""Forms whose value depends on more than the property itself."""


@cache
def conversion(form: str) -> Conversion | Variant | None:
    """Conversion of a form, None for one of `IN_CONTEXT`; MapError for an unknown one."""
    word, _, arguments = form.removesuffix(")").partition("(")
    if form in _PLAIN:
        return _PLAIN[form]
    if word in _WITH_ARGUMENTS and arguments:
        return _WITH_ARGUMENTS[word](arguments)
    if word in IN_CONTEXT:
        return None
    raise MapError(f"unknown form {form}")


def check(rows: tuple[Row, ...]) -> None:
    """MapError unless every row has a known form that fits its key, and every form is the form of a row."""
    for row in rows:
        if row.is_list and isinstance(conversion(row.form), Variant | Scalar):
            raise MapError(f"{row.pattern} is a list, {row.form} is one value")
        if not row.is_list and isinstance(conversion(row.form), Many):
            raise MapError(f"{row.pattern} is one value, {row.form} is a list")
    used = {row.word for row in rows}
    if idle := sorted((_PLAIN.keys() | _WITH_ARGUMENTS.keys() | IN_CONTEXT) - used):
        raise MapError(f"no row has the form {', '.join(idle)}")
