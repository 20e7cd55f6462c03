"""Texts of an old setting as values of the new server, as far as they can be told without asking it (mapping-settings 6, 7)."""

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from gateway.knowledge.conversions import MASK, Invalid, Many, Scalar, Variant, conversion, has_macro
from gateway.knowledge.conversions.texts import SECRET, STRING
from gateway.knowledge.event_names import EVENTS, METRICS, new_event
from gateway.knowledge.expressions import Incomplete, Untranslatable
from gateway.knowledge.expressions import write as write_expression
from gateway.knowledge.expressions.dialect import tokens
from gateway.knowledge.settings_map import Row
from gateway.legacy.settings.explaining.gathering import Setting
from gateway.legacy.settings.explaining.masking import discreet, discreet_headers, hidden, is_secret

ABSENT = object()
"""No value can be told."""

Remarks = list[str]

_ELSEWHERE = re.compile(r"%\{cfg:([^}]+)\}%", re.ASCII)
_HAVE_MACROS = frozenset({"http-auth", "public-string", "public-text", "secret", "secret-text"})
_EMPTY_BY_NATURE = frozenset({"key-exists", "lookup-value"})
_SIGNS = re.compile(r"[^a-z0-9]", re.ASCII)
_METRIC_NAMES = {_SIGNS.sub("_", name): name for name in METRICS}
_EXPRESSION_NAMES = frozenset({"and", "or", "not", "true", "false", "is_empty", "len", "contains"})


class Unfit(ValueError):
    """The gateway would refuse these texts; the message says why and holds no secret."""


def value_of(row: Row, setting: Setting, remarks: Remarks) -> Any:
    """The value that the property of a row takes, ABSENT when there is none to tell; Unfit when there can be none."""
    texts = setting.items()
    if len(texts) == 1 and not texts[0] and row.word not in _EMPTY_BY_NATURE:
        remarks.append("an empty value removes the key")
        return ABSENT
    if others := [match[1] for text in texts if (match := _ELSEWHERE.fullmatch(text))]:
        remarks.append(f"takes the value of {', '.join(others)} at the time it is written")
        return ABSENT
    if any(has_macro(text) for text in texts) and row.word not in _HAVE_MACROS:
        raise Unfit("macros are for secrets only")
    if MASK in texts and is_secret(row):
        remarks.append(f"{MASK} stands for the secret that is stored")
        return ABSENT
    try:
        value = _converted(row, setting, remarks)
    except (Invalid, Untranslatable) as error:
        raise Unfit(discreet(str(error))) from None
    except Incomplete as error:
        raise Unfit(f"{setting.key}.{error.part} is missing") from None
    if value is ABSENT:
        return ABSENT
    if is_secret(row):
        return hidden(value)
    return discreet_headers(value) if row.word == "header-map" else discreet(value)


def _converted(row: Row, setting: Setting, remarks: Remarks) -> Any:
    if row.word in _IN_CONTEXT:
        return _IN_CONTEXT[row.word](row, setting, remarks)
    codec = conversion(row.form)
    if codec is None:
        return write_expression(row.form, setting.texts)
    if isinstance(codec, Many):
        return codec.write(setting.items())
    return _single(row, codec, setting.items()[-1], remarks)


def _single(row: Row, codec: Scalar | Variant, text: str, remarks: Remarks) -> Any:
    value: Any
    if isinstance(codec, Variant):
        value, *others = codec.write(text)
        remarks += [f"or {it['@type']}, as other keys decide" for it in others]
    else:
        value = codec.write(text)
    return value["@type"] if row.pointer.endswith("/@type") and list(value) == ["@type"] else value


def _auth(row: Row, setting: Setting, _remarks: Remarks) -> Any:
    """One member of credentials; all keys together choose their kind."""
    (text,) = setting.items()[-1:]
    return STRING.write(text) if row.pointer.endswith("/username") else SECRET.write(text)


def _reference(row: Row, setting: Setting, remarks: Remarks) -> Any:
    type_, _, member = row.form.removeprefix("id-ref(").removesuffix(")").partition("/")
    text = setting.items()[-1]
    if row.pattern == "storage.directory" and text == "internal":
        return None
    remarks.append(f'the id of the {type_} whose {member} is "{discreet(text)}"')
    return ABSENT


def _default_certificate(_row: Row, setting: Setting, remarks: Remarks) -> Any:
    if setting.items()[-1] == "true":
        remarks.append("the id of this certificate")
    else:
        remarks.append("null, if it names this certificate")
    return ABSENT


def _exists(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    return setting.found.id if setting.found else ABSENT


def _lookup(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    return setting.items()[-1] or (setting.found.key if setting.found else ABSENT)


def _host_names(_row: Row, _setting: Setting, remarks: Remarks) -> Any:
    remarks.append("each name goes to the x:Domain that it ends with, as a label below it")
    return ABSENT


def _switch(_row: Row, _setting: Setting, remarks: Remarks) -> Any:
    remarks.append("a switch of the old pages: true changes nothing, false goes with removed keys")
    return ABSENT


def _read_only(_row: Row, _setting: Setting, _remarks: Remarks) -> Any:
    return ABSENT


def _names(known: Sequence[str], policy: str) -> Callable[[Row, Setting, Remarks], Any]:
    """Sets of names with patterns such as `smtp.*`; those that are gone are left out."""

    def convert(row: Row, setting: Setting, remarks: Remarks) -> Any:
        kept: dict[str, bool] = {}
        gone: list[str] = []
        for text in setting.items():
            fitting = [name for name in known if fnmatchcase(name, new_event(text))] if "*" in text else [name for name in known if name == new_event(text)]
            kept |= dict.fromkeys(fitting, True)
            gone += [] if fitting else [text]
        if gone and not kept:
            raise Unfit(f"the new server knows none of {', '.join(gone)}")
        if gone:
            remarks.append(f"left out, because the new server does not know them: {', '.join(gone)}")
        include = row.objects == ("WebHook",)
        remarks.append(f'with {policy} "{"include" if include else "exclude"}"')
        return kept

    return convert


def _metric_condition(_row: Row, setting: Setting, _remarks: Remarks) -> Any:
    """Names of metrics, in which old conditions had underscores for all signs, are spelled out."""

    def spelled(text: str) -> str:
        return "".join(_metric(piece) if kind == "name" else piece for kind, piece in tokens(text))

    return write_expression("expression", {rest: spelled(text) for rest, text in setting.texts.items()})


def _metric(name: str) -> str:
    if name in _EXPRESSION_NAMES or name == "metric":
        return name
    if name not in _METRIC_NAMES:
        raise Unfit(f"there is no metric {name}")
    return f"metric('{_METRIC_NAMES[name]}')"


_IN_CONTEXT: Mapping[str, Callable[[Row, Setting, Remarks], Any]] = {
    "event-set": _names(EVENTS, "eventsPolicy"),
    "http-auth": _auth,
    "id-ref": _reference,
    "id-ref-bool": _default_certificate,
    "key-exists": _exists,
    "lookup-value": _lookup,
    "metric-expression": _metric_condition,
    "metric-set": _names(METRICS, "metricsPolicy"),
    "san-list": _host_names,
    "store-ref": _read_only,
    "ui-flag": _switch,
}
